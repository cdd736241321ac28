import type { Database } from './connection/open.ts';
import type { LlmItem } from './ledger.ts';

/** One typed function for each SQL function of the provider's batches. */

export interface OpenBatch {
  llm_batch_id: number;
  reference: string;
  provider: string;
  model: string;
  /** Null until the provider has it. */
  provider_batch_id: string | null;
  state: 'filling' | 'sending' | 'running';
  cancelled: boolean;
  created_at: Date;
  names: number;
}

/** A call of a batch whose outcome is not written yet. */
export interface OpenBatchCall {
  llm_call_id: number;
  purpose: LlmItem['purpose'];
  route: string;
  /** The upper estimate. */
  tokens_in: number;
  tokens_out: number;
  model: string;
  name_keys: string[];
  offered: number[];
  /** Of each name, the step that it is asked in. */
  nexts: LlmItem['next'][];
  branches: LlmItem['branch'][];
}

/** The worker that holds the names of a batch, in whatever process it is looked after. */
export const batchWorker = (batchId: number): string => `batch ${batchId}`;

export function openBatch(
  db: Database,
  provider: string,
  model: string,
): Promise<{ llm_batch_id: number; reference: string }> {
  return db.row(`select * from ${db.internal}open_batch($1, $2)`, [provider, model]);
}

export async function addToBatch(
  db: Database,
  batchId: number,
  callId: number,
  names: readonly string[],
  offered: Iterable<number>,
): Promise<void> {
  await db.rows(`select ${db.internal}add_to_batch($1, $2, $3, $4)`, [batchId, callId, names, [...offered]]);
}

/** Without the provider's id: it is about to be sent. */
export async function noteBatch(db: Database, batchId: number, providerBatchId?: string): Promise<void> {
  await db.rows(`select ${db.internal}note_batch($1, $2)`, [batchId, providerBatchId ?? null]);
}

export function openBatches(db: Database): Promise<OpenBatch[]> {
  return db.rows(`select * from ${db.internal}open_batches()`);
}

export function openBatchCalls(db: Database, batchId: number): Promise<OpenBatchCall[]> {
  return db.rows(`select * from ${db.internal}open_batch_calls($1)`, [batchId]);
}

/** Marks all that have not ended; returns how many. */
export async function cancelBatches(db: Database): Promise<number> {
  return (await db.row<{ n: number }>(`select ${db.internal}cancel_batches() as n`)).n;
}

/** Its open calls are failed, or where something may be `owed` unknown; all names that it holds go back. */
export async function endBatch(
  db: Database,
  batchId: number,
  end: { failed: boolean; error: string | null; owed: boolean },
): Promise<void> {
  await db.rows(`select ${db.internal}end_batch($1, $2, $3, $4)`, [batchId, end.failed, end.error, end.owed]);
}

export interface BatchTotals {
  batches: number;
  calls: number;
  names: number;
  answered: number;
  tokens_in: number;
  tokens_cached: number;
  tokens_out: number;
  /** US dollars; null where no price is known. */
  cost: number | null;
  simulated: boolean;
}

/** Sums of the ledger over the batches from `first` on. */
export function batchTotals(db: Database, first: number): Promise<BatchTotals> {
  return db.row(`select * from ${db.internal}batch_totals($1)`, [first]);
}
