import type { Database } from '../connection/open.ts';

/** The roles that a person's token may stand for. */
export const pageRoles = ['taxon_reader', 'taxon_admin'] as const;
export type PageRole = (typeof pageRoles)[number];

/** One transaction in which the page asks, with the rights of one role. */
export interface Asking {
  readonly at: string;
  readonly internal: string;
  readonly schema: string;
  rows<T>(sql: string, values?: unknown[]): Promise<T[]>;
}

/** A screen that takes longer says so instead of holding a connection. */
const longest = '30 s';

/**
 * Does `work` in one transaction in which this role alone has a say, so that the database refuses what the role may not.
 *
 * @param role null: the connection's own rights, as psql would have them
 * @param mode `read only`: nothing can be changed, whoever asks
 */
export function asRole<T>(
  db: Database,
  role: PageRole | null,
  mode: 'read only' | 'read write',
  work: (ask: Asking) => Promise<T>,
): Promise<T> {
  return db.transaction(async (client) => {
    const setRole = role === null ? '' : `set local role ${role};`;
    await client.query(`set transaction ${mode}; ${setRole} set local statement_timeout = '${longest}'`);
    return work({
      at: db.at,
      internal: db.internal,
      schema: db.schema,
      rows: async (text, values = []) => (await client.query({ text, values })).rows,
    });
  });
}

/** Whether this login may become the role. */
export async function mayBecome(db: Database, role: PageRole): Promise<boolean> {
  const { may } = await db.row<{ may: boolean }>(
    `select pg_has_role(session_user, $1, case when current_setting('server_version_num')::integer < 160000 then 'member' else 'set' end) as may`,
    [role],
  );
  return may;
}
