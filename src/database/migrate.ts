import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { runner } from 'node-pg-migrate';
import pg from 'pg';
import { packageRoot } from '../config.ts';
import { TaxonError } from '../errors.ts';
import { log } from '../log.ts';

const migrationsFolder = join(packageRoot, 'migrations');
const repeatableFolder = join(packageRoot, 'sql');
const versionKey = 'sql_sha256';

export interface MigrateOptions {
  /** A direct connection, not a transaction pooler: migrations hold a session lock. */
  url: string;
  /** The schema that everything is made in. */
  schema: string;
  /** Says what would run and changes nothing. */
  check?: boolean;
}

export interface MigrateResult {
  /** Once-only migrations that ran (or would run, with `check`). */
  migrations: string[];
  /** Whether the repeatable SQL was loaded (or would be, with `check`). */
  repeatable: boolean;
}

function sqlFiles(folder: string): string[] {
  return readdirSync(folder)
    .filter((file) => file.endsWith('.sql'))
    .sort();
}

/** One file of repeatable SQL; `@schema@` and `@channel@` are filled in for the few hot functions that write schemas instead of SET. */
function filled(file: string, schema: string): string {
  const text = readFileSync(join(repeatableFolder, file), 'utf8');
  return text.replaceAll('@schema@', `"${schema}"`).replaceAll('@channel@', schema);
}

function repeatableSql(schema: string): string {
  return sqlFiles(repeatableFolder)
    .map((file) => filled(file, schema))
    .join('\n');
}

/** What the database records after loading: any change of any SQL file changes it. */
export function sqlVersion(schema: string): string {
  return createHash('sha256').update(repeatableSql(schema)).digest('hex');
}

/** schema, then where the extensions live, then pg_temp last so that a temporary table can shadow nothing. */
function searchPath(schema: string, extensionSchemas: readonly string[]): string {
  const rest = extensionSchemas.filter((name) => name !== schema && name !== 'pg_catalog');
  return [schema, ...new Set(rest), 'pg_temp'].map((name) => `"${name.replaceAll('"', '""')}"`).join(', ');
}

async function extensionSchemas(client: pg.Client): Promise<Map<string, string>> {
  const { rows } = await client.query<{ extname: string; nspname: string }>(
    `select e.extname, n.nspname from pg_extension e join pg_namespace n on n.oid = e.extnamespace
     where e.extname in ('vector', 'pg_trgm')`,
  );
  return new Map(rows.map((row) => [row.extname, row.nspname]));
}

/** Makes sure that vector and pg_trgm are there and returns their schemas. Managed databases have them installed before. */
async function ensureExtensions(client: pg.Client): Promise<string[]> {
  let present = await extensionSchemas(client);
  for (const name of ['vector', 'pg_trgm']) {
    if (present.has(name)) continue;
    try {
      await client.query(`create extension if not exists ${name}`);
    } catch (error) {
      throw new TaxonError(
        `the extension ${name} is not installed in this database and could not be created`,
        {
          hint: `As a superuser type: create extension ${name}; (on a managed service: switch it on in its console).`,
          cause: error,
        },
      );
    }
  }
  present = await extensionSchemas(client);
  return [...present.values()];
}

/** Refuses databases in which the similar layer or normalise() would silently not work. */
async function checkDatabase(client: pg.Client): Promise<void> {
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
      hint: 'Create one with encoding UTF8.',
    });
  }
}

async function checkTrigrams(client: pg.Client, extensions: readonly string[]): Promise<void> {
  await client.query(`set search_path = ${searchPath('pg_catalog', extensions)}`);
  const { rows } = await client.query<{ empty: boolean }>(`select show_trgm('чайник') = '{}' as empty`);
  if (rows[0]?.empty) {
    throw new TaxonError('pg_trgm sees no letters in Cyrillic names here: the database has the locale C', {
      hint: "Create a database with a UTF-8 locale: create database taxon template template0 encoding 'UTF8' locale 'C.UTF-8';",
    });
  }
}

/**
 * Once-only migrations (node-pg-migrate), then the repeatable SQL, each in one transaction. Safe to call twice and
 * from several processes at once (a lock that follows the schema's name).
 *
 * @throws TaxonError when the database cannot hold pgtaxon, with what to do
 */
