import type { Database } from './connection/open.ts';
import { refusing } from './connection/refusals.ts';
import type { ClaimOf } from './queue.ts';

/** One typed function for each SQL function of the LLM stage and the ledger. */

/** What the LLM is asked for: to answer a name, again by a stronger model, to judge an answer that was given, to be compared with other models, for a label to learn from, or again as its category was split. */
type Purpose = 'answer' | 'escalate' | 'audit' | 'compare' | 'teach' | 'split';

export interface LlmItem {
  name_key: string;
  shortlist: number[] | null;
  /** How likely each of them is; null: nobody says. */
  probabilities: number[] | null;
  /** Where an answer has left the name (llm/step.ts); the same for all items of a batch, as is `purpose`. */
  next: 'subtree' | 'elsewhere' | 'last' | null;
  branch: number | null;
  /** Steps that it has been through. */
  asked: number;
  attempts: number;
  purpose: Purpose;
}

export function claimLlm(
  db: Database,
  worker: string,
  most: number,
  patienceMs: number,
  leaseSeconds: number,
  { claim, held, owed }: ClaimOf,
): Promise<LlmItem[]> {
  return db.rows(
    `select * from ${db.internal}claim_llm($1, $2, make_interval(secs => $3), make_interval(secs => $4), $5, $6, $7)`,
    [worker, most, patienceMs / 1000, leaseSeconds, claim, held, owed],
  );
}

export interface StartedCall {
  worker: string;
  purpose: Purpose;
  route: string;
  /** Why this one. */
  reason: string | null;
  provider: string;
  model: string;
  simulated: boolean;
  /** Name keys of the batch. */
  names: readonly string[];
  /** Which step of its purpose this is for each name. */
  steps: number[];
  /** Upper estimates: what the call costs at most if its answer never arrives; the price is that of llm_prices. */
  tokensIn: number;
  tokensOut: number;
  /** Whether the batch API's prices count. */
  batch?: boolean;
  /** `config.deployment`: paid calls are made by one deployment only. */
  deployment: string;
  leaseSeconds: number;
  /** Which wording of the prompt asks. */
  promptVersion: string;
  /** The claim that holds the names; null: they are of none. */
  claim?: string | null;
  /** Made anew for each call: asked again with it, the database finds the call that it has. */
  token?: string;
}

/**
 * Commits the call and its names as started, before it is sent; returns its id in the ledger, or null where the claim does
 * not hold all of its names any more: then it must not be sent.
 *
 * @throws TaxonError where it must not be made: a paid call of another deployment, a name that may not be sent, a budget used up
 */
export async function startCall(db: Database, call: StartedCall): Promise<number | null> {
  const { id } = await refusing(
    db.row<{ id: number | null }>(
      `select ${db.internal}start_call(worker => $1, purpose => $2, route => $3, provider => $4, model => $5, simulated => $6,
         names => $7, tokens_in_upper => $8, tokens_out_upper => $9, lease => make_interval(secs => $10), name_keys => $11,
         steps => $12::smallint[], deployment => $13, batch => $14, reason => $15, prompt_version => $16, claim_id => $17, token => $18) as id`,
      [
        call.worker,
        call.purpose,
        call.route,
        call.provider,
        call.model,
        call.simulated,
        call.names.length,
        call.tokensIn,
        call.tokensOut,
        call.leaseSeconds,
        call.names,
        call.steps,
        call.deployment,
        call.batch ?? false,
        call.reason,
        call.promptVersion,
        call.claim ?? null,
        call.token ?? null,
      ],
    ),
  );
  return id;
}

/** A name without a final answer: it failed, or goes on to its next step. */
export type Refused =
  | { name_key: string; error: string }
  /** `none`: no candidate fits. */
  | ({ name_key: string; moved: true; none: boolean } & Pick<LlmItem, 'next' | 'branch' | 'purpose'>);

export interface SettledCall {
  answers: { name_key: string; category_id: number; confidence: number | null }[];
  /** Names without a valid answer. */
  refused: Refused[];
  tokensIn: number;
  tokensCached: number;
  tokensWritten: number;
  tokensOut: number;
  /** What the provider says that it cost. */
  cost?: number;
  /** Why the counts are doubted. */
  doubt?: string;
  modelVersion: string;
  requestId: string | null;
}

/**
 * Labels, rows, queue and ledger in one transaction (of an audit: verdicts, queue and ledger); returns how many names got a
 * valid answer. The cost is that of the version that answered, else of the price in the call's row.
 */
export async function settleLlm(
  db: Database,
  worker: string,
  callId: number,
  call: SettledCall,
): Promise<number> {
  const { n } = await db.row<{ n: number }>(
    `select ${db.internal}settle_llm($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) as n`,
    [
      worker,
      callId,
      JSON.stringify(call.answers),
      JSON.stringify(call.refused),
      call.tokensIn,
      call.tokensCached,
      call.tokensOut,
      call.cost ?? null,
      call.modelVersion,
      call.requestId,
      call.tokensWritten,
      call.doubt ?? null,
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
  /** Only what this claim holds goes back; null: whatever the worker holds of the names. */
  claim?: string | null;
}

export async function failCall(
  db: Database,
  worker: string,
  callId: number,
  failed: FailedCall,
): Promise<void> {
  await db.rows(`select ${db.internal}fail_call($1, $2, $3, $4, $5, $6, make_interval(secs => $7), $8)`, [
    worker,
    callId,
    failed.names,
    failed.error,
    failed.arrived,
    failed.counts,
    failed.waitMs / 1000,
    failed.claim ?? null,
  ]);
}

/** Closes calls whose sidecar died. */
export async function closeLostCalls(db: Database): Promise<number> {
  return (await db.row<{ n: number }>(`select ${db.internal}close_lost_calls() as n`)).n;
}

/** Keeps the deployment's name if it is the first with a paid provider; returns whether it may make paid calls here. */
export async function keepDeployment(db: Database, deployment: string): Promise<boolean> {
  return (await db.row<{ may: boolean }>(`select ${db.internal}keep_deployment($1) as may`, [deployment]))
    .may;
}

/** Those of the names that may be sent to a provider. */
export async function sendable(db: Database, names: readonly string[]): Promise<Set<string>> {
  const rows = await db.rows<{ name: string }>(
    `select n as name from unnest($1::text[]) n where ${db.internal}never_sent(n) is null`,
    [names],
  );
  return new Set(rows.map(({ name }) => name));
}

/** Draws audits since the last draw; returns how many checks were made. */
export async function drawAudits(db: Database): Promise<number> {
  const { n } = await db.row<{ n: number }>(
    `select coalesce(sum(drawn), 0)::integer as n from ${db.internal}draw_audits()`,
  );
  return n;
}

/** Puts names that teach into the LLM stage, within the day's tokens for them; returns how many. */
export async function drawTeaching(db: Database): Promise<number> {
  return (await db.row<{ n: number }>(`select ${db.internal}draw_teaching() as n`)).n;
}
