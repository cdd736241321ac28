import type { Config } from '../config.ts';
import type { Database } from '../database/connection/open.ts';
import { inScratch } from '../database/connection/scratch.ts';
import { registerEncoder } from '../database/registry.ts';
import { type Fill, fillScratch, labelHistory, repeatsBy, type Unit } from '../database/replay.ts';
import { defaultThresholds, thresholdsInForce } from '../database/reports.ts';
import { loadCategories } from '../database/taxonomy.ts';
import type { Price } from '../llm/pricing.ts';
import type { Taxonomy } from '../llm/types.ts';
import { log } from '../log.ts';
import type { Path } from '../model/types.ts';
import { progress } from '../progress.ts';
import { encodeLabels } from '../train/data/dataset.ts';
import { lateEncoder } from '../train/data/late-encoder.ts';
import { partOf } from '../train/data/split.ts';
import { type Counts, countRouted, type Figures, figuresOf, sumCounts } from './figures.ts';
import { type History, readHistory } from './history.ts';
import { llmUse } from './llm.ts';
import { predictFromPast } from './local.ts';
import { planPeriods, sampleRows } from './periods.ts';
import { routeNames } from './route-names.ts';

export interface ReplayOptions {
  by: Unit;
  /** Only periods that begin then or later; what is older is past all the same. */
  from?: Date;
  /** The newest so many at most. */
  periods: number;
  /** Names routed in a period at most; the others are counted as these go. */
  sample: number;
  epochs?: number;
  /** Of the LLM's model, today's. */
  price: Price | null;
  /** A direct connection to the database, for the scratch schema. */
  directUrl: string;
  signal: AbortSignal;
}

export interface ReplayReport {
  by: Unit;
  /**
   * `past`: labels that memory held when the period began. `hash_split`: as many names arrive at as many labels, but
   * both are drawn from all times by a hash.
   */
  periods: (Figures & { period: string; past: number; hash_split: Figures & { past: number } })[];
  /** The same periods together. */
  replayed: Figures;
  /** Their hash splits together. */
  hash_split: Figures;
  thresholds: { l1: number; l2: number; l3: number };
  price: Price | null;
  seconds: number;
}

/** What all rounds share. */
interface Replay {
  db: Database;
  scratch: Database;
  config: Config;
  history: History;
  encoder: string;
  taxonomy: Taxonomy;
  thresholds: ReplayReport['thresholds'];
  options: ReplayOptions;
}

/** One memory and the names that arrive at it. */
interface Round {
  fill: Fill;
  /** Rows of the history that the fill holds. */
  past: number[];
  arriving: number[];
  /** How many names these stand for. */
  names: number;
  repeats: number;
  changed: number;
}

/** Takes the names of one round through the layers. */
async function run(replay: Replay, round: Round, onProgress: (share: number) => void): Promise<Counts> {
  const { db, scratch, config, history, encoder, taxonomy, thresholds, options } = replay;
  const { epochs, signal } = options;
  const then = await fillScratch(db, scratch, round.fill);
  const rows = sampleRows(round.arriving, options.sample);
  const { routed, asked } = await routeNames(
    { db, scratch, thresholds, signal },
    rows.map((row) => ({ key: history.keys[row] as string, label: history.paths[row] as Path })),
    (misses) =>
      predictFromPast(
        history,
        { rows: round.past, then },
        misses.map((i) => rows[i] as number),
        { encoder, epochs, signal, onProgress },
      ),
  );
  const { names, repeats, changed } = round;
  const use = await llmUse(asked, taxonomy, config.llmBatch);
  return countRouted(routed, { names, repeats, changed, use });
}

/**
 * The hash split beside a period, at the same size: training parts of all times are memory, valid and test parts
 * arrive. On real titles whose dates were drawn at random, so without drift, replay disagreed in 17 points more than
 * the hash split of the whole history, just because its memories were smaller.
 *
 * The key is salted: training splits what it is given by the plain one, and must find the same parts in both.
 */
