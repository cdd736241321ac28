import type { Database } from './connection/open.ts';
import { refusing } from './connection/refusals.ts';

/** The autopilot: why a retraining is due, the gate, the rollout. Steps of a run are in runs.ts. */

/** Asks for a retraining; returns the request that is open then. */
export async function requestRetrain(db: Database, reason: string, cause = 'person'): Promise<number> {
  const row = db.row<{ id: number }>(`select ${db.at}request_retrain($1, $2) as id`, [reason, cause]);
  return (await refusing(row)).id;
}

/** Why a retraining is due now; null: it is not. */
export async function retrainDue(
  db: Database,
  scheduled: boolean,
): Promise<{ cause: string; reason: string } | null> {
  const [row] = await db.rows<{ cause: string; reason: string }>(
    `select cause, reason from ${db.internal}retrain_due($1)`,
    [scheduled],
  );
  return row ?? null;
}

/** The setting retrain_schedule, null when it is empty, and when a retraining was last asked for or a model promoted. */
export async function retrainSchedule(db: Database): Promise<{ pattern: string | null; since: Date | null }> {
  return db.row(
    `select nullif(${db.at}setting('retrain_schedule') #>> '{}', '') as pattern,
            ${db.internal}last_asked_for() as since`,
  );
}

/** Takes the rollout a stage on, or back; says what it did, null: nothing. */
export async function advanceRollout(db: Database): Promise<string | null> {
  return (await db.row<{ did: string | null }>(`select ${db.internal}advance_rollout() as did`)).did;
}

/** Names that the gate asks a model and that it has not answered yet. */
export async function unansweredGateNames(
  db: Database,
  modelId: number,
  testBound: Buffer,
  most: number,
): Promise<string[]> {
  const rows = await db.rows<{ name: string }>(
    `select * from ${db.internal}unanswered_gate_names($1, $2, $3) as name`,
    [modelId, testBound, most],
  );
  return rows.map(({ name }) => name);
}

export async function saveGateAnswers(
  db: Database,
  modelId: number,
  answers: readonly { name_key: string; category_id: number; said: number }[],
): Promise<void> {
  await db.rows(`select ${db.internal}save_gate_answers($1, $2)`, [modelId, JSON.stringify(answers)]);
}

/** What is measured outside the database and has its budget. */
export interface GateFacts {
  /** Of all files of the challenger. */
  bytes: number;
  /** Milliseconds a name; absent where there was nothing to measure on. */
  challenger_ms?: number;
  champion_ms?: number;
}

/** Judges the challenger of a run: it is rolled out, or the run ends as refused. */
export async function passGate(
  db: Database,
  runId: number,
  challenger: number,
  facts: GateFacts,
): Promise<boolean> {
  const row = db.row<{ passed: boolean }>(`select ${db.internal}pass_gate($1, $2, $3) as passed`, [
    runId,
    challenger,
    JSON.stringify(facts),
  ]);
  return (await refusing(row)).passed;
}

/** What came of a model that a person has trained. */
export interface JudgedByHand {
  promoted: boolean;
  passed: boolean;
  /** The champion that it was compared with; null: there was none. */
  before: number | null;
  reasons: string[];
}

/**
 * Lets the gate judge a model that a person has trained; it is promoted where it passes.
 *
 * @param force why it is promoted although it does not pass; null: it is not then
 */
export async function judgeTrained(
  db: Database,
  challenger: number,
  facts: GateFacts,
  force: string | null,
): Promise<JudgedByHand> {
  return refusing(
    db.row<JudgedByHand>(`select * from ${db.internal}judge_trained($1, $2, $3)`, [
      challenger,
      JSON.stringify(facts),
      force,
    ]),
  );
}

export interface GateVerdict {
  gate_id: number;
  challenger: number;
  champion: number | null;
  passed: boolean;
  reasons: string[];
  judged_at: Date;
  numbers: Record<string, unknown>;
}

/** What the gate said of a model, the newest first. */
export function gateReport(db: Database, modelId: number): Promise<GateVerdict[]> {
  return db.rows(`select * from ${db.at}gate_report($1)`, [modelId]);
}

/** A row of autopilot(). */
export interface AutopilotRow {
  item: string;
  state: string;
  detail: string | null;
}

export function autopilotState(db: Database): Promise<AutopilotRow[]> {
  return db.rows(`select * from ${db.at}autopilot()`);
}

/** Proves the standing promise for a model; null when none stands. */
export async function keepPromise(
  db: Database,
  modelId: number,
): Promise<{ certified: boolean; verdict: string } | null> {
  const { stands } = await db.row<{ stands: boolean }>(
    `select exists (select from ${db.internal}standing_promise()) as stands`,
  );
  return stands ? db.row(`select certified, verdict from ${db.internal}keep_promise($1)`, [modelId]) : null;
}

/** Whether a retraining cleans memory's labels: the setting autopilot_clean, and a first model's run has not just done so. */
export async function cleaningDue(db: Database): Promise<boolean> {
  return (await db.row<{ due: boolean }>(`select ${db.internal}cleaning_due() as due`)).due;
}

/** Proves the standing promise anew when enough new checks were judged; says what came of it, null: it was not time. */
export async function renewPromise(db: Database): Promise<string | null> {
  return (await db.row<{ verdict: string | null }>(`select ${db.internal}renew_promise() as verdict`))
    .verdict;
}
