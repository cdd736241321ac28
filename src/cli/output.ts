import { printable, printableLines } from '../printable.ts';

/** A command's answer: JSON alone on standard output for scripts, or a text for people. */
export function print(json: boolean, value: unknown, text: string): void {
  process.stdout.write(json ? `${JSON.stringify(value)}\n` : `${printableLines(text)}\n`);
}

/** Longer texts are cut: a name may have megabytes. */
const longestCell = 10_000;

/** Columns lined up, numbers to the right. */
export function table(rows: readonly Record<string, unknown>[]): string {
  const first = rows[0];
  if (first === undefined) return '(nothing)';
  const keys = Object.keys(first);
  const columns = keys.map(show);
  const cells = rows.map((row) => keys.map((key) => show(row[key])));
  const widths = columns.map((column, i) =>
    Math.max(column.length, ...cells.map((row) => row[i]?.length ?? 0)),
  );
  const right = keys.map((key) => rows.every((row) => row[key] === null || typeof row[key] === 'number'));
  const line = (row: readonly string[]) =>
    row
      .map((cell, i) => (right[i] ? cell.padStart(widths[i] ?? 0) : cell.padEnd(widths[i] ?? 0)))
      .join('  ')
      .trimEnd();
  return [line(columns), line(widths.map((width) => '─'.repeat(width))), ...cells.map(line)].join('\n');
}

function show(value: unknown): string {
  if (value === null || value === undefined) return '';
  if (value instanceof Date) return value.toISOString().slice(0, 19).replace('T', ' ');
  // names are data: what would move a terminal's cursor is not shown
  return printable(typeof value === 'object' ? JSON.stringify(value) : String(value), longestCell);
}