function hashRound(history: History, period: Round): Round {
  const all = [...history.keys.keys()];
  const held = all.filter((row) => partOf(`replay ${history.keys[row]}`) === 'train');
  const heldSet = new Set(held);
  const past = sampleRows(held, period.past.length);
  return {
    ...period,
    fill: { names: past.map((row) => history.keys[row] as string) },
    past,
    arriving: all.filter((row) => !heldSet.has(row)),
  };
}

/** The rounds: each period at what was known before it, and its hash split. */
async function walk(replay: Replay): Promise<Omit<ReplayReport, 'seconds'>> {
  const { db, history, options, thresholds } = replay;
  const { by, price } = options;
  const periods = planPeriods(history.at, { unit: by, from: options.from, most: options.periods });
  const repeats = await repeatsBy(db, by);
  log.info('replaying', { periods: periods.length, first: periods[0]?.label, names: history.keys.length });
  const bar = progress('replaying', periods.length * 200, '% of a model');
  let done = 0;
  const next = async (round: Round) => {
    options.signal.throwIfAborted();
    const counts = await run(replay, round, (share) => bar.at(done + Math.round(share * 99)));
    done += 100;
    bar.at(done);
    return counts;
  };
  try {
    const counts: Counts[] = [];
    const hashes: { past: number; counts: Counts }[] = [];
    for (const { start, from, to } of periods) {
      const known = repeats.get(start.getTime()) ?? { repeats: 0, changed: 0 };
      const past = Array.from({ length: from }, (_, row) => row);
      const arriving = Array.from({ length: to - from }, (_, i) => from + i);
      const round = { fill: { before: start }, past, arriving, names: arriving.length, ...known };
      counts.push(await next(round));
      const hash = hashRound(history, round);
      hashes.push({ past: hash.past.length, counts: await next(hash) });
    }
    return {
      by,
      periods: periods.map(({ label, from }, i) => ({
        period: label,
        past: from,
        ...figuresOf(counts[i] as Counts, price),
        hash_split: hashes.map((hash) => ({ past: hash.past, ...figuresOf(hash.counts, price) }))[
          i
        ] as Figures & {
          past: number;
        },
      })),
      replayed: figuresOf(sumCounts(counts), price),
      hash_split: figuresOf(sumCounts(hashes.map((hash) => hash.counts)), price),
      thresholds,
      price,
    };
  } finally {
    bar.end();
  }
}

/**
 * Walks memory in the order in which its labels were given: the names of each period arrive at a memory and a model of
 * what was known before it. Beside it the same for a hash split of the same size, which mixes all times and so hides
 * drift.
 *
 * The layers are the real ones, in a scratch schema that is dropped in any case; the real schema gets missing
 * embeddings, as from any training, and nothing else.
 *
 * @throws TaxonError where the history is too short; the signal's reason when aborted
 */
export async function replay(db: Database, config: Config, options: ReplayOptions): Promise<ReplayReport> {
  const started = Date.now();
  const { signal } = options;
  // a history that is too short is refused before anything is encoded
  const at = (await labelHistory(db)).map((row) => row.at);
  planPeriods(at, { unit: options.by, from: options.from, most: options.periods });
  const encoder = await lateEncoder(db, config);
  try {
    const encoderId = await registerEncoder(db, encoder.identity, encoder.dimension);
    await encodeLabels(db, encoder, encoderId, signal);
    const history = await readHistory(db, encoderId, encoder.dimension, signal);
    // models of the past have no calibration: they pass what they say, so the thresholds are put in those terms
    const said = (await thresholdsInForce(db))?.said ?? defaultThresholds;
    const [l1, l2, l3] = said;
    const taxonomy = { nodes: new Map((await loadCategories(db)).map((node) => [node.id, node])) };
    const report = await inScratch(db, options.directUrl, signal, (scratch) =>
      walk({
        db,
        scratch,
        config,
        history,
        encoder: encoder.identity,
        taxonomy,
        options,
        thresholds: { l1, l2, l3 },
      }),
    );
    return { ...report, seconds: Math.round((Date.now() - started) / 100) / 10 };
  } finally {
    await encoder.close();
  }
}
