import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Row, readRows } from '../../src/import/read.ts';
import type { TaxonDatabase } from '../support/sql.ts';

const folder = mkdtempSync(join(tmpdir(), 'taxon-import-'));
// of the process and not of a file: files of tests share one, and this module with it
process.once('exit', () => rmSync(folder, { recursive: true, force: true }));

/** Writes a file of this name and returns its path. */
export function fileWith(name: string, content: string | Uint8Array): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

/** A small parquet file with invented names; see fixtures/README.md for how it was made. */
export function fixture(name: string): string {
  return fileURLToPath(new URL(`./fixtures/${name}`, import.meta.url));
}

/** Everything that an iterable yields. */
export async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}

/** All rows of a file. */
export function rowsOf(path: string, as: 'labels' | 'products' = 'labels'): Promise<Row[]> {
  return collect(readRows(path, { as }));
}

/** Rows from short forms: [name, "a > b > c", source, external id]; their lines count from 2. */
export async function* given(
  ...rows: [name: string, path: string, source?: Row['source'], externalId?: string][]
): AsyncGenerator<Row> {
  for (const [i, [name, path, source, externalId]] of rows.entries())
    yield {
      line: i + 2,
      name,
      path: path.split(' > '),
      source: source ?? null,
      externalId: externalId ?? null,
    };
}

/** What was thrown, as a person sees it. */
export async function failure(
  work: Promise<unknown>,
): Promise<{ message: string; hint?: string; exitCode?: number }> {
  try {
    await work;
  } catch (error) {
    return error as Error;
  }
  throw new Error('it did not fail');
}

/** Memory as name key → "path (source)". */
export async function memoryOf(taxon: TaxonDatabase): Promise<Record<string, string>> {
  const rows = await taxon.owner.rows<{ name_key: string; what: string }>(
    `select name_key, category_path(category_id) || ' (' || source || ')' as what from labels`,
  );
  return Object.fromEntries(rows.map((row) => [row.name_key, row.what]));
}
