import { join } from 'node:path';
import type pg from 'pg';
import { packageRoot } from '../../config.ts';
import { messageOf, TaxonError } from '../../errors.ts';
import { log } from '../../log.ts';
import { type Comparison, compareSchema, recordSchema, repairSchema } from './compare.ts';
import { newClient } from './connect.ts';
import { givingWay } from './give-way.ts';
import { lockKey } from './lock-key.ts';
import { prepare, requireDirect } from './requirements.ts';
import { internalSchema } from './schemas.ts';
import {
  isPublic,
  migrationFiles,
  migrationName,
  repeatableFiles,
  type SqlFile,
  searchPath,
  sqlVersion,
  versionDescription,
  versionKey,
} from './sql-files.ts';

export { sqlVersion } from './sql-files.ts';

export interface MigrateOptions {
  /** A direct connection, not a transaction pooler: migrations hold a session lock. */
  url: string;
  /** The schema that everything is made in. */
  schema: string;
  /** Says what would run and changes nothing. */
  check?: boolean;
  /** How long it is tried while other transactions are in the way. */
  lockWaitSeconds?: number;
  /** The folder that holds migrations/ and sql/; this package's, but for tests. */
  root?: string;
}

export interface MigrateResult {
  /** Once-only migrations that ran (or would run, with `check`). */
  migrations: string[];
  /** Whether the repeatable SQL was loaded (or would be, with `check`). */
  repeatable: boolean;
  /** What was not as an earlier migrate left it, one line each; absent: nothing. */
  repairs?: string[];
}

/**
 * Once-only migrations (node-pg-migrate), then the repeatable SQL, each in one transaction. Safe to call twice and
 * from several processes at once (a lock that follows the schema's name).
 *
 * @throws TaxonError when the database cannot hold pgtaxon, with what to do
 */
export async function migrate(options: MigrateOptions): Promise<MigrateResult> {
  const { schema, check = false, root = packageRoot } = options;
  const client = newClient(options.url, { application_name: 'taxon migrate' });
  await client.connect();
  // others are never held up: each step lets them through and is tried again
  const patiently = <T>(what: string, work: () => Promise<T>) =>
    givingWay(client, options.url, what, work, options.lockWaitSeconds);
  try {
    await requireDirect(client);
    await patiently('migrate, of which one runs at a time,', () =>
      client.query('select pg_catalog.pg_advisory_lock($1::bigint)', [lockKey(schema, 'migrate')]),
    );
    const extensions = await patiently('migrate', () => prepare(client, schema, check));
    await requireRoom(client, schema);
    const recorded = await recordedState(client, schema);
    const files = migrationFiles(root);
    const known = files.map(migrationName);
    const newer = recorded.migrations.filter((name) => !known.includes(name));
    if (newer.length > 0) {
      throw new TaxonError(`the schema "${schema}" was migrated by a newer pgtaxon: ${newer.join(', ')}`, {
        hint: 'Update pgtaxon here.',
      });
    }
    const version = sqlVersion(schema, root);
    const migrations = known.filter((name) => !recorded.migrations.includes(name));
    const paths = {
      public: searchPath(schema, extensions, 'public'),
      internal: searchPath(schema, extensions),
    };
    let here = await patiently('migrate', () => compareSchema(client, schema, paths.internal));
    const repairs = here.differences.map(({ text }) => text);
    const due = migrations.length > 0 || recorded.version !== version || here.recorded.length === 0;
    const result: MigrateResult = { migrations, repeatable: due || repairs.length > 0 };
    if (repairs.length > 0) result.repairs = repairs;
    if (check) return result;
    if (repairs.length > 0) {
      const found = here;
      here = await patiently('migrate', () => repairSchema(client, schema, paths.internal, found));
    }
    if (migrations.length > 0)
      await patiently('migrate', () => runMigrations(client, schema, extensions, files, root));
    if (result.repeatable)
      await patiently('migrate', () =>
        loadRepeatable(client, paths, repeatableFiles(schema, root), version, here),
      );
    return result;
  } finally {
    await client.end();
  }
}

/**
 * Refuses schemas that are not there to be worked on: from before the first release's baseline, when everything stood in one
 * schema, or an internal schema that is somebody else's.
 */