export async function migrate(options: MigrateOptions): Promise<MigrateResult> {
  const { schema, check = false } = options;
  const client = new pg.Client({ connectionString: options.url, application_name: 'taxon migrate' });
  await client.connect();
  const lock = createHash('sha256').update(`pgtaxon ${schema}`).digest().readInt32BE();
  try {
    await checkDatabase(client);
    await client.query('select pg_advisory_lock($1)', [lock]);
    const extensions = await ensureExtensions(client);
    await checkTrigrams(client, extensions);
    const path = searchPath(schema, extensions);
    if (!check) await client.query(`create schema if not exists "${schema}"`);
    await client.query(`set search_path = ${path}`);
    const before = await recordedVersion(client, schema);
    const ran = await runner({
      dbClient: client,
      dir: migrationsFolder,
      direction: 'up',
      migrationsTable: 'migrations',
      migrationsSchema: schema,
      schema: [schema, ...extensions],
      checkOrder: true,
      dryRun: check,
      // Our own lock, above, also covers the repeatable SQL and follows the schema's name.
      noLock: true,
      logger: {
        debug: () => {},
        info: () => {},
        warn: (m: string) => log.warn(m),
        error: (m: string) => log.error(m),
      },
    });
    const wanted = sqlVersion(schema);
    const migrations = ran.map((migration) => migration.name);
    const repeatable = before !== wanted || migrations.length > 0;
    if (repeatable && !check) await loadRepeatable(client, schema, path, wanted);
    return { migrations, repeatable };
  } finally {
    await client.end();
  }
}

async function recordedVersion(client: pg.Client, schema: string): Promise<string | null> {
  const { rows } = await client.query<{ there: boolean }>('select to_regclass($1) is not null as there', [
    `"${schema}".settings`,
  ]);
  if (!rows[0]?.there) return null;
  const found = await client.query<{ value: string }>(
    `select value #>> '{}' as value from "${schema}".settings where key = $1`,
    [versionKey],
  );
  return found.rows[0]?.value ?? null;
}

async function loadRepeatable(
  client: pg.Client,
  schema: string,
  path: string,
  version: string,
): Promise<void> {
  await client.query('begin');
  try {
    await client.query(`set local search_path = ${path}`);
    for (const file of sqlFiles(repeatableFolder)) {
      const text = filled(file, schema);
      try {
        await client.query(text);
      } catch (error) {
        const at = (error as { position?: string }).position;
        const line = at === undefined ? '' : `:${text.slice(0, Number(at)).split('\n').length}`;
        throw new TaxonError(`sql/${file}${line}: ${(error as Error).message}`, { cause: error });
      }
    }
    await client.query(
      `insert into settings (key, value, description) values ($1, to_jsonb($2::text), 'Digest of the repeatable SQL loaded last; written by taxon migrate.')
       on conflict (key) do update set value = excluded.value, changed_at = now()`,
      [versionKey, version],
    );
    await client.query('commit');
  } catch (error) {
    await client.query('rollback');
    throw error;
  }
}

/**
 * The whole extension as one SQL text for a DBA who runs it by hand, in psql with -1.
 *
 * @param extensions schemas that vector and pg_trgm are installed in
 */
export function migrationScript(schema: string, extensions: readonly string[]): string {
  const names = sqlFiles(migrationsFolder);
  const bodies = names.map((file) => readFileSync(join(migrationsFolder, file), 'utf8'));
  const record = names.map((file) => `('${file.replace(/\.sql$/, '')}', now())`).join(',\n  ');
  return [
    `create schema if not exists "${schema}";`,
    `set search_path = ${searchPath(schema, extensions)};`,
    ...bodies,
    'create table migrations (id serial primary key, name varchar(255) not null, run_on timestamp not null);',
    `insert into migrations (name, run_on) values\n  ${record};`,
    repeatableSql(schema),
    `insert into settings (key, value, description) values ('${versionKey}', '"${sqlVersion(schema)}"', 'Digest of the repeatable SQL loaded last; written by taxon migrate.') on conflict (key) do update set value = excluded.value;`,
    '',
  ].join('\n');
}
