import { existsSync, readFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { makeFolderOf, writeParts } from '../../src/atomic-file.ts';
import { packageRoot } from '../../src/config.ts';
import { cases } from './cases.ts';

/** A case of one checkout. */
export interface Measured {
  case: string;
  side: string;
  /** Rows a second with our trigger and with the triggers off; their ratio within a round, the middle of the rounds. */
  on: number;
  off: number;
  ratio: number;
  /** Processor time of the server, µs a row. */
  cpuOn: number;
  cpuOff: number;
}

/** What is kept of a case: its sides of one run. */
interface Stored {
  date: string;
  version: string;
  run: string;
  sides: Measured[];
}

const page = join(packageRoot, 'docs/measured/insert.md');
const store = join(packageRoot, 'bench/insert/measured.json');
const byHand = '<!-- below: written by hand -->';

/** Keeps what was measured of each case, and writes docs/measured/insert.md of all; what stands below the mark is kept. */
export function writeDoc(
  measured: readonly Measured[],
  run: { rounds: number; seconds: number; version: string },
): void {
  const kept: Record<string, Stored> = existsSync(store) ? JSON.parse(readFileSync(store, 'utf8')) : {};
  for (const { case: id } of measured)
    kept[id] = {
      date: new Date().toISOString().slice(0, 10),
      version: run.version.replace(/ .*/, ''),
      run: `${run.rounds} × ${run.seconds} s`,
      sides: measured.filter((row) => row.case === id),
    };
  writeParts(store, [`${JSON.stringify(kept)}\n`]);
  const whole = (value: number) => Math.round(value).toLocaleString('en');
  const cost = (value: number) => (Number.isFinite(value) ? value.toFixed(value < 100 ? 1 : 0) : '');
  const rows = cases.flatMap(({ id, what, clients }) => {
    const found = kept[id];
    const here = found?.sides.find(({ side }) => side === 'here');
    if (found === undefined || here === undefined) return [];
    const before = found.sides.find(({ side }) => side !== 'here');
    const theirs =
      before === undefined ? ['', '', ''] : [whole(before.on), before.ratio.toFixed(2), cost(before.cpuOn)];
    const ours = [
      whole(here.on),
      whole(here.off),
      `**${here.ratio.toFixed(2)}**`,
      cost(here.cpuOn),
      cost(here.cpuOff),
    ];
    return `| ${[what, clients, ...ours, ...theirs, `${found.run}, PostgreSQL ${found.version}, ${found.date}`].join(' | ')} |`;
  });
  const old = existsSync(page) ? readFileSync(page, 'utf8') : '';
  const text = `# What an INSERT costs

Written by \`node bench/insert/run.ts --before CHECKOUT --doc\`; do not edit above the mark. Rows a second into \`taxon.products\` with our trigger, beside the same table
with its triggers off, in turn in one run (the middle of the rounds' ratios). A server that keeps what it commits, ${cpus().length} cores that pgbench and others
share, 100,000 labels in memory, no sidecar. CPU is the server's, µs a row. "before" is commit 0365b03 in the same rounds.

| what | writers | rows/s | triggers off | ratio | CPU | CPU, triggers off | before: rows/s | before: ratio | before: CPU | measured |
|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|---|
${rows.join('\n')}

${old.includes(byHand) ? old.slice(old.indexOf(byHand)) : `${byHand}\n`}`;
  makeFolderOf(page);
  writeParts(page, [text]);
}
