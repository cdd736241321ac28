import { writeWhole } from '../atomic-file.ts';
import type { Config } from '../config.ts';
import type { Database } from '../database/connection/open.ts';
import { countExport, type ExportKind, exportPages } from '../database/export.ts';
import { registeredEncoder } from '../database/registry.ts';
import { misuse, TaxonError } from '../errors.ts';
import { findEncoder } from '../model/encoder-source.ts';
import { progress } from '../progress.ts';
import { type Column, columnsOf, type Sink } from './columns.ts';
import { delimitedSink } from './delimited.ts';
import { parquetSink } from './parquet.ts';

export interface ExportOptions {
  what: ExportKind;
  /** A column with the configured encoder's embedding of each label. */
  embeddings: boolean;
  /** In text, what begins like a formula has an apostrophe before it. */
  spreadsheetSafe?: boolean;
  signal: AbortSignal;
}

export interface Exported {
  file: string;
  what: ExportKind;
  rows: number;
  columns: string[];
  encoder: string | null;
}

type Format = 'parquet' | 'csv' | 'tsv';

function formatOf(path: string): Format {
  const ending = /\.(parquet|csv|tsv)$/i.exec(path)?.[1]?.toLowerCase();
  if (ending === undefined)
    throw misuse(`${path} is of no kind that can be written`, 'Name it .parquet, .csv or .tsv.');
  return ending as Format;
}

function openSink(
  path: string,
  format: Format,
  columns: readonly Column[],
  encoder: string | null,
  spreadsheetSafe: boolean,
): Sink {
  if (format !== 'parquet') return delimitedSink(path, format, columns, spreadsheetSafe);
  return parquetSink(path, columns, encoder === null ? {} : { 'pgtaxon.encoder': encoder });
}

/** The configured encoder and its id here. */
async function encoderHere(db: Database, config: Config): Promise<{ encoder: string; encoderId: number }> {
  const { identity } = await findEncoder(config);
  const encoderId = await registeredEncoder(db, identity);
  if (encoderId === null)
    throw new TaxonError(`no name was ever encoded here with "${identity}"`, {
      hint: 'taxon train encodes all labels; TAXON_ENCODER chooses another encoder.',
    });
  return { encoder: identity, encoderId };
}

/**
 * Writes labels, products or embeddings of one moment into a file, whole or not at all. A page of rows is in memory at a
 * time.
 *
 * @throws TaxonError when the file cannot be written (nothing is left of it then) or no name was ever encoded
 */
export async function exportFile(
  db: Database,
  config: Config,
  file: string,
  options: ExportOptions,
): Promise<Exported> {
  const { what, signal, spreadsheetSafe = false } = options;
  const format = formatOf(file);
  if (spreadsheetSafe && format === 'parquet')
    throw misuse('--spreadsheet-safe goes with a .csv or .tsv', 'A .parquet keeps texts as texts.');
  if (options.embeddings && what === 'products')
    throw misuse('--embeddings goes with --what labels', 'For all embeddings: --what embeddings.');
  const withEmbeddings = options.embeddings || what === 'embeddings';
  const used = withEmbeddings ? await encoderHere(db, config) : null;
  const columns = columnsOf(what, withEmbeddings);
  const bar = progress('exporting', await countExport(db, what, used?.encoderId ?? null), 'rows');
  let rows = 0;
  try {
    await writeWhole(file, async (temporary) => {
      const sink = openSink(temporary, format, columns, used?.encoder ?? null, spreadsheetSafe);
      try {
        await exportPages(db, what, used?.encoderId ?? null, async (page) => {
          signal.throwIfAborted();
          sink.write(page);
          rows += page.length;
          bar.at(rows);
        });
      } catch (error) {
        sink.abandon();
        throw error;
      }
      sink.end();
    });
  } finally {
    bar.end();
  }
  return { file, what, rows, columns: columns.map(({ name }) => name), encoder: used?.encoder ?? null };
}
