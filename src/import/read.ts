import { statSync } from 'node:fs';
import type { Database } from '../database/connection/open.ts';
import { queryCsv } from '../database/query-csv.ts';
import { misuse } from '../errors.ts';
import { delimitedRecords, type RawRecord } from './delimited.ts';
import { knownColumns } from './header.ts';
import { parquetRecords } from './parquet.ts';
import type { Place, Reading, Row, RowKind } from './row.ts';
import { toRows } from './rows.ts';
import { lineOf, textBlocks } from './text.ts';

export type { Row } from './row.ts';

/** Bytes of a file; what `onProgress` counts up to. */
export function fileSize(path: string): number {
  const found = statSync(path, { throwIfNoEntry: false });
  if (found === undefined) throw misuse(`there is no file ${path}`);
  if (!found.isFile()) throw misuse(`${path} is not a file`);
  return found.size;
}

/** Records as they stand in a source, its header first, and how their places are called. */
export interface Source {
  records: AsyncIterable<RawRecord>;
  place: Place;
}

/**
 * The records of a .csv, .tsv (each also .gz) or .parquet file.
 *
 * @param options as: labels by default; onProgress: called with the bytes of the file read so far
 * @throws TaxonError that names the file, and the line of what cannot be read
 */
export function openFile(
  path: string,
  { as = 'labels', onProgress = () => {} }: { as?: RowKind; onProgress?: (bytes: number) => void } = {},
): Source {
  const size = fileSize(path);
  const ending = /\.(?:(csv|tsv)(?:\.gz)?|parquet)$/i.exec(path);
  if (ending === null) {
    throw misuse(
      `${path} is of no kind that can be read`,
      'Give a .csv, .tsv (each also .gz) or .parquet file.',
    );
  }
  if (ending[1] === undefined) {
    const records = parquetRecords(path, knownColumns(as), (share) => onProgress(Math.round(share * size)));
    return { records, place: { name: path, unit: 'row' } };
  }
  const source = {
    name: path,
    blocks: textBlocks(path, onProgress),
    badLine: (line: number) => lineOf(path, line),
  };
  const format = ending[1].toLowerCase() === 'tsv' ? 'tsv' : 'csv';
  const records = delimitedRecords(source, format, knownColumns(as));
  return { records, place: { name: path, unit: 'line', unquoted: format === 'tsv' } };
}

/** The records of a SELECT in the database itself, streamed, under the names of its columns. */
export function openQuery(db: Pick<Database, 'url'>, sql: string): Source {
  const source = {
    name: '--query',
    blocks: queryCsv(db, sql),
    badLine: async (line: number) => ({ line, text: '' }),
  };
  return { records: delimitedRecords(source, 'csv', null), place: { name: '--query', unit: 'row' } };
}

/**
 * The rows of a file, checked one by one as they are read; options as openFile.
 *
 * @throws TaxonError that names the file and, where some are bad, the lines or rows and their content
 */
export function readRows(
  path: string,
  options: { as?: RowKind; onProgress?: (bytes: number) => void } & Reading = {},
): AsyncIterable<Row> {
  const { as = 'labels', onProgress = () => {}, ...reading } = options;
  const { records, place } = openFile(path, { as, onProgress });
  return toRows(records, place, as, reading);
}

/**
 * The rows of a SELECT in the database itself; the same columns as a file's header.
 *
 * @throws TaxonError with the place of an SQL error in the query, or the row that is bad
 */
export function queryRows(
  db: Database,
  sql: string,
  as: RowKind = 'labels',
  reading: Reading = {},
): AsyncIterable<Row> {
  const { records, place } = openQuery(db, sql);
  return toRows(records, place, as, reading);
}

/** A labelled file as a whole, for commands that compare with it. */
export async function readLabelled(path: string): Promise<{ name: string; path: string[] }[]> {
  const labelled: { name: string; path: string[] }[] = [];
  for await (const row of readRows(path)) labelled.push({ name: row.name, path: row.path });
  return labelled;
}
