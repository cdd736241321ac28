import { Readable } from 'node:stream';
import { CsvError, parse } from 'csv-parse';
import { misuse } from '../errors.ts';

/** The fields of one line; the first record is the header. */
export interface RawRecord {
  /** Where it begins, from 1. */
  line: number;
  fields: string[];
}

/** A field longer than this is an open quote that swallowed the lines after it. */
const longestRecord = 1_000_000;

/** A .csv has commas, or semicolons where the decimal sign is a comma (Excel in most of Europe): the header tells. */
function delimiterOf(header: string): string {
  return header.includes(';') && !header.includes(',') ? ';' : ',';
}

async function* behind(first: Buffer, rest: AsyncIterator<Buffer>): AsyncGenerator<Buffer> {
  yield first;
  yield* { [Symbol.asyncIterator]: () => rest };
}

/**
 * Records of delimited text. A .csv follows RFC 4180: a field with a delimiter, a quote or a line end in it stands in
 * quotes, quotes in it doubled. A .tsv has no quoting and no escapes at all, since real titles hold unbalanced quotes
 * (27" monitor): what stands between two tabs is the field. Empty lines count for nothing.
 *
 * @param source.badLine finds the line that an error is about, from its number or the empty ones before it on
 */
export async function* delimitedRecords(
  source: {
    name: string;
    blocks: AsyncIterable<Buffer>;
    badLine: (line: number) => Promise<{ line: number; text: string }>;
  },
  format: 'csv' | 'tsv',
): AsyncGenerator<RawRecord> {
  const blocks = source.blocks[Symbol.asyncIterator]();
  const first = await blocks.next();
  if (first.done) return;
  const head = first.value.toString('utf8', 0, 4096).split('\n')[0] ?? '';
  let last = 0;
  let empty = 0;
  const parser = parse({
    ...(format === 'tsv'
      ? { delimiter: '\t', quote: false, escape: false }
      : { delimiter: delimiterOf(head) }),
    record_delimiter: ['\r\n', '\n'],
    relax_column_count: true,
    skip_empty_lines: true,
    max_record_size: longestRecord,
    on_record: (fields: string[], info) => {
      // a record may go over several lines; it begins behind the one before and the empty lines between
      const line = last + (info.empty_lines - empty) + 1;
      last = info.lines;
      empty = info.empty_lines;
      return { line, fields } as never; // its types know of arrays of text only
    },
  });
  const text = Readable.from(behind(first.value, blocks));
  text.on('error', (error) => parser.destroy(error));
  try {
    for await (const record of text.pipe(parser)) yield record as RawRecord;
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    const open = error.code === 'CSV_QUOTE_NOT_CLOSED' || error.code === 'CSV_MAX_RECORD_SIZE';
    const what =
      format === 'tsv'
        ? 'the line is too long'
        : open
          ? 'a quote is opened and never closed'
          : 'a quote stands where none may';
    const { line, text: content } = await source.badLine(last + 1);
    throw misuse(
      `${source.name}, line ${line}: ${what}: ${content}`,
      'In a .csv a name with quotes is written "27"" monitor". In a .tsv quotes mean nothing.',
    );
  } finally {
    text.destroy();
  }
}
