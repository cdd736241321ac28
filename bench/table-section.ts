import { availableParallelism, loadavg } from 'node:os';
import { join } from 'node:path';
import { packageRoot } from '../src/config.ts';
import { writeSection } from './trust/sections.ts';

/** Writes rows as a table into the section of a bench in a page of docs/measured; what people wrote around it stays. */
export function writeTable(
  page: 'serving' | 'speed',
  command: string,
  rows: readonly Record<string, unknown>[],
): void {
  const columns = Object.keys(rows[0] ?? {});
  const line = (cells: readonly unknown[]) => `| ${cells.join(' | ')} |`;
  const load = Math.round(loadavg()[1] as number);
  const body = [
    `\`node ${command}\`, ${new Date().toISOString().slice(0, 10)}, ${availableParallelism()} cores, load ${load}`,
    '',
    line(columns),
    line(columns.map((column) => (typeof rows[0]?.[column] === 'number' ? '--:' : '---'))),
    ...rows.map((row) => line(columns.map((column) => row[column]))),
  ].join('\n');
  writeSection(join(packageRoot, 'docs/measured', `${page}.md`), command, body);
}
