import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../../config.ts';
import { catalogue } from './catalogue.ts';
import { pathRisks } from './rights.ts';
import { internalSchema } from './schemas.ts';

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

/** `-- taxon: …` or `-- taxon_internal: …`, the first line of each file of sql/: whose objects it makes. */
const place = /^-- (taxon|taxon_internal): /;

/** Whether a file of the repeatable SQL makes what people type and read. */
export function isPublic({ path, text }: SqlFile): boolean {
  const found = place.exec(text)?.[1];
  if (found === undefined)
    throw new Error(`${path} does not say in its first line whose objects it makes: -- taxon_internal: …`);
  return found === 'taxon';
}

/**
 * The repeatable SQL in its order; `@schema@`, `@internal@` and `@channel@` are filled in, for what asks the catalogue and for the few
 * hot functions that write schemas instead of SET.
 */
export function repeatableFiles(schema: string, root = packageRoot): SqlFile[] {
  return sqlOrder(root)
    .flatMap(({ files }) => files)
    .map((path) => readSql(root, path))
    .map(({ path, text }) => ({
      path,
      text: text
        .replaceAll('@schema@', `"${schema}"`)
        .replaceAll('@internal@', `"${internalSchema(schema)}"`)
        .replaceAll('@channel@', schema),
    }));
}

/** Of this package's files, which a process reads once: some 200, 8 ms at each connection otherwise. */
const ownVersions = new Map<string, string>();

/** What the database records after loading: any change of any repeatable file changes it. */
export function sqlVersion(schema: string, root = packageRoot): string {
  const known = root === packageRoot ? ownVersions.get(schema) : undefined;
  if (known !== undefined) return known;
  const text = repeatableFiles(schema, root).map((file) => file.text);
  const version = createHash('sha256').update(text.join('\n')).digest('hex');
  if (root === packageRoot) ownVersions.set(schema, version);
  return version;
}

/**
 * The schemas in front, then where the extensions live, in the same order on every server, then pg_temp last so that a
 * temporary table can shadow nothing. pg_catalog is searched before all of them as it is not named; named it would be where
 * things are made.
 */
export function pathOf(schemas: readonly string[], extensionSchemas: readonly string[]): string {
  const rest = extensionSchemas.filter((name) => !schemas.includes(name) && name !== 'pg_catalog');
  return [...schemas, ...new Set(rest.toSorted()), 'pg_temp']
    .map((name) => `"${name.replaceAll('"', '""')}"`)
    .join(', ');
}

/**
 * The search_path of pgtaxon's own functions. No name is in both schemas; which stands in front says only where a file's
 * objects are made.
 */
export function searchPath(
  schema: string,
  extensionSchemas: readonly string[],
  made: 'public' | 'internal' = 'internal',
): string {
  const schemas = [internalSchema(schema), schema];
  return pathOf(made === 'internal' ? schemas : schemas.toReversed(), extensionSchemas);
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
    `create schema if not exists "${internalSchema(schema)}";`,
    // as migrate itself refuses, before anything is called
    'set search_path = pg_catalog;',
    `do $check$
declare
  found record;
begin
  for found in ${pathRisks(`'{${[schema, internalSchema(schema), ...extensions].map((name) => `"${name}"`).join(',')}}'::text[]`)} loop
    raise exception '% % (schema %)', found.who, found.risk, found.place using hint = found.remedy;
  end loop;
end $check$;`,
    `set search_path = ${searchPath(schema, extensions)};`,
    ...migrations.map((file) => file.text),
    // as node-pg-migrate makes it
    'create table migrations (id serial primary key, name varchar(255) not null, run_on timestamp not null);',
    `insert into migrations (name, run_on) values\n  ${record};`,
    ...repeatableFiles(schema).flatMap((file) => [
      `set search_path = ${searchPath(schema, extensions, isPublic(file) ? 'public' : 'internal')};`,
      file.text,
    ]),
    `set search_path = ${searchPath(schema, extensions)};`,
    `insert into all_settings (key, value, description) values ('${versionKey}', '"${sqlVersion(schema)}"', '${versionDescription}');`,
    `insert into schema_objects (object, definition, repair) ${catalogue};`,
    '',
  ].join('\n');
}
