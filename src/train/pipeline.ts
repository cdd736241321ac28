import { join } from 'node:path';
import { type Config, version } from '../config.ts';
import type { Database } from '../database/connection/open.ts';
import { learnGuard, newestChange } from '../database/memory.ts';
import { choicesToCarry, registerEncoder, storeModel } from '../database/registry.ts';
import { log } from '../log.ts';
import { progress } from '../progress.ts';
import type { CleaningReport } from './cleaning/clean.ts';
import { heldOutMisses } from './data/cache-misses.ts';
import { checkTrainable } from './data/check.ts';
import { type Dataset, encodeLabels, readDataset } from './data/dataset.ts';
import type { LateEncoder } from './data/late-encoder.ts';
import { dataSnapshot } from './data/snapshot.ts';
import { type Chosen, type TrainingReport, type TrainingSet, trainModel } from './fit.ts';
import type { FittedLetters } from './join/voices.ts';
import type { HeldRun } from './lease.ts';

export interface TrainOptions {
  epochs?: number;
  seed?: number;
  /** Learn the first so many levels only; default 3. */
  depth?: 1 | 2 | 3;
  /** Share of the names that never trains anything; default .05. */
  testShare?: number;
  /** Clean memory first; default true. */
  clean?: boolean;
  signal?: AbortSignal;
}

export interface TrainResult {
  run_id: number;
  model_id: number;
  labels: number;
  sources: Record<string, number>;
  /** Labels of retired categories, left out. */
  retired: number;
  /** Labels of names that people's checks have drawn, left out. */
  sealed: number;
  encoded: number;
  guard_words: number;
  /** Names outside the training part, those that layers 1 and 2 were asked about, and those that they would leave. */
  held_out: { names: number; judged: number; cache_misses: number };
  seconds: number;
  cleaning: CleaningReport | null;
  /** The model that chose how the voices count; null: this one. */
  chosen_by: number | null;
  report: TrainingReport;
}

/** What a training still has in hand of its model. */
export interface InHand {
  set: TrainingSet & Dataset;
  /** The held-out names that layers 1 and 2 would leave. */
  misses: ReadonlySet<string>;
  /** The letters of the train part alone, where they were fitted. */
  partLetters?: FittedLetters;
}

/** Memory as training reads it. */
export interface Memory {
  encoderId: number;
  /** Names that were encoded for it. */
  encoded: number;
  /** The newest change of a label that it holds. */
  changed: Awaited<ReturnType<typeof newestChange>>;
  set: Dataset;
}

/** Memory as training sees it, every name encoded. */
export async function readMemory(
  db: Database,
  config: Config,
  encoder: LateEncoder,
  { signal }: Pick<HeldRun, 'signal'>,
): Promise<Memory> {
  const encoderId = await registerEncoder(db, encoder.identity, encoder.dimension);
  const encoded = await encodeLabels(db, encoder, encoderId, signal);
  const changed = await newestChange(db);
  const cache = { folder: join(config.dataDir, 'matrices'), encoder: encoder.identity };
  const set = await readDataset(db, encoderId, encoder.dimension, signal, cache);
  const { single } = checkTrainable('memory', set);
  if (single > 0) log.warn('categories with one name alone', { categories: single });
  return { encoderId, encoded, changed, set };
}

/** Says what a training begins with. */
export function logTraining({ set }: Memory): void {
  log.info('training', {
    names: set.keys.length,
    ...set.sources,
    retired: set.retired || undefined,
    sealed: set.sealed || undefined,
  });
}

/**
 * Learns a model from memory and stores it as a candidate, with `promote` as the champion where there is none; `carry` takes
 * over what an earlier one chose where the database says so.
 *
 * @param cleaning what was cleaned before, for the report
 * @returns what was made, and what its diagnosis (diagnose-model.ts) need not make again
 */
export async function makeModel(
  db: Database,
  encoder: LateEncoder,
  { encoderId, encoded, changed, set: memory }: Memory,
  asked: Omit<TrainOptions, 'signal'> & { promote: false | 'first'; carry?: boolean },
  cleaning: CleaningReport | null,
  run: HeldRun,
): Promise<{ made: TrainResult; inHand: InHand }> {
  const started = Date.now();
  const { signal } = run;
  const { promote, carry = false, ...options } = asked;
  // who says how long the heads learn has chosen
  const carried =
    carry && options.epochs === undefined ? await choicesToCarry<Chosen>(db, encoderId) : undefined;
  const chosenBy = carried?.model_id ?? null;
  const set = { ...memory, encoder: encoder.identity };
  const guard = await learnGuard(db);
  const { testShare } = options;
  const { misses, ...held } = await heldOutMisses(db, set.keys, { signal, testShare });
  const heldOut = { ...held, cache_misses: misses.size };
  const isCacheMiss = (row: number) => misses.has(set.keys[row] as string);

  const bar = progress('training', 100, '%');
  const { files, report, partLetters } = await trainModel(set, {
    ...options,
    chosen: carried?.choices,
    isCacheMiss,
    signal,
    onProgress: (share: number) => bar.at(Math.round(share * 100)),
  }).finally(() => bar.end());
  signal.throwIfAborted();
  const manifest = JSON.parse(Buffer.from(files.get('manifest.json') ?? '{}').toString('utf8')) as object;
  const facts = {
    metrics: { ...report, chosen_by: chosenBy },
    data: dataSnapshot(set.keys, set.paths, changed),
    code_version: version,
    seed: report.seed,
    settings: options,
  };
  const modelId = await storeModel(db, { encoderId, runId: run.id, manifest, files, facts, promote });
  const made = {
    run_id: run.id,
    model_id: modelId,
    labels: set.keys.length,
    sources: set.sources,
    retired: set.retired,
    sealed: set.sealed,
    encoded,
    guard_words: guard,
    held_out: heldOut,
    seconds: Math.round((Date.now() - started) / 100) / 10,
    cleaning,
    chosen_by: chosenBy,
    report,
  };
  return { made, inHand: { set, misses, ...(partLetters === undefined ? {} : { partLetters }) } };
}
