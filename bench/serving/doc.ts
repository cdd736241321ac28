import { existsSync, readFileSync } from 'node:fs';
import { availableParallelism, loadavg } from 'node:os';
import { join } from 'node:path';
import { makeFolderOf, writeParts } from '../../src/atomic-file.ts';
import { packageRoot } from '../../src/config.ts';

const page = join(packageRoot, 'docs/measured/serving.md');
const head = `# Serving and the queue

The tables are written by the benches that stand above them, with \`--doc\`; what stands between is written by hand and kept.
`;

/** Puts the rows as a table into docs/measured/serving.md, in the place of the bench's last one. */
export function writeSection(command: string, rows: readonly Record<string, unknown>[]): void {
  const columns = Object.keys(rows[0] ?? {});
  const line = (cells: readonly unknown[]) => `| ${cells.join(' | ')} |`;
  const [from, to] = [`<!-- ${command} -->`, `<!-- end of ${command} -->`];
  const load = Math.round(loadavg()[1] as number);
  const section = [
    from,
    `\`node ${command}\`, ${new Date().toISOString().slice(0, 10)}, ${availableParallelism()} cores, load ${load}`,
    '',
    line(columns),
    line(columns.map((column) => (typeof rows[0]?.[column] === 'number' ? '--:' : '---'))),
    ...rows.map((row) => line(columns.map((column) => row[column]))),
    to,
  ].join('\n');
  const old = existsSync(page) ? readFileSync(page, 'utf8') : head;
  const at = old.indexOf(from);
  const text =
    at < 0 ? `${old}\n${section}\n` : old.slice(0, at) + section + old.slice(old.indexOf(to) + to.length);
  makeFolderOf(page);
  writeParts(page, [text]);
}
