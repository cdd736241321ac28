import { closeSync, openSync, writeSync } from 'node:fs';
import { csvField } from '../csv.ts';
import type { Column, Sink } from './columns.ts';

function text(value: unknown): string {
  if (value === null || value === undefined) return '';
  if (value instanceof Date) return value.toISOString();
  // as pgvector writes it
  if (value instanceof Float32Array) return `[${value.join(',')}]`;
  return String(value);
}

/** What a spreadsheet would take for a formula; a number is none. */
const formula = /^[=+\-@\t\r]/;
const number = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;

/** With an apostrophe before it a spreadsheet shows the text and works nothing out. */
function asText(field: string): string {
  return formula.test(field) && !number.test(field) ? `'${field}` : field;
}

/** A .tsv has no quoting, so that a tab or a line end in a value becomes a space. */
function plain(field: string): string {
  return field.replace(/[\t\r\n]/g, ' ');
}

/**
 * Delimited text with a header, as `import` reads it.
 *
 * @param spreadsheetSafe for people who open it in a spreadsheet: what begins like a formula has an apostrophe before it
 */
export function delimitedSink(
  path: string,
  format: 'csv' | 'tsv',
  columns: readonly Column[],
  spreadsheetSafe: boolean,
): Sink {
  const file = openSync(path, 'w');
  const [delimiter, written] = format === 'csv' ? [',', csvField] : ['\t', plain];
  const field = (value: string) => written(spreadsheetSafe ? asText(value) : value);
  const put = (lines: readonly string[]) => {
    const bytes = Buffer.from(`${lines.join('\n')}\n`);
    for (let at = 0; at < bytes.length; ) at += writeSync(file, bytes, at);
  };
  put([columns.map(({ name }) => name).join(delimiter)]);
  return {
    write(rows) {
      put(rows.map((row) => columns.map(({ name }) => field(text(row[name]))).join(delimiter)));
    },
    end: () => closeSync(file),
    abandon: () => closeSync(file),
  };
}
