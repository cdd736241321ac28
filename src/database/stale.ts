import type { Database } from './connection/open.ts';

/** One typed function for each SQL function that tries again after a promotion. */

/** Gives names that were passed on by an older model to the local layers again; returns how many, null: not now. */
export async function tryWaiting(db: Database): Promise<number | null> {
  return (await db.row<{ n: number | null }>(`select ${db.internal}try_waiting() as n`)).n;
}

/** The next rows that an older model has answered. */
export function rowsToLookAt(
  db: Database,
  most: number,
): Promise<{ product_id: number; name_key: string }[]> {
  return db.rows(`select * from ${db.internal}rows_to_look_at($1)`, [most]);
}

/** What the champion says of a row that an older model has answered. */
export interface SecondLook {
  product_id: number;
  category_id: number | null;
  /** As the model says. */
  confidence: readonly number[];
}

export async function saveSecondLooks(
  db: Database,
  modelId: number,
  looks: readonly SecondLook[],
): Promise<void> {
  await db.rows(`select ${db.internal}save_second_looks($1, $2)`, [modelId, JSON.stringify(looks)]);
}
