import type pg from 'pg';
import { TaxonError } from '../../errors.ts';
import { actAsOwner, requireRoles, requireSafePath } from './rights.ts';
import { internalSchema } from './schemas.ts';
import { pathOf } from './sql-files.ts';

/**
 * Refuses a connection through a pooler, where the session lock and the search_path would end up on connections of
 * others. A server tells each client the process id of its own backend; a pooler makes one up.
 */
export async function requireDirect(client: pg.Client): Promise<void> {
  const { rows } = await client.query<{ pid: number }>('select pg_catalog.pg_backend_pid() as pid');
  if (rows[0]?.pid === (client as { processID?: number | null }).processID) return;
  throw new TaxonError('migrations cannot run through a connection pooler', {
    hint: 'Give the direct address of the database: TAXON_DIRECT_DATABASE_URL=postgres://…',
  });
}

/** Refuses servers and databases that pgtaxon cannot work on. */
async function requireServer(client: pg.Client): Promise<void> {
  const { rows } = await client.query<{ version: number; encoding: string; database: string }>(
    `select current_setting('server_version_num')::int as version, getdatabaseencoding() as encoding,
            current_database() as database`,
  );
  const row = rows[0];
  if (row === undefined) return;
  if (row.version < 150000) {
    throw new TaxonError(`PostgreSQL ${Math.floor(row.version / 10000)} is too old`, {
      hint: 'pgtaxon needs 15 or newer.',
    });
  }
  if (row.encoding !== 'UTF8') {
    throw new TaxonError(`the database ${row.database} has the encoding ${row.encoding}`, {
      hint: "Create one with UTF8: create database taxon template template0 encoding 'UTF8' locale 'C.UTF-8';",
    });
  }
}

async function extensionSchemas(client: pg.Client): Promise<Map<string, string>> {
  const { rows } = await client.query<{ extname: string; nspname: string }>(
    `select e.extname, n.nspname from pg_extension e join pg_namespace n on n.oid = e.extnamespace
     where e.extname in ('vector', 'pg_trgm')`,
  );
  return new Map(rows.map((row) => [row.extname, row.nspname]));
}

/**
 * Returns the schemas that vector and pg_trgm are in. Managed databases have them installed before.
 *
 * @param create the schema to make them in where they are missing; null: makes none
 */
async function requireExtensions(client: pg.Client, create: string | null): Promise<string[]> {
  const before = await extensionSchemas(client);
  const missing = create === null ? [] : ['vector', 'pg_trgm'].filter((name) => !before.has(name));
  // both or neither
  await client.query('begin');
  for (const name of missing) {
    try {
      await client.query(`create extension if not exists ${name} schema "${create}"`);
    } catch (error) {
      await client.query('rollback');
      throw new TaxonError(
        `the extension ${name} is not installed in this database and could not be created`,
        {
          hint: `As a superuser type: create extension ${name}; (on a managed service: switch it on in its console).`,
          cause: error,
        },
      );
    }
  }
  await client.query('commit');
  const present = await extensionSchemas(client);
  return [...new Set(present.values())];
}

/** Refuses databases in which the similar layer would silently find nothing. */
async function requireTrigrams(client: pg.Client, extensions: readonly string[]): Promise<void> {
  await client.query(`set search_path = ${pathOf(['pg_catalog'], extensions)}`);
  const { rows } = await client.query<{ empty: boolean }>(`select show_trgm('чайник') = '{}' as empty`);
  await client.query('set search_path = pg_catalog');
  if (rows[0]?.empty) {
    throw new TaxonError('pg_trgm sees no letters in Cyrillic names here: the database has the locale C', {
      hint: "Create a database with a UTF-8 locale: create database taxon template template0 encoding 'UTF8' locale 'C.UTF-8';",
    });
  }
}

/**
 * All that must be so before anything of the schema is made: server, roles, extensions, owner, rights. What is missing
 * is said before anything is made.
 *
 * @param check makes nothing
 * @returns the schemas that vector and pg_trgm are in
 * @throws TaxonError with what to do
 */
export async function prepare(client: pg.Client, schema: string, check: boolean): Promise<string[]> {
  // where extensions would be made; from here on nothing of others is called, whatever the login's own path
  await client.query('reset role; reset search_path'); // tried again, it begins as the first time
  const { rows } = await client.query<{ home: string }>(
    "select coalesce(pg_catalog.current_schema()::text, 'public') as home",
  );
  const home = rows[0]?.home ?? 'public';
  await client.query('set search_path = pg_catalog');
  await requireServer(client);
  await requireRoles(client, false);
  const present = await extensionSchemas(client);
  await actAsOwner(client, schema);
  await requireSafePath(client, [
    schema,
    internalSchema(schema),
    ...present.values(),
    ...(present.size < 2 ? [home] : []),
  ]);
  // extensions and roles are made by the login, which may more than an owner who is only acted for
  await client.query('reset role');
  const extensions = await requireExtensions(client, check ? null : home);
  if ((await extensionSchemas(client)).has('pg_trgm')) await requireTrigrams(client, extensions);
  await requireRoles(client, !check);
  await actAsOwner(client, schema);
  return extensions;
}
