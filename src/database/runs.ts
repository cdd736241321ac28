import type { Database } from './open.ts';
import { refusing } from './refusals.ts';

/** Runs of training and cleaning: one at a time, held by a lease. `holdRun` in train/ keeps it while it works. */

/**
 * @throws TaxonError when another run is alive, with whose it is and when to try again
 */
export async function startRun(
  db: Database,
  options: object,
  worker: string,
  leaseSeconds: number,
): Promise<number> {
  const started = db.row<{ id: number }>(
    `select ${db.at}start_run($1, $2, make_interval(secs => $3)) as id`,
    [JSON.stringify(options), worker, leaseSeconds],
  );
  return (await refusing(started)).id;
}

/** Prolongs the lease; false when another run took over and this one must stop. */
export async function renewRun(db: Database, runId: number, leaseSeconds: number): Promise<boolean> {
  const row = await db.row<{ held: boolean }>(
    `select ${db.at}renew_run($1, make_interval(secs => $2)) as held`,
    [runId, leaseSeconds],
  );
  return row.held;
}

export async function endRun(
  db: Database,
  runId: number,
  report: object | null,
  error: string | null,
): Promise<void> {
  await db.rows(`select ${db.at}end_run($1, $2, $3)`, [
    runId,
    report === null ? null : JSON.stringify(report),
    error,
  ]);
}
