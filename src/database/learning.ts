import type { Database } from './connection/open.ts';
import { refusing } from './connection/refusals.ts';

/** What more labels would bring. */

export interface Ahead {
  labels_trained: number | null;
  labels_now: number;
  labels_then: number;
  llm_share_now: number | null;
  llm_share_then: number | null;
  low: number | null;
  high: number | null;
  tokens_a_product_now: number | null;
  tokens_a_product_then: number | null;
  dollars_saved_a_month: number | null;
  /** The same of the names that memory does not know. */
  passed_on_now: number | null;
  passed_on_then: number | null;
  passed_on_low: number | null;
  passed_on_high: number | null;
  points: number | null;
  held_out: number | null;
  verdict: string;
}

/** What so many more labels would bring (null: as many as the curve reaches), and in words where it cannot be said. */
export function curveAhead(db: Database, more: number | null): Promise<Ahead> {
  return refusing(db.row<Ahead>(`select * from ${db.at}learning_curve($1)`, [more]));
}

export interface MeasuredPoint {
  names: number;
  all_right: number;
  passed_on: number;
  llm_share: number | null;
  tokens_saved_a_product: number | null;
}

/** The points that the champion's training measured. */
export function measuredPoints(db: Database): Promise<MeasuredPoint[]> {
  return db.rows(`select * from ${db.internal}learning_points()`);
}

export interface RetrainPays {
  pays: boolean;
  labels_trained: number | null;
  labels_now: number;
  llm_share_now: number | null;
  llm_share_then: number | null;
  low: number | null;
  high: number | null;
  least_gain: number;
  verdict: string;
}

/** Whether the labels that are new since the champion's training pay for another. */
export function retrainPays(db: Database): Promise<RetrainPays> {
  return db.row(`select * from ${db.internal}retrain_pays()`);
}
