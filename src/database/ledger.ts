import type { Database } from './open.ts';

/** One typed function for each SQL function of the LLM stage and the ledger. */

/** What the LLM is asked for: to answer a name, to judge an answer that was given, or to be compared with other models. */
type Purpose = 'answer' | 'audit' | 'compare';

export interface LlmItem {
  name_key: string;
  shortlist: number[] | null;
  attempts: number;
  /** The same for all items of a batch. */
  purpose: Purpose;
}

export function claimLlm(
  db: Database,
  worker: string,
  most: number,
  patienceMs: number,
  leaseSeconds: number,
): Promise<LlmItem[]> {
  return db.rows(
    `select * from ${db.at}claim_llm($1, $2, make_interval(secs => $3), make_interval(secs => $4))`,
    [worker, most, patienceMs / 1000, leaseSeconds],
  );
}

export interface StartedCall {
  worker: string;
  purpose: Purpose;
  route: string;
  provider: string;
  model: string;
  simulated: boolean;
  names: number;
  /** Upper estimates: what the call costs at most if its answer never arrives. */
  tokensIn: number;
  tokensOut: number;
  /** US dollars; null where the price is not known. */
  cost: number | null;
  price: object | null;
  leaseSeconds: number;
  /** Which wording of the prompt asks. */
  promptVersion: string;
}

/** Commits the call as started, before it is sent; returns its id in the ledger. */
export async function startCall(db: Database, call: StartedCall): Promise<number> {
  const { id } = await db.row<{ id: number }>(
    `select ${db.at}start_call($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, make_interval(secs => $12), $13) as id`,
    [
      call.worker,
      call.purpose,
      call.route,
      call.provider,
      call.model,
      call.simulated,
      call.names,
      call.tokensIn,
      call.tokensOut,
      call.cost,
      call.price,
      call.leaseSeconds,
      call.promptVersion,
    ],
  );
  return id;
}

export interface SettledCall {
  answers: { name_key: string; category_id: number; confidence: number | null }[];
  /** Names without a valid answer; `none`: the model said that no candidate fits. */
  refused: { name_key: string; error: string; none: boolean }[];
  tokensIn: number;
  tokensCached: number;
  tokensOut: number;
  cost: number | null;
  modelVersion: string;
  requestId: string | null;
}

/** Labels, rows, queue and ledger in one transaction (of an audit: verdicts, queue and ledger); returns how many names got a valid answer. */
export async function settleLlm(
  db: Database,
  worker: string,
  callId: number,
  call: SettledCall,
): Promise<number> {
  const { n } = await db.row<{ n: number }>(
    `select ${db.at}settle_llm($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) as n`,
    [
      worker,
      callId,
      JSON.stringify(call.answers),
      JSON.stringify(call.refused),
      call.tokensIn,
      call.tokensCached,
      call.tokensOut,
      call.cost,
      call.modelVersion,
      call.requestId,
    ],
  );
  return n;
}

export interface FailedCall {
  names: readonly string[];
  error: string;
  /** Whether the provider's refusal arrived: then nothing is owed. */
  arrived: boolean;
  /** Whether it counts as the names' own failure. */
  counts: boolean;
  waitMs: number;
}

export async function failCall(
  db: Database,
  worker: string,
  callId: number,
  failed: FailedCall,
): Promise<void> {
  await db.rows(`select ${db.at}fail_call($1, $2, $3, $4, $5, $6, make_interval(secs => $7))`, [
    worker,
    callId,
    failed.names,
    failed.error,
    failed.arrived,
    failed.counts,
    failed.waitMs / 1000,
  ]);
}

/** Closes calls whose sidecar died. */
export async function closeLostCalls(db: Database): Promise<number> {
  return (await db.row<{ n: number }>(`select ${db.at}close_lost_calls() as n`)).n;
}

/** Draws audits since the last draw; returns how many checks were made. */
export async function drawAudits(db: Database): Promise<number> {
  const { n } = await db.row<{ n: number }>(
    `select coalesce(sum(drawn), 0)::integer as n from ${db.at}draw_audits()`,
  );
  return n;
}
