import { fromSql, toSql } from 'pgvector';
import type { Database } from './open.ts';

/** One typed function for each SQL function that works on the queue's local stage and on both stages' leases. */

export type Stage = 'local' | 'llm';

export interface ClaimedName {
  name_key: string;
  attempts: number;
}

/** What a worker holds and what it must give back, by the ids of its claims. */
export interface ClaimsInHand {
  held: readonly string[];
  owed: readonly string[];
}

/** A claim to be taken: its id, and what else is in hand. */
export interface ClaimOf extends ClaimsInHand {
  claim: string;
}

/** Leases up to `most` entries; returns their distinct names. What is owed is taken back first. */
export function claim(
  db: Database,
  worker: string,
  most: number,
  leaseSeconds: number,
  { claim, held, owed }: ClaimOf,
): Promise<ClaimedName[]> {
  return db.rows(`select * from ${db.internal}claim($1, $2, make_interval(secs => $3), $4, $5, $6)`, [
    worker,
    most,
    leaseSeconds,
    claim,
    held,
    owed,
  ]);
}

export interface CacheMiss {
  nameKey: string;
  /** From the database when this encoder has seen the name before. */
  embedding: Float32Array | null;
}

/** Layers 1 and 2; returns the cache misses. */
export async function settleFromMemory(
  db: Database,
  worker: string,
  names: readonly string[],
  encoderId: number | null,
): Promise<CacheMiss[]> {
  const rows = await db.rows<{ name_key: string; embedding: string | null }>(
    `select name_key, embedding::text from ${db.internal}settle_from_memory($1, $2, $3)`,
    [worker, names, encoderId],
  );
  return rows.map((row) => ({
    nameKey: row.name_key,
    embedding: row.embedding === null ? null : Float32Array.from(fromSql(row.embedding) as number[]),
  }));
}

export interface LocalResult {
  nameKey: string;
  /** The deepest category of the best path; null when there is no model. */
  categoryId: number | null;
  confidence: readonly [number, number, number] | null;
  /** Candidates for the LLM, best first; null: nothing is known. */
  shortlist: readonly number[] | null;
  /** How likely each of them is. */
  odds: readonly number[] | null;
  /** What speaks for it, as the columns of evidence; null when there is no model. */
  evidence: { margin: number; nearest: number | null; unknown: number; voices: number | null } | null;
}

const asJson = (results: readonly LocalResult[]) =>
  JSON.stringify(
    results.map((r) => ({
      name_key: r.nameKey,
      category_id: r.categoryId,
      confidence: r.confidence,
      shortlist: r.shortlist,
      odds: r.odds,
      ...r.evidence,
    })),
  );

/** Layer 3's verdict; SQL compares with the thresholds. A model that was taken back is refused (SQLSTATE 55000). */
export function settleLocal(
  db: Database,
  worker: string,
  modelId: number | null,
  results: readonly LocalResult[],
): Promise<{ answered: number; passed_on: number }> {
  return db.row(`select * from ${db.internal}settle_local($1, $2, $3)`, [worker, modelId, asJson(results)]);
}

/** Keeps what a model in shadow says of names that were just decided. */
export async function noteShadow(
  db: Database,
  modelId: number,
  results: readonly LocalResult[],
): Promise<void> {
  await db.rows(`select ${db.internal}note_shadow($1, $2)`, [modelId, asJson(results)]);
}

/** Returns leased names, those of one claim or all; `counts` false where it was not the name's fault. */
export async function giveBack(
  db: Database,
  worker: string,
  stage: Stage,
  names: readonly string[],
  options: { error?: string; counts: boolean; waitMs?: number; claim?: string | null },
): Promise<void> {
  await db.rows(
    `select ${db.internal}give_back($1, $2, $3, $4, $5, make_interval(secs => $6), claim_id => $7)`,
    [
      worker,
      names,
      stage,
      options.error ?? null,
      options.counts,
      (options.waitMs ?? 0) / 1000,
      options.claim ?? null,
    ],
  );
}

/** Extends the leases of what a worker has in hand, calls in flight included; takes back what it owes. */
export async function renew(
  db: Database,
  worker: string,
  leaseSeconds: number,
  { held, owed }: ClaimsInHand,
): Promise<void> {
  await db.rows(`select ${db.internal}renew_leases($1, $2, $3, make_interval(secs => $4))`, [
    worker,
    held,
    owed,
    leaseSeconds,
  ]);
}

/** Stores vectors of name keys; names that have one keep it. */
export async function saveEmbeddings(
  db: Database,
  encoderId: number,
  names: readonly string[],
  vectors: readonly Float32Array[],
): Promise<void> {
  const text = vectors.map((vector) => toSql(Array.from(vector)));
  await db.rows(`select ${db.internal}save_embeddings($1, $2, $3)`, [encoderId, names, text]);
}
