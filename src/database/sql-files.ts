import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../config.ts';
import { catalogue } from './catalogue.ts';
import { pathRisks } from './rights.ts';

/** The setting that holds the digest of the repeatable SQL loaded last. */
export const versionKey = 'sql_sha256';
export const versionDescription = 'Digest of the repeatable SQL loaded last; written by taxon migrate.';

export interface SqlFile {
  /** As errors name it: `sql/memory/exact.sql`. */
  path: string;
  text: string;
}

/** The once-only migrations in their order. */
export function migrationFiles(root = packageRoot): SqlFile[] {
  return readdirSync(join(root, 'migrations'))
    .filter((file) => file.endsWith('.sql'))
    .sort()
    .map((file) => readSql(root, `migrations/${file}`));
}

const readSql = (root: string, path: string): SqlFile => ({
  path,
  text: readFileSync(join(root, path), 'utf8'),
});

/**
 * The topics of the repeatable SQL, lowest first, each with its files in the order of loading: what `sql/order` says.
 * A function may call what stands in its own topic or in a lower one; test/sql/whole/arrows.test.ts holds them to it.
 */
export function sqlOrder(root = packageRoot): { topic: string; files: string[] }[] {
  const text = readFileSync(join(root, 'sql/order'), 'utf8').replace(/^#.*\n/gm, '');
  return Array.from(text.matchAll(/^(\w+):([^:]*)$/gm), ([, topic = '', names = '']) => ({
    topic,
    files: (names.match(/\w+/g) ?? []).map((name) => `sql/${topic}/${name}.sql`),
  }));
}

/** What the table of migrations calls one: its file's name without `.sql`. */
export function migrationName(file: SqlFile): string {
  return file.path.replace(/^migrations\/|\.sql$/g, '');
}

/** The repeatable SQL in its order; `@schema@` and `@channel@` are filled in for the few hot functions that write schemas instead of SET. */
export function repeatableFiles(schema: string, root = packageRoot): SqlFile[] {
  return sqlOrder(root)
    .flatMap(({ files }) => files)
    .map((path) => readSql(root, path))
    .map(({ path, text }) => ({
      path,
      text: text.replaceAll('@schema@', `"${schema}"`).replaceAll('@channel@', schema),
    }));
}

/** What the database records after loading: any change of any repeatable file changes it. */
export function sqlVersion(schema: string, root = packageRoot): string {
  const text = repeatableFiles(schema, root).map((file) => file.text);
  return createHash('sha256').update(text.join('\n')).digest('hex');
}

/**
 * schema, then where the extensions live, in the same order on every server, then pg_temp last so that a temporary table
 * can shadow nothing. pg_catalog is searched before all of them as it is not named; named it would be where things are made.
 */
export function searchPath(schema: string, extensionSchemas: readonly string[]): string {
  const rest = extensionSchemas.filter((name) => name !== schema && name !== 'pg_catalog');
  return [schema, ...new Set(rest.toSorted()), 'pg_temp']
    .map((name) => `"${name.replaceAll('"', '""')}"`)
    .join(', ');
}

/**
 * The whole extension as one SQL text for a DBA who runs it by hand, in psql with -1.
 *
 * @param extensions schemas that vector and pg_trgm are installed in
 */
export function migrationScript(schema: string, extensions: readonly string[]): string {
  const migrations = migrationFiles();
  const record = migrations.map((file) => `('${migrationName(file)}', now())`).join(',\n  ');
  return [
    `create schema if not exists "${schema}";`,
    // as migrate itself refuses, before anything is called
    'set search_path = pg_catalog;',
    `do $check$
declare
  found record;
begin
  for found in ${pathRisks(`'{${[schema, ...extensions].map((name) => `"${name}"`).join(',')}}'::text[]`)} loop
    raise exception '% % (schema %)', found.who, found.risk, found.place using hint = found.remedy;
  end loop;
end $check$;`,
    `set search_path = ${searchPath(schema, extensions)};`,
    ...migrations.map((file) => file.text),
    // as node-pg-migrate makes it
    'create table migrations (id serial primary key, name varchar(255) not null, run_on timestamp not null);',
    `insert into migrations (name, run_on) values\n  ${record};`,
    ...repeatableFiles(schema).map((file) => file.text),
    `insert into settings (key, value, description) values ('${versionKey}', '"${sqlVersion(schema)}"', '${versionDescription}');`,
    `insert into schema_objects (object, definition, repair) ${catalogue};`,
    '',
  ].join('\n');
}
