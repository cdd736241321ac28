import { printable } from '../printable.ts';
import { duration } from '../progress.ts';
import { number } from '../report/words.ts';
import { type Part, partsOf } from './parts.ts';
import type { XrayReport } from './types.ts';

const width = 80;
const barWidth = 26;
const eighths = ['', '▏', '▎', '▍', '▌', '▋', '▊', '▉'];

/** A share as a bar of blocks, an eighth of a character at a time. */
function bar(share: number, size: number = barWidth): string {
  const steps = Math.round(Math.min(1, Math.max(0, share)) * size * 8);
  return ('█'.repeat(Math.floor(steps / 8)) + (eighths[steps % 8] ?? '')).padEnd(size);
}

/** Words of a text on lines of the width, each indented. */
function wrapped(text: string, indent = '  '): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line !== '' && indent.length + line.length + 1 + word.length > width) {
      lines.push(indent + line);
      line = word;
    } else line = line === '' ? word : `${line} ${word}`;
  }
  return line === '' ? lines : [...lines, indent + line];
}

function tableLines(rows: Part['rows']): string[] {
  const columns = Object.keys(rows[0] ?? {});
  const cell = (value: unknown) => (typeof value === 'number' ? number(value) : String(value ?? ''));
  const widths = columns.map((column) =>
    Math.max(column.trim().length, ...rows.map((row) => cell(row[column]).length)),
  );
  const line = (cells: string[]) =>
    `  ${cells.map((text, i) => text.padStart(widths[i] ?? 0)).join('  ')}`.trimEnd();
  return [
    line(columns.map((column) => column.trim())),
    ...rows.map((row) => line(columns.map((column) => cell(row[column])))),
  ];
}

const cut = (line: string) =>
  [...line].length > width ? `${[...line].slice(0, width - 1).join('')}…` : line;

function partLines({ title, bars, facts, rows, says, examples }: Part): string[] {
  const named = Math.max(0, ...facts.map(([name]) => name.length));
  const barred = Math.max(0, ...bars.map(({ name }) => name.length));
  const groups = [
    bars.map(({ name, share, note }) =>
      `  ${name.padEnd(barred)}  ${bar(share)}  ${`${(share * 100).toFixed(1)} %`.padStart(7)}   ${note}`.trimEnd(),
    ),
    facts.map(([name, value]) => `  ${name.padEnd(named)}  ${value}`),
    rows.length === 0 ? [] : tableLines(rows),
    says.flatMap((sentence) => wrapped(sentence)),
    // names are strangers' text: one line each, cut where the screen ends
    examples.flatMap((example) => example.split('\n').map((line) => `    ${printable(line, 1000)}`)),
  ].filter((group) => group.length > 0);
  return [title.toUpperCase(), ...groups.flatMap((group, i) => (i === 0 ? group : ['', ...group])).map(cut)];
}

/** The picture for a terminal of 80 columns. */
export function screen(report: XrayReport): string {
  const left = `X-RAY OF ${printable(report.source.name, 50)}`;
  const right = `${number(report.names.rows)} rows, ${duration(report.seconds)}`;
  const head = [`${left.padEnd(width - right.length)}${right}`, '─'.repeat(width)];
  return [...head, ...partsOf(report).flatMap((one) => ['', ...partLines(one)])].join('\n');
}
