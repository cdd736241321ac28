import type { Row } from './row.ts';

/** A chunk of COPY text: large enough that the number of writes does not matter. */
const chunkLength = 65_536;

const escapes: Record<string, string> = { '\\': '\\\\', '\n': '\\n', '\r': '\\r', '\t': '\\t' };

/** A value as COPY's text format wants it. */
function field(value: string | number | null): string {
  return value === null ? '\\N' : String(value).replace(/[\\\n\r\t]/g, (c) => escapes[c] ?? c);
}

/** A text[] as PostgreSQL writes it. */
export function arrayLiteral(parts: readonly string[]): string {
  return `{${parts.map((part) => `"${part.replace(/["\\]/g, '\\$&')}"`).join(',')}}`;
}

/**
 * Rows as COPY text, in chunks.
 *
 * @param columns    the values of one row, in the order of the COPY's columns
 * @param onProgress called with the number of rows so far, once a chunk
 */
export async function* copyText(
  rows: AsyncIterable<Row>,
  columns: (row: Row) => (string | number | null)[],
  onProgress?: (rows: number) => void,
): AsyncGenerator<string> {
  let chunk = '';
  let count = 0;
  for await (const row of rows) {
    chunk += `${columns(row).map(field).join('\t')}\n`;
    count++;
    if (chunk.length < chunkLength) continue;
    yield chunk;
    chunk = '';
    onProgress?.(count);
  }
  if (chunk !== '') yield chunk;
  onProgress?.(count);
}
