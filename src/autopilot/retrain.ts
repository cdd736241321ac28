import type { Config } from '../config.ts';
import { cleaningDue, type GateVerdict, gateReport, passGate } from '../database/autopilot.ts';
import type { Database } from '../database/connection/open.ts';
import { champion } from '../database/registry.ts';
import {
  beginRetrain,
  beginStep,
  endRun,
  endStep,
  madeBy,
  noteRun,
  renewRun,
  type Step,
} from '../database/runs.ts';
import { messageOf, TaxonError } from '../errors.ts';
import { log } from '../log.ts';
import { findEncoder } from '../model/encoder-source.ts';
import { type CleaningReport, cleanMemory } from '../train/cleaning/clean.ts';
import { readNames } from '../train/data/dataset.ts';
import { type LateEncoder, lateEncoder } from '../train/data/late-encoder.ts';
import { diagnoseModel } from '../train/diagnose-model.ts';
import { type FirstModel, makeFirst, readLettersMemory } from '../train/first.ts';
import { type HeldRun, holdingRun, workerName } from '../train/lease.ts';
import { type InHand, logTraining, type Memory, makeModel, readMemory } from '../train/pipeline.ts';
import { type AskedBoth, askBoth, gateFacts } from './gate.ts';

export interface RetrainOptions {
  /** Why; without it the open request says. */
  reason?: string;
  epochs?: number;
  seed?: number;
  /** Clean memory's labels first; default: as the setting autopilot_clean says. */
  clean?: boolean;
  signal?: AbortSignal;
  /** Called before each step is done. */
  onStep?: (step: Step) => Promise<void> | void;
}

export interface RetrainResult {
  run_id: number;
  /** Whether it went on where another process had died. */
  taken_over: boolean;
  /** The model of letters alone that answers meanwhile; null: there was a champion, or another process has made it. */
  first: FirstModel | null;
  model_id: number;
  /** Whether it answers already. */
  promoted: boolean;
  /** What the gate said of it. */
  verdict: GateVerdict;
}

/** What the steps hand on; what a step of a process before left is read from the database. */
interface Bench {
  db: Database;
  config: Config;
  encoder: () => Promise<LateEncoder>;
  run: HeldRun;
  options: RetrainOptions;
  /** The first model, where this process has made it. */
  first: FirstModel | null;
  memory?: Memory;
  cleaning: CleaningReport | null;
  /** Of the challenger, where this process has made it. */
  inHand?: InHand;
}

async function memoryOf(bench: Bench): Promise<Memory> {
  bench.memory ??= await readMemory(bench.db, bench.config, await bench.encoder(), bench.run);
  return bench.memory;
}

/** @param byLetters they judge, as nothing is encoded yet */
async function clean(bench: Bench, byLetters: boolean): Promise<object> {
  const { db, run, options } = bench;
  const { cleaned } = await madeBy(db, run.id);
  // killed after its one transaction: a second look would judge labels that it has changed itself
  if (cleaned > 0) return { changed: cleaned };
  const set = byLetters ? await readNames(db, run.signal) : (await memoryOf(bench)).set;
  const { report } = await cleanMemory(db, run, set, options);
  bench.cleaning = report;
  return { changed: report.applied?.changed ?? 0, levels: report.levels };
}

async function makeChallenger(bench: Bench): Promise<object> {
  const { db, run, options } = bench;
  const { model } = await madeBy(db, run.id);
  if (model !== null) return { model_id: model };
  const { reason: _, signal: __, onStep: ___, ...asked } = options;
  const memory = await memoryOf(bench);
  logTraining(memory);
  const { made, inHand } = await makeModel(
    db,
    await bench.encoder(),
    memory,
    { ...asked, promote: false, carry: true },
    bench.cleaning,
    run,
  );
  bench.inHand = inHand;
  await noteRun(db, run.id, made);
  const { model_id, labels, seconds, chosen_by } = made;
  return { model_id, labels, seconds, chosen_by };
}

/** Challenger and champion are asked about the same names; their calibrations and the promise are fitted on them. */
async function calibrate(bench: Bench): Promise<object> {
  const { db, config, run } = bench;
  const { model } = await madeBy(db, run.id);
  const before = await champion(db);
  if (model === null || before === null) return {};
  return askBoth(db, config, { champion: before.modelId, challenger: model }, run.signal);
}

async function judge(bench: Bench, found: Partial<Record<Step, object>>): Promise<void> {
  const { db, run } = bench;
  const { model } = await madeBy(db, run.id);
  if (model === null) throw new Error(`run ${run.id} has no model`);
  await passGate(
    db,
    run.id,
    model,
    await gateFacts(db, model, (found.calibrate ?? {}) as Partial<AskedBoth>),
  );
}

