import { randomBytes } from 'node:crypto';
import type pg from 'pg';
import { messageOf, TaxonError } from '../../errors.ts';
import { newClient } from './connect.ts';
import { requireDirect } from './requirements.ts';

const options = { application_name: 'taxon direct', connectionTimeoutMillis: 10_000, query_timeout: 10_000 };
const named = 'TAXON_DIRECT_DATABASE_URL';

async function connected(url: string): Promise<pg.Client> {
  const client = newClient(url, options);
  await client.connect();
  return client;
}

/** Whether two connections are to one database: what is locked on the one is seen locked on the other. A copy has all else alike. */
async function oneDatabase(client: pg.Client, direct: pg.Client): Promise<boolean> {
  const [high, low] = [randomBytes(4).readInt32BE(), randomBytes(4).readInt32BE()];
  await client.query('begin');
  try {
    await client.query('select pg_advisory_xact_lock($1, $2)', [high, low]);
    const { rowCount } = await direct.query(
      `select from pg_locks l join pg_database d on d.oid = l.database
         where l.locktype = 'advisory' and d.datname = current_database()
           and l.classid = ($1::bigint & 4294967295)::oid and l.objid = ($2::bigint & 4294967295)::oid`,
      [high, low],
    );
    return rowCount === 1;
  } finally {
    await client.query('rollback').catch(() => {});
  }
}

/**
 * Looks whether the direct address leads past the pooler to the same database, which nothing else would say: migrations
 * would change another one, and a sidecar would listen where nobody calls.
 *
 * @returns why it is of no use: it cannot be reached, or goes through a pooler too; null where all is well, or where the
 *   other address cannot be reached
 * @throws TaxonError when it is another database
 */
export async function uselessDirect(url: string, directUrl: string): Promise<string | null> {
  let direct: pg.Client;
  try {
    direct = await connected(directUrl);
  } catch (error) {
    return `${named} cannot be reached: ${messageOf(error)}`;
  }
  try {
    const pooled = await requireDirect(direct).then(
      () => false,
      () => true,
    );
    const client = await connected(url).catch(() => null);
    const same = client === null || (await oneDatabase(client, direct).finally(() => client.end()));
    if (!same)
      throw new TaxonError(`${named} leads to another database than DATABASE_URL`, {
        hint: 'Both must name the same database: the one through the pooler, the other past it.',
      });
    return pooled ? `${named} goes through a connection pooler too` : null;
  } finally {
    await direct.end();
  }
}

/**
 * The address for migrations: the direct one where there is one.
 *
 * @throws TaxonError when that one is of no use
 */
export async function migrationUrl(url: string, directUrl: string | undefined): Promise<string> {
  if (directUrl === undefined) return url;
  const reason = await uselessDirect(url, directUrl);
  if (reason !== null)
    throw new TaxonError(reason, { hint: `Correct ${named}, or leave it out where DATABASE_URL is direct.` });
  return directUrl;
}