async function requireRoom(client: pg.Client, schema: string): Promise<void> {
  const internal = internalSchema(schema);
  const { rows } = await client.query<{ older: boolean; ours: boolean; holds: string | null }>(
    `select to_regclass($1) is not null as older, to_regclass($2) is not null as ours,
            (select string_agg(x.name, ', ') from (
               select c.relname as name from pg_class c join pg_namespace n on n.oid = c.relnamespace
                 where n.nspname = $3 and c.relkind in ('r', 'v', 'm', 'p', 'f')
               union all
               select p.proname || '()' from pg_proc p join pg_namespace n on n.oid = p.pronamespace where n.nspname = $3
               order by 1 limit 5) x) as holds`,
    [`"${schema}".migrations`, `"${internal}".migrations`, internal],
  );
  const found = rows[0];
  if (found?.older)
    throw new TaxonError(`the schema "${schema}" is from before the first release's baseline`, {
      hint:
        'With the pgtaxon that made it, export what is to be kept (taxon export labels.csv, and ' +
        'taxon export products.csv --what products); then in psql: ' +
        `drop schema "${schema}" cascade; then taxon migrate, taxon import labels.csv and taxon import products.csv --as products.`,
    });
  if (found && !found.ours && found.holds !== null)
    throw new TaxonError(`the schema "${internal}" is not pgtaxon's: it holds ${found.holds}`, {
      hint: 'Rename it, or choose another name for pgtaxon: TAXON_SCHEMA=…',
    });
}

/** What an earlier migrate left: the names of the migrations, and the digest of the repeatable SQL. */
async function recordedState(
  client: pg.Client,
  schema: string,
): Promise<{ migrations: string[]; version: string | undefined }> {
  const internal = internalSchema(schema);
  const there = async (table: string) =>
    (await client.query('select where to_regclass($1) is not null', [`"${internal}".${table}`])).rowCount ===
    1;
  if (!(await there('migrations'))) return { migrations: [], version: undefined };
  const { rows } = await client.query<{ name: string }>(`select name from "${internal}".migrations`);
  const migrations = rows.map((row) => row.name);
  if (!(await there('all_settings'))) return { migrations, version: undefined };
  const settings = await client.query<{ value: string }>(
    `select value #>> '{}' as value from "${internal}".all_settings where key = $1`,
    [versionKey],
  );
  return { migrations, version: settings.rows[0]?.value };
}

async function runMigrations(
  client: pg.Client,
  schema: string,
  extensions: readonly string[],
  files: readonly SqlFile[],
  root: string,
): Promise<void> {
  // asked first: "if not exists" wants the right to make schemas even where a DBA made this one
  for (const name of [schema, internalSchema(schema)]) {
    const there = await client.query('select where to_regnamespace($1) is not null', [`"${name}"`]);
    if (there.rowCount === 0) await client.query(`create schema "${name}"`);
  }
  // 12 ms of every command's start, and few migrate
  const { runner } = await import('node-pg-migrate');
  let current: SqlFile | undefined;
  try {
    await runner({
      dbClient: client,
      dir: join(root, 'migrations'),
      direction: 'up',
      migrationsTable: 'migrations',
      migrationsSchema: internalSchema(schema),
      schema: [internalSchema(schema), schema, ...extensions],
      checkOrder: true,
      singleTransaction: true,
      // Our own lock, above, also covers the repeatable SQL and follows the schema's name.
      noLock: true,
      logger: {
        debug: () => {},
        // the only sign of which file it is at
        info: (said: string) => {
          const name = /MIGRATION (\S+) /.exec(said)?.[1];
          current = files.find((file) => migrationName(file) === name) ?? current;
        },
        warn: (said: string) => log.debug(said),
        error: (said: string) => log.debug(said),
      },
    });
  } catch (error) {
    throw current === undefined ? error : failedIn(current, error);
  }
}

async function loadRepeatable(
  client: pg.Client,
  paths: Record<'public' | 'internal', string>,
  files: readonly SqlFile[],
  version: string,
  before: Comparison,
): Promise<void> {
  await client.query('begin');
  try {
    for (const file of files) {
      await client.query(`set local search_path = ${isPublic(file) ? paths.public : paths.internal}`);
      await client.query(file.text).catch((error) => {
        throw failedIn(file, error);
      });
    }
    await client.query(`set local search_path = ${paths.internal}`);
    await client.query(
      `insert into all_settings (key, value, description) values ($1, to_jsonb($2::text), $3)
       on conflict (key) do update set value = excluded.value, changed_at = now()`,
      [versionKey, version, versionDescription],
    );
    await recordSchema(client, before);
    await client.query('commit');
  } catch (error) {
    await client.query('rollback');
    throw error;
  }
}

/** The server's error with the file and, where the server says where, the line. */
function failedIn(file: SqlFile, error: unknown): TaxonError {
  const at = (error as { position?: string }).position;
  // the server counts characters, JavaScript counts an emoji as two
  const line = at === undefined ? '' : `:${[...file.text].slice(0, Number(at)).join('').split('\n').length}`;
  return new TaxonError(`${file.path}${line}: ${messageOf(error)}`, { cause: error });
}
