import type { Database } from './connection/open.ts';

/** From what a model says to confidences, and what people's checks say of both. */

type Levels = readonly [number, number, number];

/** Answers with what the model says as confidences by the calibration in force, as the sidecar's rows get them. */
export async function calibrated<T extends { confidence: Levels }>(
  db: Database,
  modelId: number,
  answers: readonly T[],
): Promise<T[]> {
  if (answers.length === 0) return [];
  const level = (i: 0 | 1 | 2) => answers.map(({ confidence }) => confidence[i]);
  const of = (i: 1 | 2 | 3) => `${db.internal}calibrate(s.l${i}, k.offsets[${i}], k.slopes[${i}])`;
  const rows = await db.rows<{ confidence: Levels }>(
    `select array[${of(1)}, ${of(2)}, ${of(3)}] as confidence
     from unnest($1::real[], $2::real[], $3::real[]) with ordinality s(l1, l2, l3, i)
     join ${db.internal}calibration_in_force($4) k on true order by s.i`,
    [level(0), level(1), level(2), modelId],
  );
  // no rows: there is no calibration, a confidence is what the model says
  return answers.map((answer, i) => ({ ...answer, ...rows[i] }));
}

/** A name that was drawn to be judged. */
export interface UnscoredCheck {
  check_id: number;
  name_key: string;
}

/** Drawn names of which the model has not said anything yet, the oldest first. */
export function unscoredChecks(db: Database, modelId: number, most: number): Promise<UnscoredCheck[]> {
  return db.rows(`select * from ${db.internal}unscored_checks($1, $2)`, [modelId, most]);
}

/** Keeps what the model says of drawn names. */
export async function saveCheckScores(
  db: Database,
  modelId: number,
  scores: readonly { check_id: number; category_id: number; confidence: Levels }[],
): Promise<void> {
  await db.rows(`select ${db.internal}save_check_scores($1, $2)`, [modelId, JSON.stringify(scores)]);
}

/** How what a model says becomes a confidence. */
export interface Calibration {
  calibration_id: number;
  offsets: number[];
  slopes: number[];
  fitted_on: 'checks' | 'labels';
  names: number;
}

/** Fits the calibration of a model anew; null when there is too little to fit it on. */
export async function fitCalibration(db: Database, modelId: number): Promise<Calibration | null> {
  const [row] = await db.rows<Calibration>(
    `select calibration_id, offsets, slopes, fitted_on, names from ${db.internal}fit_calibration($1)`,
    [modelId],
  );
  return row ?? null;
}

/** What a model's confidences rest on. */
export async function calibrationState(
  db: Database,
  modelId: number,
): Promise<{ checks: number; checks_short: number; state: string }> {
  return db.row(`select checks, checks_short, state from ${db.internal}calibration_state($1)`, [modelId]);
}

export interface CalibrationError {
  /** 1 to 3; 3 is the whole path. */
  level: number;
  /** Checked names. */
  names: number;
  confidence: number | null;
  is_right: number | null;
  /** Expected calibration error of the confidences, and of what the model says itself. */
  error: number | null;
  said_error: number | null;
}

/** How far a model's confidences are from how often they come true among the checked names. */
export function calibrationError(db: Database, modelId: number): Promise<CalibrationError[]> {
  return db.rows(`select * from ${db.internal}calibration_error($1)`, [modelId]);
}

/** Whether fitting a model's calibration anew would find something new. */
export async function calibrationDue(db: Database, modelId: number): Promise<boolean> {
  const { due } = await db.row<{ due: boolean }>(`select ${db.internal}calibration_due($1) as due`, [
    modelId,
  ]);
  return due;
}
