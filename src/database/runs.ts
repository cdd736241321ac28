import { TaxonError } from '../errors.ts';
import type { Database } from './connection/open.ts';
import { refusing } from './connection/refusals.ts';

/** Runs of training and cleaning: one at a time, held by a lease. `asRun` in train/ keeps it while it works. */

/**
 * Begins a run that a person asked for: one that a sidecar began by itself gives way to it.
 *
 * @throws TaxonError when another run is alive, with whose it is and when to try again
 */
export async function startRun(
  db: Database,
  options: object,
  worker: string,
  leaseSeconds: number,
): Promise<number> {
  const started = db.row<{ id: number }>(
    `select ${db.internal}start_run($1, $2, make_interval(secs => $3), person => true) as id`,
    [JSON.stringify(options), worker, leaseSeconds],
  );
  return (await refusing(started)).id;
}

/** Prolongs the lease; false when another run took over and this one must stop. */
export async function renewRun(
  db: Database,
  runId: number,
  worker: string,
  leaseSeconds: number,
): Promise<boolean> {
  const row = await db.row<{ held: boolean }>(
    `select ${db.internal}renew_run($1, $2, make_interval(secs => $3)) as held`,
    [runId, worker, leaseSeconds],
  );
  return row.held;
}

export async function endRun(
  db: Database,
  runId: number,
  report: object | null,
  error: string | null,
): Promise<void> {
  await db.rows(`select ${db.internal}end_run($1, $2, $3)`, [
    runId,
    report === null ? null : JSON.stringify(report),
    error,
  ]);
}

/** The steps of a retraining that a process does; those of the rollout are the database's. */
export type Step = 'first' | 'encode' | 'clean' | 'train' | 'calibrate' | 'gate';

/**
 * Begins a retraining, or takes over one whose process died.
 *
 * @param reason null: that of the open request, if there is one
 * @throws TaxonError when another training is alive, or a model is being rolled out
 */
export async function beginRetrain(
  db: Database,
  worker: string,
  options: object,
  leaseSeconds: number,
  reason: string | null,
): Promise<{ run_id: number; taken_over: boolean }> {
  const [began] = await refusing(
    db.rows<{ run_id: number; taken_over: boolean }>(
      `select * from ${db.internal}begin_retrain($1, $2, make_interval(secs => $3), $4)`,
      [worker, JSON.stringify(options), leaseSeconds, reason],
    ),
  );
  if (began === undefined)
    throw new TaxonError('the last retraining died again and again, it was closed as failed', {
      hint: 'select * from taxon.autopilot() says where; then try again: taxon train --gated.',
    });
  return began;
}

/** Begins a step; `done` or `skipped` when it has been, `running` when it is to be done now. */
export async function beginStep(
  db: Database,
  runId: number,
  step: Step,
  worker: string,
): Promise<'running' | 'done' | 'skipped'> {
  const row = db.row<{ state: 'running' | 'done' | 'skipped' }>(
    `select ${db.internal}begin_step($1, $2, $3) as state`,
    [runId, step, worker],
  );
  return (await refusing(row)).state;
}

export async function endStep(
  db: Database,
  runId: number,
  step: Step,
  state: 'done' | 'skipped' | 'failed',
  detail: object,
): Promise<void> {
  await db.rows(`select ${db.internal}end_step($1, $2, $3, $4)`, [
    runId,
    step,
    state,
    JSON.stringify(detail),
  ]);
}

/** Keeps what a run has found before it ends. */
export async function noteRun(db: Database, runId: number, report: object): Promise<void> {
  await db.rows(`select ${db.internal}note_run($1, $2)`, [runId, JSON.stringify(report)]);
}

/** What a run has made: its model and a first one of letters alone, null before; and how many labels it has changed. */
export function madeBy(
  db: Database,
  runId: number,
): Promise<{ model: number | null; first: number | null; cleaned: number }> {
  return db.row(
    `select ${db.internal}run_model($1) as model, ${db.internal}cleaned_by($1) as cleaned,
            (select max(model_id) from ${db.internal}models where run_id = $1 and encoder_id is null) as first`,
    [runId],
  );
}

/** A run whose process died, or a request that nobody took. */
export async function retrainWaits(db: Database): Promise<boolean> {
  const row = await db.row<{ waits: boolean }>(`select ${db.internal}retrain_waits() as waits`);
  return row.waits;
}

/** A model in use whose diagnosis was cut short, and that nobody makes now; null: there is none. */
export async function undiagnosed(db: Database): Promise<number | null> {
  return (await db.row<{ id: number | null }>(`select ${db.internal}undiagnosed() as id`)).id;
}

/** What a training has stored of itself: of its model, and of its run. */
export interface StoredTraining {
  metrics: object;
  settings: object;
  code_version: string;
  report: object;
}

/** Takes the diagnosis of a model, the first or another; null where it was not trained here, or is of letters alone. */
export async function beginDiagnosis(db: Database, modelId: number): Promise<StoredTraining | null> {
  const [row] = await db.rows<StoredTraining>(`select * from ${db.internal}begin_diagnosis($1)`, [modelId]);
  return row ?? null;
}

/** Keeps what a diagnosis has found; null: it was cut short, and may be begun again. */
export async function endDiagnosis(
  db: Database,
  modelId: number,
  found: { learning: object | null; report: object | null } | null,
): Promise<void> {
  await db.rows(`select ${db.internal}end_diagnosis($1, $2)`, [
    modelId,
    found === null ? null : JSON.stringify(found),
  ]);
}
