import { join } from 'node:path';
import { type Config, version } from '../config.ts';
import { learnGuard, newestChange } from '../database/memory.ts';
import type { Database } from '../database/open.ts';
import { registerEncoder, storeModel } from '../database/registry.ts';
import { log } from '../log.ts';
import type { Encoder } from '../model/encoder.ts';
import { progress } from '../progress.ts';
import type { ModelReport } from '../report/model-report.ts';
import type { CleanedLevel, CleaningReport } from './cleaning/clean.ts';
import { cacheMisses, judgedNames } from './data/cache-misses.ts';
import { checkTrainable } from './data/check.ts';
import { type Dataset, encodeLabels, readDataset } from './data/dataset.ts';
import { dataSnapshot } from './data/snapshot.ts';
import { partsBy } from './data/split.ts';
import { diagnose } from './diagnose.ts';
import { type Chosen, type TrainingReport, trainModel } from './fit.ts';
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
  /** What names of the test part show; null without one. */
  diagnostics: ModelReport | null;
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
  encoder: Encoder,
  { signal }: HeldRun,
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
 */
export async function makeModel(
  db: Database,
  encoder: Encoder,
  { encoderId, encoded, changed, set: memory }: Memory,
  asked: Omit<TrainOptions, 'signal'> & { promote: false | 'first'; carry?: boolean },
  cleaning: CleaningReport | null,
  run: HeldRun,
): Promise<TrainResult> {
  const started = Date.now();
  const { signal } = run;
  const { promote, carry = false, ...options } = asked;
  // who says how long the heads learn has chosen
  const carried = carry && options.epochs === undefined ? await choicesToCarry(db, encoderId) : undefined;
  const chosenBy = carried?.model_id ?? null;
  const set = { ...memory, encoder: encoder.identity };
  const guard = await learnGuard(db);
  const part = set.keys.map(partsBy(options.testShare));
  const held = set.keys.filter((_, row) => part[row] !== 'train');
  const judged = judgedNames(held);
  const misses = await cacheMisses(db, judged, {
    signal,
    ...(options.testShare === undefined ? {} : { testShare: options.testShare }),
  });
  const heldOut = { names: held.length, judged: judged.length, cache_misses: misses.size };
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
  const rows = Int32Array.from(set.keys.keys());
  const diagnosis = await diagnose(
    db,
    files,
    set,
    rows.filter((row) => part[row] === 'test' && isCacheMiss(row)),
    rows.filter((row) => part[row] !== 'test'),
    {
      facts: factsOf(encoder.identity, set, cleaning, report, heldOut, chosenBy),
      cleaning: cleaning === null ? null : cleaningOf(cleaning),
      depth: options.depth ?? 3,
      curve: {
        from: rows.filter((row) => part[row] === 'train'),
        asked: rows.filter((row) => part[row] !== 'train' && isCacheMiss(row)),
        whole: partLetters,
      },
    },
    signal,
  );
  const manifest = JSON.parse(Buffer.from(files.get('manifest.json') ?? '{}').toString('utf8')) as object;
  const facts = {
    metrics: { ...report, chosen_by: chosenBy, learning: diagnosis?.curve ?? null },
    data: dataSnapshot(set.keys, set.paths, changed),
    code_version: version,
    seed: report.seed,
    settings: options,
  };
  const modelId = await storeModel(db, { encoderId, runId: run.id, manifest, files, facts, promote });
  return {
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
    diagnostics: diagnosis?.report ?? null,
  };
}

/** What a retraining takes over, and the model that chose it; undefined: it chooses anew. */
async function choicesToCarry(db: Database, encoderId: number) {
  const [row] = await db.rows<{ model_id: number; choices: Chosen }>(
    `select * from ${db.at}choices_to_carry($1)`,
    [encoderId],
  );
  return row;
}

/** What the report's page says of the training itself. */
function factsOf(
  encoder: string,
  set: Dataset,
  cleaning: CleaningReport | null,
  report: TrainingReport,
  heldOut: TrainResult['held_out'],
  chosenBy: TrainResult['chosen_by'],
) {
  const { join, levels, letters } = report;
  const steps = [
    ...(cleaning === null ? [] : [{ step: 'judging labels out of fold', seconds: cleaning.seconds }]),
    { step: 'training the voices', seconds: report.seconds },
  ];
  const heads = Object.entries(levels).map(([level, head]) => [
    `seconds of head ${level}, first fit`,
    head.seconds,
  ]);
  return {
    encoder,
    seed: report.seed,
    version,
    rows: { ...report.names, ...set.sources },
    steps,
    more: {
      'how the voices count was chosen by': chosenBy === null ? 'this training' : `model ${chosenBy}`,
      'weights of letters': join.weights.letters.join(' / '),
      'weights of meaning': join.weights.meaning.join(' / '),
      'weights of memory': join.weights.memory.join(' / '),
      'letters answer alone from': join.lettersFirst?.from ?? 'never',
      'share that letters settle': Math.round(join.lettersShare * 1000) / 1000,
      'coverage that this costs, at errors of 2.5 / 5 / 10 % as labels tell': join.lettersCost.coverage
        .map((share) => share.toFixed(4))
        .join(' / '),
      'held-out names judged as cache misses or not': `${heldOut.judged} of ${heldOut.names}`,
      'labels changed by cleaning': cleaning?.applied?.changed ?? 0,
      'seconds of letters, last fit': letters.seconds,
      ...Object.fromEntries(heads),
    },
  };
}

/** What the report says of memory: layers 1 and 2 answer from it. */
function cleaningOf({ levels }: CleaningReport): ModelReport['cleaning'] {
  const of = ({ share, wrongBefore, wrongAfter }: CleanedLevel) => ({
    changed: share,
    wrongBefore,
    wrongAfter,
  });
  return { l1: of(levels.l1), l2: of(levels.l2), l3: of(levels.l3) };
}
