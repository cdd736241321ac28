import { asyncBufferFromFile, parquetMetadataAsync, parquetRead, parquetSchema } from 'hyparquet';
import { compressors } from 'hyparquet-compressors';
import { messageOf, misuse } from '../errors.ts';
import type { RawRecord } from './delimited.ts';
import { columnName } from './header.ts';

const decoder = new TextDecoder('utf-8', { fatal: true });
const notUtf8 = Symbol('not UTF-8');

/** hyparquet's own decoder would put U+FFFD where bytes are no UTF-8. */
function stringFromBytes(bytes: Uint8Array | undefined): string | symbol | undefined {
  try {
    return bytes && decoder.decode(bytes);
  } catch {
    return notUtf8;
  }
}

function text(value: unknown, bad: (what: string) => Error): string {
  if (value === null || value === undefined) return '';
  if (value === notUtf8) throw bad('is not valid UTF-8');
  if (typeof value === 'string') {
    if (value.includes('\0')) throw bad('holds a NUL character');
    return value;
  }
  // what hyparquet makes of DATE and TIMESTAMP columns
  if (value instanceof Date) return value.toISOString();
  if (typeof value === 'object' || typeof value === 'symbol') throw bad('holds no text');
  return String(value);
}

/**
 * Records of a parquet file, the header first; the line of a record is its row, from 1. One row group is in memory at a
 * time.
 *
 * @param columns    those to read, of the ones that are there
 * @param onProgress called with the share of rows read so far, 0 to 1
 * @throws TaxonError when it is no parquet file, or a column holds no text
 */
export async function* parquetRecords(
  path: string,
  columns: readonly string[],
  onProgress: (share: number) => void,
): AsyncGenerator<RawRecord> {
  const file = await asyncBufferFromFile(path);
  const metadata = await parquetMetadataAsync(file).catch((error: unknown) => {
    throw misuse(`${path} is not a parquet file: ${messageOf(error)}`);
  });
  const there = parquetSchema(metadata).children.map((child) => child.element.name);
  yield { line: 0, fields: there };
  const read = there.filter((column) => columns.includes(columnName(column)));
  let start = 0;
  for (const group of metadata.row_groups) {
    const rows = Number(group.num_rows);
    const first = start;
    const values = new Map<string, unknown[]>(read.map((column) => [column, new Array(rows)]));
    await parquetRead({
      file,
      metadata,
      compressors,
      columns: read,
      rowStart: first,
      rowEnd: first + rows,
      parsers: { stringFromBytes },
      onChunk({ columnName, columnData, rowStart }) {
        const column = values.get(columnName);
        for (let i = 0; column !== undefined && i < columnData.length; i++)
          column[rowStart - first + i] = columnData[i];
      },
    }).catch((error: unknown) => {
      throw misuse(`${path}, rows ${first + 1} to ${first + rows}: ${messageOf(error)}`);
    });
    for (let i = 0; i < rows; i++) {
      const line = first + i + 1;
      const fields = there.map((column) =>
        text(values.get(column)?.[i], (what) => misuse(`${path}, row ${line}: the column ${column} ${what}`)),
      );
      yield { line, fields };
    }
    start += rows;
    onProgress(start / Number(metadata.num_rows));
  }
}
