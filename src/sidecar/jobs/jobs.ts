import { Cron } from 'croner';
import { followTrees, sweepAfterFaults, sweepAttached } from '../../database/attached.ts';
import { calibrationDue } from '../../database/calibration.ts';
import type { Database } from '../../database/connection/open.ts';
import {
  alone,
  countChangedKeys,
  followTaxonomy,
  forgetOld,
  lookBelowFloor,
  queueStrays,
  settleHeld,
  sweepTaxonomy,
  watchDrift,
} from '../../database/jobs.ts';
import { findKinds } from '../../database/kinds.ts';
import { drawAudits, drawTeaching } from '../../database/ledger.ts';
import { signLabels } from '../../database/signatures.ts';
import { messageOf } from '../../errors.ts';
import { log } from '../../log.ts';
import { batchesJob, lookAfterBatches } from '../llm/batches.ts';
import type { LlmStage } from '../llm/stage.ts';
import type { ChampionHolder } from '../local/champion.ts';
import { recalibrate } from './recalibrate.ts';
import { lookAgainAtAnswers } from './second-looks.ts';

/** What some sidecar does now and then. */
export interface Job {
  readonly name: string;
  /** When, as croner reads it: minute, hour, day of the month, month, day of the week; a sixth field in front is the second. */
  readonly when: string;
  /** Also when the sidecar starts. */
  readonly atStart?: true;
  /** Safe to call again at once, by another sidecar too. */
  run(db: Database): Promise<unknown>;
  /** Resolves when what it has begun beside its runs is over; the sidecar stops. */
  over?(): Promise<unknown>;
}

/** Sidecars that start one after the other sweep attached tables once. */
const sweptLatelyMinutes = 10;

/** All housekeeping; what reads much is done at night. */
export function housekeeping(
  champion: ChampionHolder,
  llm: LlmStage | null,
  signal: AbortSignal,
): readonly Job[] {
  return [
    ...(llm ? [{ name: batchesJob, when: '* * * * *', run: () => lookAfterBatches(llm) }] : []),
    { name: 'look below the floor of the queue', when: '* * * * *', run: lookBelowFloor },
    { name: 'watch drift', when: '* * * * *', run: watchDrift },
    {
      name: 'queue rows that came while triggers were off',
      when: '*/5 * * * *',
      // what came while no sidecar ran
      atStart: true,
      run: (db) => queueStrays(db, signal),
    },
    // at start: what was changed while triggers were off, or before a restore
    {
      name: 'sweep attached tables',
      when: '57 2 * * *',
      atStart: true,
      run: (db) => sweepAttached(db, sweptLatelyMinutes),
    },
    { name: 'sweep after faults of triggers', when: '* * * * *', run: sweepAfterFaults },
    { name: "follow the shop's categories", when: '23 * * * *', atStart: true, run: followTrees },
    { name: 'count changed name keys', when: '*/5 * * * *', run: countChangedKeys },
    // at start: what was answered while no sidecar ran
    { name: 'draw audits', when: '* * * * *', atStart: true, run: drawAudits },
    { name: 'draw names that teach', when: '*/5 * * * *', run: drawTeaching },
    { name: 'follow the taxonomy', when: '* * * * *', run: followTaxonomy },
    {
      name: 'look again at answers',
      when: '* * * * *',
      run: (db) => lookAgainAtAnswers(db, champion, signal),
    },
    { name: 'bring rows into line with the taxonomy', when: '7 3 * * *', run: sweepTaxonomy },
    { name: 'settle held names', when: '* * * * *', run: settleHeld },
    { name: 'forget what is past its days', when: '17 3 * * *', run: (db) => forgetOld(db, signal) },
    { name: 'sign new memory', when: '* * * * *', run: (db) => signInBackground(db, false, signal) },
    { name: 'look for unsigned labels', when: '27 3 * * *', run: (db) => signInBackground(db, true, signal) },
    { name: 'find kinds', when: '7 4 * * *', run: findKinds },
    { name: 'recalibrate', when: '47 3 * * *', run: (db) => recalibrateChampion(db, champion, signal) },
  ];
}

/** What is answered meanwhile comes first. */
const signInBackground = (db: Database, again: boolean, signal: AbortSignal) =>
  signLabels(db, { background: true, again, signal });

async function recalibrateChampion(
  db: Database,
  champion: ChampionHolder,
  signal: AbortSignal,
): Promise<void> {
  const model = await champion.current();
  if (model === null || !(await calibrationDue(db, model.modelId))) return;
  await recalibrate(db, model, signal);
}

export interface Jobs {
  /** Starts no job any more; resolves when those that run are over. */
  stop(): Promise<void>;
}

/**
 * Runs each job at its times, one run at a time over all sidecars of the schema: whoever finds it running leaves it. A job
 * that fails is logged and tried at its next time.
 *
 * One job of a sidecar after the other: each holds a connection for its lock and needs another one, so that four at the turn of a
 * minute held all that a pooler with two or three had, and waited for each other. Jobs of the start stand in the same line: two
 * beside it stopped a sidecar behind two connections for two minutes.
 */
export function runJobs(db: Database, jobs: readonly Job[]): Jobs {
  let last = Promise.resolve();
  const run = async ({ name, run }: Job) => {
    try {
      const done = await alone(db, name, () => run(db));
      log.debug(done ? 'job done' : 'job runs elsewhere', { job: name });
    } catch (error) {
      // the sidecar stops: no failure
      const stopped = error instanceof Error && error.name === 'AbortError';
      log[stopped ? 'debug' : 'warn']('a job failed', { job: name, error: messageOf(error) });
    }
  };
  const schedule = jobs.map(
    (job) =>
      // protect: a run that is not over when the next is due takes its place
      new Cron(job.when, { protect: true, unref: true }, async () => {
        last = last.then(() => run(job));
        await last;
      }),
  );
  for (const job of jobs) if (job.atStart) last = last.then(() => run(job));
  return {
    async stop() {
      for (const cron of schedule) cron.stop();
      await last;
      await Promise.all(jobs.map((job) => job.over?.()));
    },
  };
}
