import pg from 'pg';
import type { Config } from '../../config.ts';
import { messageOf, TaxonError } from '../../errors.ts';
import { log } from '../../log.ts';
import { inWords } from './compare.ts';
import { newPool } from './connect.ts';
import { sqlVersion } from './migrate.ts';
import { hintAtRole } from './rights.ts';
import { internalSchema } from './schemas.ts';

const int8 = 20;
const int8Array = 1016;
const numeric = 1700;

/**
 * Everything here works through a transaction pooler: no session SET, no named statement, no session lock, every name
 * written with its schema.
 */
export interface Database {
  /** The schema's name, quoted, with a dot: `"taxon".` goes before every table and function. */
  readonly at: string;
  /** The internal schema's name, quoted, with a dot. */
  readonly internal: string;
  readonly schema: string;
  readonly url: string;
  rows<T>(sql: string, values?: unknown[]): Promise<T[]>;
  /** The first row; an error when there is none. */
  row<T>(sql: string, values?: unknown[]): Promise<T>;
  /** Runs `work` in one transaction on one connection. */
  transaction<T>(work: (client: pg.PoolClient) => Promise<T>): Promise<T>;
  /**
   * The same database for statements that come back within so many milliseconds, or count as lost with their connection: over
   * one that is half-open nothing ever comes back. What was lost may have been done.
   */
  within(ms: number): Database;
  close(): Promise<void>;
}

/** SQLSTATEs after which the same statement may simply be sent again: serialisation failure, deadlock. */
const again = new Set(['40001', '40P01']);

/** How long statements that are still under way may hold up a good-bye. */
const longestGoodbyeMs = 5000;

function codeOf(error: unknown): string | undefined {
  return (error as { code?: string }).code;
}

/** '{1,2}' → [1, 2]; arrays of ids hold no NULL. */
const ids = (text: string): number[] => (text === '{}' ? [] : text.slice(1, -1).split(',').map(Number));

/** bigint, numeric and bigint[] as numbers: ids stay below 2^53, money is shown and not computed with. */
const types = {
  getTypeParser(oid: number, format?: 'text' | 'binary') {
    if (format === 'binary') return pg.types.getTypeParser(oid, 'binary');
    if (oid === int8 || oid === numeric) return Number;
    return oid === int8Array ? ids : pg.types.getTypeParser(oid, 'text');
  },
};

export function openDatabase(
  url: string,
  config: Pick<Config, 'schema' | 'poolSize'>,
  name = 'taxon',
): Database {
  const pool = newPool(url, {
    max: config.poolSize,
    application_name: name,
    keepAlive: true,
    connectionTimeoutMillis: 10_000,
    types: types as pg.CustomTypesConfig,
  });
  // an idle connection that the server ended: the pool opens another when one is needed
  pool.on('error', (error) => log.debug('an idle database connection ended', { error: messageOf(error) }));
  const open = new Set<pg.Client>();
  pool.on('connect', (client) => open.add(client));
  pool.on('remove', (client) => open.delete(client));

  async function close(): Promise<void> {
    // a statement that never comes back would hold the process
    const late = setTimeout(() => {
      for (const client of open) client.end().catch(() => {});
    }, longestGoodbyeMs);
    await pool.end().finally(() => clearTimeout(late));
  }
  return overPool(pool, { url, schema: config.schema, close }, name === 'taxon sidecar');
}

function overPool(
  pool: pg.Pool,
  facts: Pick<Database, 'url' | 'schema' | 'close'>,
  isSidecar: boolean,
  withinMs?: number,
): Database {
  const limit = withinMs === undefined ? {} : { query_timeout: withinMs };

  /** The error, with the role that is missing where rights are; asked on a connection that is free. */
  async function hinted(error: unknown, client: pg.Pool | pg.PoolClient): Promise<unknown> {
    await hintAtRole(client as pg.PoolClient, facts.schema, error, isSidecar);
    return error;
  }

  async function rows<T>(sql: string, values: unknown[] = []): Promise<T[]> {
    for (let attempt = 1; ; attempt++) {
      try {
        return (await pool.query({ text: sql, values, ...limit })).rows as T[];
      } catch (error) {
        if (attempt >= 4 || !again.has(codeOf(error) ?? '')) throw await hinted(error, pool);
      }
    }
  }
  return {
    ...facts,
    at: `"${facts.schema}".`,
    internal: `"${internalSchema(facts.schema)}".`,
    within: (ms) => overPool(pool, facts, isSidecar, ms),
    rows,
    async row<T>(sql: string, values: unknown[] = []): Promise<T> {
      const [first] = await rows<T>(sql, values);
      if (first === undefined) throw new TaxonError(`no row came back from: ${sql}`);
      return first;
    },
    async transaction(work) {
      const client = await pool.connect();
      let broken = false;
      const onLost = (error: Error) => {
        broken = true;
        log.debug('a database connection was lost in a transaction', { error: messageOf(error) });
      };
      client.on('error', onLost);
      try {
        // whatever the database's default is: under SERIALIZABLE what others insert meanwhile could fail for what is read here
        await client.query({ text: 'begin isolation level read committed', ...limit });
        const result = await work(client);
        await client.query({ text: 'commit', ...limit });
        return result;
      } catch (error) {
        await client.query({ text: 'rollback', ...limit }).catch(() => {
          broken = true;
        });
        throw await hinted(error, client);
      } finally {
        client.off('error', onLost);
        client.release(broken);
      }
    },
  };
}

/**
 * Checks that the schema is there and as new as this program, for processes that never migrate.
 *
 * @throws TaxonError that says to run `taxon migrate`
 */
export async function requireMigrated(db: Database): Promise<void> {
  let found: string | undefined;
  try {
    found = (
      await db.rows<{ v: string }>(
        `select value #>> '{}' as v from ${db.internal}all_settings where key = 'sql_sha256'`,
      )
    )[0]?.v;
  } catch (error) {
    if (codeOf(error) !== '42P01' && codeOf(error) !== '3F000') throw error;
  }
  if (found === undefined) {
    throw new TaxonError(`the database has no schema "${db.schema}" made by pgtaxon`, {
      hint: 'Run: taxon migrate',
    });
  }
  if (found !== sqlVersion(db.schema)) {
    throw new TaxonError(`the SQL in the schema "${db.schema}" is of another version than this program`, {
      hint: 'Run: taxon migrate',
    });
  }
  // a dump that was restored brings its digest along, whatever it lost on the way
  const lost = await db.rows<{ name: string }>(
    `select x.name from (select distinct split_part(split_part(o.object, ' ', 2), '(', 1) as name
                           from ${db.internal}schema_objects o where o.object like 'function %') x
       where x.name <> all (array(select p.proname::text from pg_proc p join pg_namespace n on n.oid = p.pronamespace
                                    where n.nspname = any ($1))) order by 1`,
    [[db.schema, internalSchema(db.schema)]],
  );
  if (lost.length > 0) {
    const names = inWords(lost.map(({ name }) => `${name}()`));
    throw new TaxonError(`the schema "${db.schema}" has lost functions, as in a restore: ${names}`, {
      hint: 'Run: taxon migrate',
    });
  }
}
