import type { Config } from '../config.ts';
import type { Database } from '../database/connection/open.ts';
import { modelFiles } from '../database/registry.ts';
import { beginDiagnosis, endDiagnosis, type StoredTraining } from '../database/runs.ts';
import { messageOf } from '../errors.ts';
import { log } from '../log.ts';
import type { ModelReport } from '../model/report.ts';
import type { CleanedLevel, CleaningReport } from './cleaning/clean.ts';
import { heldOutMisses } from './data/cache-misses.ts';
import { lateEncoder } from './data/late-encoder.ts';
import { partsBy } from './data/split.ts';
import { diagnose, type TrainingSays } from './diagnose.ts';
import type { TrainingReport } from './fit.ts';
import { type InHand, readMemory, type TrainOptions, type TrainResult } from './pipeline.ts';

/** What a training has stored of itself. */
interface Trained extends Pick<TrainResult, 'cleaning' | 'held_out' | 'chosen_by'> {
  report: TrainingReport;
  /** Of the package. */
  version: string;
  settings: Pick<TrainOptions, 'depth' | 'testShare'>;
}

function trainedBy({ metrics, settings, code_version: version, report }: StoredTraining): Trained {
  const { cleaning, held_out, chosen_by } = report as TrainResult;
  return { report: metrics as TrainingReport, version, settings, cleaning, held_out, chosen_by };
}

/** Memory as the diagnosis of a model reads it that another process has trained. */
async function readAgain(
  db: Database,
  config: Config,
  { settings: { testShare } }: Trained,
  signal: AbortSignal,
): Promise<InHand> {
  const encoder = await lateEncoder(db, config);
  try {
    const { set } = await readMemory(db, config, encoder, { signal });
    const { misses } = await heldOutMisses(db, set.keys, { signal, testShare });
    return { set: { ...set, encoder: encoder.identity }, misses };
  } finally {
    await encoder.close();
  }
}

async function measure(
  db: Database,
  modelId: number,
  trained: Trained,
  { set, misses, partLetters }: InHand,
  signal: AbortSignal,
): ReturnType<typeof diagnose> {
  const { cleaning, settings } = trained;
  const part = set.keys.map(partsBy(settings.testShare));
  const rows = Int32Array.from(set.keys.keys());
  const missed = rows.filter((row) => misses.has(set.keys[row] as string));
  return diagnose(
    db,
    await modelFiles(db, modelId),
    set,
    missed.filter((row) => part[row] === 'test'),
    rows.filter((row) => part[row] !== 'test'),
    {
      facts: factsOf(set, trained),
      cleaning: cleaning === null ? null : cleaningOf(cleaning),
      depth: settings.depth ?? 3,
      curve: {
        from: rows.filter((row) => part[row] === 'train'),
        asked: missed.filter((row) => part[row] !== 'train'),
        whole: partLetters,
      },
    },
    signal,
  );
}

/**
 * Makes what `taxon report` shows of a model and what the forecast of more labels reads, and stores both. After the gate: with
 * the demo's 20,000 labels it takes 11 s, for which the model would not answer.
 *
 * @param inHand what the training of this process still has; without it memory is read as it is now
 * @returns null where there is nothing to measure it on, or it was cut short: a sidecar makes it later
 */
export async function diagnoseModel(
  db: Database,
  config: Config,
  modelId: number,
  signal: AbortSignal,
  inHand?: InHand,
): Promise<ModelReport | null> {
  const stored = await beginDiagnosis(db, modelId);
  if (stored === null) return null;
  const trained = trainedBy(stored);
  log.info('measuring the model for its report', { model: modelId });
  try {
    const found = await measure(
      db,
      modelId,
      trained,
      inHand ?? (await readAgain(db, config, trained, signal)),
      signal,
    );
    await endDiagnosis(db, modelId, { learning: found?.curve ?? null, report: found?.report ?? null });
    return found?.report ?? null;
  } catch (error) {
    // what failed would fail again
    await endDiagnosis(db, modelId, signal.aborted ? null : { learning: null, report: null }).catch(() => {});
    log.warn('the model is in the registry, without a report', { model: modelId, why: messageOf(error) });
    return null;
  }
}

/** What the report's page says of the training itself. */
function factsOf({ encoder, sources }: InHand['set'], trained: Trained): TrainingSays['facts'] {
  const { cleaning, held_out: heldOut, chosen_by: chosenBy, report } = trained;
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
    version: trained.version,
    rows: { ...report.names, ...sources },
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
      'letters and meaning answer without memory from': join.memoryLast?.from ?? 'never',
      'share that they settle then': Math.round(join.meaningShare * 1000) / 1000,
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
