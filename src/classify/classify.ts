import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Config } from '../config.ts';
import type { Database } from '../database/connection/open.ts';
import { type LlmItem, sendable } from '../database/ledger.ts';
import { type Decision, decide, type LocalResult } from '../database/queue.ts';
import { lookUp } from '../database/reports.ts';
import { loadPaths } from '../database/taxonomy.ts';
import { batchesOf } from '../llm/fill-batches.ts';
import type { Provider } from '../llm/types.ts';
import { log } from '../log.ts';
import { normalise } from '../normalise.ts';
import { ask } from '../sidecar/llm/ask.ts';
import type { Turn } from '../sidecar/llm/provider-state.ts';
import { type LlmStage, llmStage, noticeOf, takeTurn, turnFor, waitForTurn } from '../sidecar/llm/stage.ts';
import type { LoadedModel } from '../sidecar/local/champion.ts';
import { resultOf } from '../sidecar/local/decide.ts';
import { embeddingsBy, predict, type Said } from '../sidecar/local/predict.ts';

export type Layer = 'exact' | 'similar' | 'local' | 'llm';

/** What the layers say of one name; `layer` is null where none of those asked answers. */
export interface Classified {
  name: string;
  layer: Layer | null;
  category_id: number | null;
  path: string | null;
  similarity: number | null;
  matched_key: string | null;
  /** The local model's, whoever answers; null where it was not asked. */
  confidence: readonly [number, number, number] | null;
}

/** Names of one look-up: a similar look-up takes milliseconds, and several statements run side by side. */
const lookUpsAtOnce = 16;

/** What exact and similar say of each name, as the route itself would take it; null where neither answers. */
async function fromMemory(
  db: Database,
  names: readonly string[],
  layers: ReadonlySet<Layer>,
): Promise<(Classified | null)[]> {
  if (!layers.has('exact') && !layers.has('similar')) return names.map(() => null);
  const parts: Promise<Classified | null>[][] = [];
  for (let from = 0; from < names.length; from += lookUpsAtOnce) {
    const part = names.slice(from, from + lookUpsAtOnce);
    const rows = lookUp(db, part);
    parts.push(
      part.map(async (name, i) => {
        // best first
        const found = (await rows)[i]?.find((row) => layers.has(row.layer) && row.blocked_by === null);
        if (found === undefined) return null;
        const { layer, category_id, path, similarity, matched_key } = found;
        return { name, layer, category_id, path, similarity, matched_key, confidence: null };
      }),
    );
  }
  return Promise.all(parts.flat());
}

export interface ClassifyOptions {
  layers: ReadonlySet<Layer>;
  model: LoadedModel | null;
  /** Asked for what is left, the first choice first; their answers become memory and its calls are in the ledger. */
  providers: readonly Provider[];
}

/** What all batches of one run need. */
interface Run extends ClassifyOptions {
  db: Database;
  config: Config;
  /** The names of a category's path, joined. */
  paths: ReadonlyMap<number, string>;
}

/** What the local model says of a name, and what the database decides of that. */
interface Asked {
  said: LocalResult;
  decision: Decision;
}

/** What the local model says of the name keys, decided as in the route. */
async function askModel(run: Run, nameKeys: readonly string[]): Promise<Map<string, Asked>> {
  const { db, model } = run;
  const keys = [...new Set(nameKeys)];
  if (model === null || keys.length === 0) return new Map();
  const answers = await predict(db, model, keys, embeddingsBy(db, model, { save: false }));
  const said = keys.map((key, i) => resultOf(key, answers[i] as Said));
  const decisions = await decide(db, model.modelId, said);
  return new Map(
    keys.map((key, i) => [key, { said: said[i] as LocalResult, decision: decisions[i] as Decision }]),
  );
}

/** The local layer's answer, or as much of it as is sure. */
function fromModel({ paths, layers }: Run, name: string, asked: Asked | undefined): Classified {
  const none = { layer: null, category_id: null, path: null, similarity: null, matched_key: null };
  if (asked === undefined) return { name, ...none, confidence: null };
  const { category_id, confidence, clear, live, safe } = asked.decision;
  const answers = layers.has('local') && clear && live;
  const id = answers ? category_id : layers.has('local') ? safe : null;
  const path = id === null ? null : (paths.get(id) ?? null);
  return { name, ...none, layer: answers ? 'local' : null, category_id: id, path, confidence };
}

async function classifyBatch(run: Run, names: readonly string[]): Promise<Classified[]> {
  const keys = names.map(normalise);
  const found = await fromMemory(run.db, names, run.layers);
  const asked = await askModel(
    run,
    keys.filter((key, i) => found[i] === null && key !== ''),
  );
  const results = names.map((name, i) => found[i] ?? fromModel(run, name, asked.get(keys[i] as string)));
  if (run.providers.length > 0) await askTheRest(run, results, asked);
  return results;
}

