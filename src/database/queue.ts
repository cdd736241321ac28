import { toSql } from 'pgvector';
import type { Database } from './connection/open.ts';
import { halfvecOf } from './memory.ts';

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
  /** Whether the canary answers it. */
  canary: boolean;
}

/**
 * Layers 1 and 2; returns the cache misses.
 *
 * @param canaryShare share of the names that a canary answers; 0: there is none
 */
export async function settleFromMemory(
  db: Database,
  worker: string,
  names: readonly string[],
  encoderId: number | null,
  canaryShare: number,
): Promise<CacheMiss[]> {
  const rows = await db.rows<{ name_key: string; embedding: Buffer | null; canary: boolean }>(
    `select * from ${db.internal}settle_from_memory($1, $2, $3, $4)`,
    [worker, names, encoderId, canaryShare],
  );
  return rows.map(({ name_key: nameKey, embedding, canary }) => ({
    nameKey,
    embedding: embedding === null ? null : halfvecOf(embedding),
    canary,
  }));
}

export interface LocalResult {
  nameKey: string;
  /** The deepest category of the best path; null when there is no model. */
  categoryId: number | null;
  confidence: readonly [number, number, number] | null;
  /** Candidates for the LLM, best first; null: nothing is known. */
  shortlist: number[] | null;
  /** How likely each of them is. */
  probabilities: number[] | null;
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
      probabilities: r.probabilities,
      ...r.evidence,
    })),
  );

/** What the database decides of a model's answer. */
export interface Decision {
  /** The category in use that the answer stands for. */
  category_id: number | null;
  /** Calibrated; null where there is no model. */
  confidence: readonly [number, number, number] | null;
  /** Whether it clears the thresholds of its branch; in shadow the local layer only records that. */
  clear: boolean;
  /** Whether the local layer answers there at present. */
  live: boolean;
  /** The category that is sure where the path is not, with partial answers. */
  safe: number | null;
}

/** The decision of layer 3 on what a model says of names, in their order; writes nothing. */
export function decide(db: Database, modelId: number, results: readonly LocalResult[]): Promise<Decision[]> {
  return db.rows(
    `select category_id, array[l1_confidence, l2_confidence, l3_confidence] as confidence, clear, live, safe
       from ${db.internal}decide($1, ${db.internal}sane_results($2)) order by place`,
    [modelId, asJson(results)],
  );
}

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
