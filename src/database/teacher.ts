import type { Database } from './connection/open.ts';

/** A name of which people said what it is. */
export interface CheckedTruth {
  name_key: string;
  category_id: number;
  /** Drawn for checks, so that no model has learnt it. */
  never_trained: boolean;
}

/** Up to so many checked names, in an order that is chance but always the same. */
export function checkedTruths(db: Database, most: number): Promise<CheckedTruth[]> {
  return db.rows(`select * from ${db.internal}checked_truths($1)`, [most]);
}

/** A share with its exact interval (Clopper and Pearson, 95%); null where `enough_checks()` says that they are too few. */
export interface Share {
  n: number;
  count: number;
  share: number | null;
  lower: number | null;
  upper: number | null;
}

/** Shares of counts, each `count` of `n`. */
export async function sharesOf(
  db: Database,
  counts: readonly { n: number; count: number }[],
): Promise<Share[]> {
  const bounds = await db.rows<Pick<Share, 'lower' | 'upper'> & { enough: boolean }>(
    `select n >= ${db.internal}enough_checks() as enough, ${db.internal}bound_told(c, n, false) as lower, ${db.internal}bound_told(c, n, true) as upper
       from unnest($1::bigint[], $2::bigint[]) with ordinality u(c, n, i) order by i`,
    [counts.map(({ count }) => count), counts.map(({ n }) => n)],
  );
  return counts.map(({ n, count }, i) => ({
    n,
    count,
    share: bounds[i]?.enough ? count / n : null,
    lower: bounds[i]?.lower ?? null,
    upper: bounds[i]?.upper ?? null,
  }));
}

/** How a model version's word of its certainty becomes a confidence; null with fewer than 50 of its answers checked. */
export async function llmCalibration(
  db: Database,
  model: string,
): Promise<{ offset: number; slope: number } | null> {
  const { said_offset: offset, slope } = await db.row<{ said_offset: number | null; slope: number | null }>(
    `select said_offset, slope from ${db.internal}llm_calibration($1)`,
    [model],
  );
  return offset === null || slope === null ? null : { offset, slope };
}
