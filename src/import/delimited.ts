import { Readable } from 'node:stream';
import { CsvError, parse } from 'csv-parse';
import { misuse } from '../errors.ts';
import { dialectOf } from './dialect.ts';

/** The fields of one line; the first record is the header. */
export interface RawRecord {
  /** Where it begins, from 1. */
  line: number;
  fields: string[];
  /** Whether a field of it that has no quotes around it holds one, as in 27" monitor. */
  loose?: true;
}

/** A field longer than this is an open quote that swallowed the lines after it. */
const longestRecord = 1_000_000;
/** So much of the text tells how it is written. */
const headLength = 65_536;

async function* behind(first: Buffer, rest: AsyncIterator<Buffer>): AsyncGenerator<Buffer> {
  yield first;
  yield* { [Symbol.asyncIterator]: () => rest };
}

/** The text behind its first lines. */
function without(block: Buffer, lines: number): Buffer {
  let start = 0;
  for (let i = 0; i < lines; i++) {
    const end = block.indexOf('\n', start);
    start = end === -1 ? block.length : end + 1;
  }
  return block.subarray(start);
}

/**
 * Records of delimited text. A .csv follows RFC 4180: a field with a delimiter, a quote or a line end in it stands in
 * quotes, quotes in it doubled; its header tells the delimiter (dialect.ts). Shops also write 27" monitor as it is: a quote
 * within a field that does not begin with one is a letter. A .tsv has no quoting and no escapes at all: what stands between
 * two tabs is the field. Empty lines count for nothing.
 *
 * @param source.badLine finds the line that an error is about, from its number or the empty ones before it on
 * @param known          the columns that are read; null where PostgreSQL wrote the text, with commas
 */
export async function* delimitedRecords(
  source: {
    name: string;
    blocks: AsyncIterable<Buffer>;
    badLine: (line: number) => Promise<{ line: number; text: string }>;
  },
  format: 'csv' | 'tsv',
  known: readonly string[] | null,
): AsyncGenerator<RawRecord> {
  const blocks = source.blocks[Symbol.asyncIterator]();
  const first = await blocks.next();
  if (first.done) return;
  const head = first.value.toString('utf8', 0, headLength);
  if (!head.includes('\n') && /\r./.test(head))
    throw misuse(
      `${source.name}: its lines end with a carriage return alone, as on old Macs`,
      'Save it with line ends of Windows or Unix, e.g. tr "\\r" "\\n".',
    );
  const { delimiter, skipped } = known === null ? { delimiter: ',', skipped: 0 } : dialectOf(head, known);
  let last = skipped;
  let empty = 0;
  let loose = false;
  const seeQuotes = (field: string, { quoting }: { quoting: boolean }) => {
    // a field that began with a quote keeps it where the closing one has letters behind it
    if (quoting ? field.startsWith('"') && field.split('"').length % 2 === 0 : field.includes('"'))
      loose = true;
    return field;
  };
  const parser = parse({
    ...(format === 'tsv' ? { delimiter: '\t', quote: false, escape: false } : { delimiter }),
    // of files alone: PostgreSQL doubles its quotes, and in a .tsv they mean nothing
    ...(format === 'csv' && known !== null && { relax_quotes: true, cast: seeQuotes }),
    record_delimiter: ['\r\n', '\n'],
    relax_column_count: true,
    // PostgreSQL writes a NULL in a column of its own as an empty line
    skip_empty_lines: known !== null,
    max_record_size: longestRecord,
    on_record: (fields: string[], info) => {
      // a record may go over several lines; it begins behind the one before and the empty lines between
      const line = last + (info.empty_lines - empty) + 1;
      last = skipped + info.lines;
      empty = info.empty_lines;
      const record = loose ? { line, fields, loose } : { line, fields };
      loose = false;
      return record as never; // its types know of arrays of text only
    },
  });
  const text = Readable.from(behind(without(first.value, skipped), blocks));
  text.on('error', (error) => parser.destroy(error));
  try {
    for await (const record of text.pipe(parser)) yield record as RawRecord;
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    const open = error.code === 'CSV_QUOTE_NOT_CLOSED' || error.code === 'CSV_MAX_RECORD_SIZE';
    const what = open && format === 'csv' ? 'a quote is opened and never closed' : 'the line is too long';
    const { line, text: content } = await source.badLine(last + 1);
    throw misuse(
      `${source.name}, line ${line}: ${what}: ${content}`,
      'In a .csv a name with quotes is written "27"" monitor". In a .tsv quotes mean nothing.',
    );
  } finally {
    text.destroy();
  }
}
