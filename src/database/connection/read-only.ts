import type { Database } from './open.ts';

/** The same database for reading alone: each statement in a transaction that may not write, through a pooler too. */
export function readOnly(db: Database): Database {
  const rows = <T>(sql: string, values: unknown[] = []): Promise<T[]> =>
    db.transaction(async (client) => {
      await client.query('set transaction read only');
      return (await client.query(sql, values)).rows as T[];
    });
  return {
    ...db,
    rows,
    async row<T>(sql: string, values: unknown[] = []): Promise<T> {
      const [first] = await rows<T>(sql, values);
      if (first === undefined) throw new Error(`no row came back from: ${sql}`);
      return first;
    },
  };
}