/** A place at a provider, also after a pause that it asked for; null when none answers: nobody should sit and wait for that. */
async function nextTurn(stage: LlmStage, purpose: LlmItem['purpose'] | undefined): Promise<Turn | null> {
  const [first, second] = stage.providers;
  for (;;) {
    const turn = takeTurn(stage);
    const own = turn && turnFor(stage, purpose, turn);
    if (turn !== own) turn?.end();
    if (own !== null) return own;
    if (purpose === 'escalate' ? (second ?? first)?.down : stage.providers.every(({ down }) => down)) break;
    await sleep(Math.max(50, waitForTurn(stage)));
  }
  log.warn('names stay open', { why: noticeOf(stage) });
  return null;
}

/** Asks about all of them, batch by batch and step by step, as long as a provider answers. */
async function askInSteps(stage: LlmStage, all: LlmItem[]): Promise<void> {
  const size = stage.config.llmBatch;
  let asked = all;
  while (asked.length > 0) {
    const further: LlmItem[] = [];
    for (const alike of Map.groupBy(asked, ({ purpose, next }) => `${purpose} ${next}`).values())
      for (const items of batchesOf(alike, ({ branch }) => branch, size)) {
        const turn = await nextTurn(stage, items[0]?.purpose);
        if (turn === null) return;
        further.push(...(await ask(stage, turn, items).finally(turn.end)));
      }
    asked = further;
  }
}

/** Fills in what no layer answered, in batches; names without a valid answer stay open. */
async function askTheRest(
  { db, config, providers }: Run,
  decided: readonly Classified[],
  asked: ReadonlyMap<string, Asked>,
): Promise<void> {
  const open = decided.filter((result) => result.layer === null && normalise(result.name) !== '');
  const keys = [...(await sendable(db, [...new Set(open.map((result) => normalise(result.name)))]))];
  const worker = `classify-${process.pid}-${randomBytes(3).toString('hex')}`;
  const stage = llmStage({ db, worker, config, abandon: new AbortController().signal }, providers);
  await askInSteps(
    stage,
    keys.map((name_key): LlmItem => {
      const { shortlist = null, probabilities = null } = asked.get(name_key)?.said ?? {};
      return {
        name_key,
        shortlist,
        probabilities,
        next: null,
        branch: null,
        asked: 0,
        attempts: 1,
        purpose: 'answer',
      };
    }),
  );
  const labels = await fromMemory(
    db,
    open.map(({ name }) => name),
    new Set(['exact']),
  );
  for (const [i, result] of open.entries()) {
    const label = labels[i];
    if (!label) continue;
    const { category_id, path } = label;
    Object.assign(result, { layer: 'llm', category_id, path });
  }
}

/** Names of the first batch, so that a few are answered at once; each later one is twice as large, up to the largest. */
const firstBatch = 64;
const largestBatch = 2048;

async function* inBatches(
  names: AsyncIterable<string> | Iterable<string>,
  largest: number,
): AsyncGenerator<string[]> {
  let size = firstBatch;
  let batch: string[] = [];
  for await (const name of names) {
    if (batch.push(name) < size) continue;
    yield batch;
    batch = [];
    size = Math.min(largest, size * 2);
  }
  if (batch.length > 0) yield batch;
}

/**
 * Says what the layers would answer, without inserting a product: batches of answers in the order of the names, at most
 * two of them in memory. Writes nothing, unless the LLM is asked: its answers were paid for, so they become labels.
 */
export async function* classify(
  db: Database,
  config: Config,
  names: AsyncIterable<string> | Iterable<string>,
  options: ClassifyOptions,
): AsyncGenerator<Classified[]> {
  const rows = await loadPaths(db);
  const paths = new Map(rows.map((row) => [row.category_id, row.names.join(' > ')]));
  const run = { ...options, db, config, paths };
  // With the LLM one small batch after the other: no name is paid for twice, none waits for many. Else the threads read
  // one batch while the one before is decided and printed.
  const [largest, atOnce] = options.providers.length === 0 ? [largestBatch, 2] : [firstBatch, 1];
  const inHand: Promise<Classified[]>[] = [];
  for await (const batch of inBatches(names, largest)) {
    const work = classifyBatch(run, batch);
    work.catch(() => {}); // thrown below, when its turn comes
    inHand.push(work);
    if (inHand.length >= atOnce) yield await (inHand.shift() as Promise<Classified[]>);
  }
  for (const work of inHand) yield await work;
}