/** Does one step unless a process before has; says how it went. */
async function step(bench: Bench, name: Step, work: () => Promise<object>): Promise<object | undefined> {
  const { db, run, options } = bench;
  run.signal.throwIfAborted();
  if ((await beginStep(db, run.id, name, run.worker)) !== 'running') return undefined;
  await options.onStep?.(name);
  const found = await work();
  await endStep(db, run.id, name, 'done', found);
  return found;
}

/** Where there is no champion: letters alone, which answer while the other steps take their time. */
async function makeFirstModel(bench: Bench): Promise<void> {
  const { db, run, options } = bench;
  const { first } = await madeBy(db, run.id);
  // killed after its one transaction
  if (first !== null) return void (await step(bench, 'first', async () => ({ model_id: first })));
  if ((await champion(db)) !== null) return;
  await step(bench, 'first', async () => {
    const memory = await readLettersMemory(db, run.signal);
    const asked = options.seed === undefined ? {} : { seed: options.seed };
    bench.first = await makeFirst(db, memory, asked, run);
    const { model_id, labels, seconds } = bench.first;
    return { model_id, labels, seconds };
  });
}

async function cleanOrSkip(bench: Bench, byLetters: boolean): Promise<void> {
  const { db, run, options } = bench;
  if (options.clean ?? (await cleaningDue(db))) {
    await step(bench, 'clean', () => clean(bench, byLetters));
  } else if ((await beginStep(db, run.id, 'clean', run.worker)) === 'running') {
    await endStep(db, run.id, 'clean', 'skipped', {});
  }
}

async function steps(bench: Bench): Promise<number> {
  const { db, run, options } = bench;
  const found: Partial<Record<Step, object>> = {};
  await makeFirstModel(bench);
  // layers 1 and 2 answer from the labels: behind a first model they are cleaned before hours of encoding, by letters alone
  const byLetters = (await madeBy(db, run.id)).first !== null;
  if (byLetters) await cleanOrSkip(bench, byLetters);
  await step(bench, 'encode', async () => ({ encoded: (await memoryOf(bench)).encoded }));
  if (!byLetters) await cleanOrSkip(bench, byLetters);
  await step(bench, 'train', () => makeChallenger(bench));
  const calibrated = await step(bench, 'calibrate', () => calibrate(bench));
  if (calibrated !== undefined) found.calibrate = calibrated;
  run.signal.throwIfAborted();
  await beginStep(db, run.id, 'gate', run.worker);
  await options.onStep?.('gate');
  await judge(bench, found);
  return (await madeBy(db, run.id)).model as number;
}

/**
 * The job of the autopilot: embed what is new → clean → train → calibrate → gate, in steps that each say in the database that
 * they are done; where there is no champion a first model goes before, and a cleaning by letters. Killed at any moment, the next call goes on with the
 * first step that is not; a champion is not touched by any of them. What passes the gate goes into shadow; canary, promotion
 * and watch are the database's (advance_rollout()). The full model after a first one answers at once, where no promise stands.
 *
 * Its diagnosis, which nobody waits for, comes after the gate.
 *
 * @throws TaxonError when another training is alive, a model is being rolled out, or memory is too small to learn from;
 *   the signal's reason when aborted: the lease is given back, and another process may go on at once
 */
export async function retrain(
  db: Database,
  config: Config,
  options: RetrainOptions = {},
): Promise<RetrainResult> {
  const { reason, signal, onStep: _, ...asked } = options;
  const noted = { encoder: (await findEncoder(config)).identity, ...asked };
  const worker = workerName();
  const began = await beginRetrain(db, worker, noted, config.leaseSeconds, reason ?? null);
  const { run_id } = began;
  if (began.taken_over) log.info('going on with a run whose process died', { run: run_id });
  try {
    const { first, model_id, inHand } = await holdingRun(
      db,
      { id: run_id, worker },
      config.leaseSeconds,
      signal,
      async (run) => {
        let opened: Promise<LateEncoder> | undefined;
        // letters do without: opened when the first step needs it
        const encoder = () => (opened ??= lateEncoder(db, config));
        const bench: Bench = { db, config, encoder, run, options, first: null, cleaning: null };
        const model = await steps(bench).finally(async () => (await opened)?.close());
        return { ...bench, model_id: model };
      },
    );
    await diagnoseModel(db, config, model_id, signal ?? new AbortController().signal, inHand);
    const [verdict] = await gateReport(db, model_id);
    const promoted = (await champion(db))?.modelId === model_id;
    return { ...began, first, model_id, promoted, verdict: verdict as GateVerdict };
  } catch (error) {
    // a limit that was passed would be passed again
    if (signal?.aborted && !(signal.reason instanceof TaxonError))
      await renewRun(db, run_id, worker, 0).catch(() => {});
    else await endRun(db, run_id, null, messageOf(error)).catch(() => {});
    throw error;
  }
}
