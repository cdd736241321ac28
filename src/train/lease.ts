import { randomBytes } from 'node:crypto';
import { hostname } from 'node:os';
import type { Database } from '../database/connection/open.ts';
import { endRun, renewRun, startRun } from '../database/runs.ts';
import { messageOf, TaxonError } from '../errors.ts';
import { log } from '../log.ts';

/** A run that this process holds. */
export interface HeldRun {
  readonly id: number;
  /** Who holds it: this process. */
  readonly worker: string;
  /** Aborted when the caller's signal is, or when the lease was lost. */
  readonly signal: AbortSignal;
}

/** A name for this process that no other has. */
export function workerName(): string {
  return `${hostname()}-${process.pid}-${randomBytes(3).toString('hex')}`;
}

/**
 * Does `work` as a run of which there is one at a time: its row is held by a lease that is renewed while it works, and
 * says at the end how it went. A process that is killed leaves the lease to run out.
 *
 * @param work its answer is the run's report
 * @throws TaxonError when another run is alive, or took over meanwhile
 */
export async function asRun<T extends object>(
  db: Database,
  options: object,
  leaseSeconds: number,
  signal: AbortSignal | undefined,
  work: (run: HeldRun) => Promise<T>,
): Promise<T> {
  const worker = workerName();
  const id = await startRun(db, options, worker, leaseSeconds);
  try {
    const report = await holdingRun(db, { id, worker }, leaseSeconds, signal, work);
    await endRun(db, id, report, null);
    return report;
  } catch (error) {
    await endRun(db, id, null, messageOf(error)).catch(() => {});
    throw error;
  }
}

/** Renews the lease of a run while `work` goes on; `work` is told when it was lost. */
export async function holdingRun<T>(
  db: Database,
  { id, worker }: Pick<HeldRun, 'id' | 'worker'>,
  leaseSeconds: number,
  signal: AbortSignal | undefined,
  work: (run: HeldRun) => Promise<T>,
): Promise<T> {
  const lost = new AbortController();
  const renew = async () => {
    try {
      if (await renewRun(db, id, worker, leaseSeconds)) return;
      lost.abort(
        new TaxonError(`run ${id} lost its lease, another took over`, {
          hint: 'See select * from taxon_internal.training_runs; its champion stays.',
        }),
      );
    } catch (error) {
      // the next one may reach the database again, and until another run begins the lease can still be renewed
      log.warn('the lease of the run could not be renewed', { run: id, error: messageOf(error) });
    }
  };
  const timer = setInterval(renew, (leaseSeconds * 1000) / 4);
  try {
    const held = signal === undefined ? lost.signal : AbortSignal.any([signal, lost.signal]);
    return await work({ id, worker, signal: held });
  } finally {
    clearInterval(timer);
  }
}
