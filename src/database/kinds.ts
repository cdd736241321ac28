import type { Database } from './connection/open.ts';
import { refusing } from './connection/refusals.ts';
import type { Kind } from './kind-types.ts';

/** Kinds of names: finding them, what a person sees of one, and what he says of it. */

/** What a decision did. */
export interface KindDecision {
  run_id: number | null;
  path: string | null;
  labels: number;
  corrected: number;
  rows_corrected: number;
  rows_asked_again: number;
  left_out: number;
  checks: number;
  parts: number[];
  proof: string | null;
}

/** What a person says of a kind. */
export interface KindWord {
  mode: 'decide' | 'split' | 'not_sure' | 'undo';
  categoryId?: number;
  /** Numbers of names that do not belong. */
  unmarked?: readonly number[];
  /** How many were shown that had been drawn at random. */
  shown?: number;
}

/** Groups all names into kinds anew; returns how many there are. Reads all of memory. */
export async function findKinds(db: Database): Promise<number> {
  return (await db.row<{ n: number }>(`select ${db.internal}find_kinds() as n`)).n;
}

/** When kinds were last found, null: never; and how many labels there are. */
export function kindsAge(db: Database): Promise<{ found_at: Date | null; names: number }> {
  return db.row(`select * from ${db.internal}kinds_age()`);
}

/** Open kinds, those first where most answers are likely wrong. */
export function listKinds(db: Database, most: number, word: string | null): Promise<Kind[]> {
  return db.rows(`select * from ${db.at}kinds($1, $2)`, [most, word]);
}

/** One open kind with so many names drawn at random; undefined where it is not open any more. */
export async function openKind(db: Database, kindId: number, shown: number): Promise<Kind | undefined> {
  return (await db.rows<Kind>(`select * from ${db.at}kinds(kind_id => $1, shown => $2)`, [kindId, shown]))[0];
}

/**
 * Says what a kind is; committed when this returns.
 *
 * @throws TaxonError where the kind or category is none, or the kind is not open
 */
export function decideKind(db: Database, kindId: number, word: KindWord): Promise<KindDecision> {
  const { mode, categoryId = null, unmarked = [], shown = 0 } = word;
  return refusing(
    db.row(
      `select * from ${db.at}decide_kind($1, category_id => $2, unmarked => $3, shown => $4, mode => $5)`,
      [kindId, categoryId, unmarked, shown, mode],
    ),
  );
}
