import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { provideBinaries } from '../../src/cluster/provide.ts';
import { run } from '../../src/cluster/run.ts';
import { packageRoot } from '../../src/config.ts';
import { cacheDir, postgres } from './cluster.ts';

async function program(name: string, args: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await ended(name, args);
  if (code !== 0) throw new Error(`${name} ended with ${code}: ${stderr}`);
  return stdout;
}

async function ended(name: string, args: readonly string[]) {
  const { binDir } = await provideBinaries(cacheDir, postgres);
  return await run(join(binDir, name), args);
}

/** Dumps a database, or what the options say of it, or restores the dump into another; returns the errors that pg_restore went on after. */
export const dump = (url: string, file: string, ...options: string[]) =>
  program('pg_dump', ['--format=custom', '--file', file, ...options, url]);
export async function restore(file: string, url: string, ...options: string[]): Promise<string[]> {
  const { stderr } = await ended('pg_restore', [...options, '--dbname', url, file]);
  return [...stderr.matchAll(/error: (?:could not execute query: ERROR: +)?(.*)/g)].map(
    ([, text]) => text ?? '',
  );
}

/** Runs a file of SQL in psql as one transaction, as a DBA would. */
export async function psqlFile(url: string, file: string): Promise<void> {
  await program('psql', ['--no-psqlrc', '-v', 'ON_ERROR_STOP=1', '-1', '-q', '-f', file, url]);
}

/** Runs a file in psql as a person does, each statement by itself; returns what it shows. */
export const psqlScript = (url: string, file: string) =>
  program('psql', ['--no-psqlrc', '-v', 'ON_ERROR_STOP=1', '-P', 'pager=off', '-q', '-f', file, url]);

/** One statement in psql, as it looks on a person's screen, prompt included. */
export async function psqlScreen(url: string, statement: string): Promise<string> {
  const options = ['--no-psqlrc', '-v', 'ON_ERROR_STOP=1', '-P', 'pager=off'];
  // chance is the same each time
  const shown = await program('psql', [...options, '-qc', 'set seed = .5', '-c', statement, url]);
  return `taxon=> ${statement}\n${shown.trimEnd()}\n`;
}

/** What pg_dump has to be told for a back-up of pgtaxon alone. */
const bothSchemas = (schema: string) => [`--schema=${schema}`, `--schema=${schema}_internal`];

/** Everything that the two schemas are, owners, privileges and comments included, and what its settings say. */
export async function schemaText(url: string, schema: string): Promise<string> {
  const objects = await program('pg_dump', ['--schema-only', ...bothSchemas(schema), url]);
  const settings = `select key, value, description from ${schema}_internal.all_settings order by key`;
  const rows = await program('psql', ['--no-psqlrc', '-A', '-t', '-c', settings, url]);
  // newer pg_dumps fence their output with a random word
  return objects.replace(/^\\(un)?restrict .*\n/gm, '') + rows;
}

/** What pg_dump says of a schema of an application, to be compared with itself. */
export async function dumpOf(url: string, schema: string): Promise<string> {
  const text = await program('pg_dump', ['--schema-only', `--schema=${schema}`, url]);
  return text.replace(/^\\(un)?restrict .*\n/gm, '');
}

export interface SqlRoot {
  folder: string;
  remove(): void;
}

/** A folder with a copy of the first so many migrations (default: all) and, unless told otherwise, of the repeatable SQL. */
export function copySql(migrations?: number, repeatable = true): SqlRoot {
  const folder = mkdtempSync(join(tmpdir(), 'sql-'));
  mkdirSync(join(folder, 'migrations'));
  mkdirSync(join(folder, 'sql'));
  for (const file of migrationNames().slice(0, migrations))
    cpSync(join(packageRoot, 'migrations', file), join(folder, 'migrations', file));
  if (repeatable) cpSync(join(packageRoot, 'sql'), join(folder, 'sql'), { recursive: true });
  else writeFileSync(join(folder, 'sql/order'), '');
  return { folder, remove: () => rmSync(folder, { recursive: true, force: true }) };
}

/** The files in migrations/, in order. */
export function migrationNames(): string[] {
  return readdirSync(join(packageRoot, 'migrations')).sort();
}

/** The data of the two schemas without their objects, as `pg_dump --data-only` writes it. */
export function dumpData(url: string, schema: string, without: readonly string[]): Promise<string> {
  const left = without.map((table) => `--exclude-table-data=${schema}_internal.${table}`);
  return program('pg_dump', ['--data-only', ...bothSchemas(schema), ...left, url]);
}
