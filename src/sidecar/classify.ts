import { randomBytes } from 'node:crypto';
import type { Config } from '../config.ts';
import { embeddingsOf, neighboursOf } from '../database/memory.ts';
import type { Database } from '../database/open.ts';
import { clears, lookUp, mayClear, type Thresholds, thresholdsInForce } from '../database/reports.ts';
import { loadPaths } from '../database/taxonomy.ts';
import type { Provider } from '../llm/types.ts';
import { deepest } from '../model/tree.ts';
import type { Prediction } from '../model/types.ts';
import { normalise } from '../normalise.ts';
import type { LoadedModel } from './champion.ts';
import { ask, llmStage } from './llm.ts';
import { shortlistOf } from './local.ts';

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

/** Best first: what exact and similar say, as the route itself would take it. */
async function fromMemory(
  db: Database,
  name: string,
  layers: ReadonlySet<Layer>,
): Promise<Classified | null> {
  const found = (await lookUp(db, name)).find((row) => layers.has(row.layer) && row.blocked_by === null);
  if (found === undefined) return null;
  const { layer, category_id, path, similarity, matched_key } = found;
  return { name, layer, category_id, path, similarity, matched_key, confidence: null };
}

/** Letters first, as the sidecar does, but stores nothing. */
async function predict(
  db: Database,
  model: LoadedModel,
  names: readonly string[],
  thresholds: Thresholds | null,
): Promise<Map<string, Prediction>> {
  const { classifier, encoderId } = model;
  const keys = [...new Set(names.map(normalise))];
  const said = new Map<string, Prediction>();
  classifier.readLetters(keys).forEach((prediction, i) => {
    if (prediction !== null && mayClear(prediction, thresholds)) said.set(keys[i] as string, prediction);
  });
  const open = keys.filter((key) => !said.has(key));
  if (open.length === 0) return said;
  const stored = await embeddingsOf(db, encoderId, classifier.dimension, open);
  const fresh = open.filter((key) => !stored.has(key));
  const vectors = await model.encoder.encode(fresh);
  fresh.forEach((key, i) => {
    stored.set(key, vectors[i] as Float32Array);
  });
  const embeddings = open.map((key) => stored.get(key) as Float32Array);
  const near = await neighboursOf(db, encoderId, open, classifier.neighbours, embeddings);
  const views = open.map((nameKey, i) => ({
    nameKey,
    embedding: embeddings[i] as Float32Array,
    neighbours: near.get(nameKey) ?? [],
  }));
  const joined = await classifier.predict(views);
  open.forEach((key, i) => {
    said.set(key, joined[i] as Prediction);
  });
  return said;
}

export interface ClassifyOptions {
  layers: ReadonlySet<Layer>;
  model: LoadedModel | null;
  /** Asked for what is left; its answers become memory and its calls are in the ledger. */
  provider: Provider | null;
}

/**
 * Says what the layers would answer, without inserting a product. Writes nothing, unless the LLM is asked: its answers were
 * paid for, so they become labels.
 */
export async function classify(
  db: Database,
  config: Config,
  names: readonly string[],
  options: ClassifyOptions,
): Promise<Classified[]> {
  const { layers, model, provider } = options;
  const results = await Promise.all(names.map((name) => fromMemory(db, name, layers)));
  const open = names.filter((name, i) => results[i] === null && normalise(name) !== '');
  const thresholds = await thresholdsInForce(db);
  const predictions =
    model !== null && open.length > 0
      ? await predict(db, model, open, thresholds)
      : new Map<string, Prediction>();
  const paths = new Map((await loadPaths(db)).map((row) => [row.category_id, row.names.join(' > ')]));

  const decided = await Promise.all(
    names.map(async (name, i): Promise<Classified> => {
      const found = results[i];
      if (found) return found;
      const none = {
        name,
        layer: null,
        category_id: null,
        path: null,
        similarity: null,
        matched_key: null,
        confidence: null,
      };
      const prediction = predictions.get(normalise(name));
      if (prediction === undefined) return none;
      const { confidence } = prediction;
      if (!layers.has('local') || thresholds === null || !(await clears(db, confidence, thresholds)))
        return { ...none, confidence };
      const id = deepest(prediction.path);
      return { ...none, layer: 'local', category_id: id, path: paths.get(id) ?? null, confidence };
    }),
  );
  if (provider !== null) await askTheRest(db, config, decided, predictions, provider);
  return decided;
}

/** Fills in what no layer answered, in batches; names without a valid answer stay open. */
async function askTheRest(
  db: Database,
  config: Config,
  decided: Classified[],
  predictions: ReadonlyMap<string, Prediction>,
  provider: Provider,
): Promise<void> {
  const open = decided.filter((result) => result.layer === null && normalise(result.name) !== '');
  const keys = [...new Set(open.map((result) => normalise(result.name)))];
  const worker = `classify-${process.pid}-${randomBytes(3).toString('hex')}`;
  const stage = llmStage({ db, worker, provider, config, abandon: new AbortController().signal });
  for (let from = 0; from < keys.length; from += config.llmBatch) {
    const batch = keys.slice(from, from + config.llmBatch).map((name_key) => {
      const prediction = predictions.get(name_key);
      const shortlist = prediction === undefined ? null : shortlistOf(prediction);
      return { name_key, shortlist, attempts: 1, purpose: 'answer' as const };
    });
    await ask(stage, batch);
  }
  for (const result of open) {
    const label = await fromMemory(db, result.name, new Set(['exact']));
    if (label !== null)
      Object.assign(result, label, {
        layer: 'llm',
        similarity: null,
        matched_key: null,
        confidence: result.confidence,
      });
  }
}
