import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { makeFolderOf, writeParts } from '../../src/atomic-file.ts';
import { packageRoot } from '../../src/config.ts';
import { benches } from './benches.ts';
import type { Stored } from './types.ts';

const page = join(packageRoot, 'docs/measured/speed.md');
/** What stands below it is written by hand and kept. */
const byHand = '<!-- below: written by hand -->';

function number(value: number): string {
  return value >= 100 ? Math.round(value).toLocaleString('en') : String(Number(value.toPrecision(3)));
}

/** Writes docs/measured/speed.md from what was measured last. */
export function writeDoc(stored: Stored): void {
  const old = existsSync(page) ? readFileSync(page, 'utf8') : '';
  const kept = old.includes(byHand) ? old.slice(old.indexOf(byHand)) : `${byHand}\n`;
  const rows = benches.flatMap((bench) => {
    const full = stored[bench.id]?.full;
    if (full === undefined) return [];
    const { ours, peers, ratio, date, machine } = full;
    const bar = `${bench.better === 'smaller' ? '≤' : '≥'} ${bench.bar}`;
    return [
      `| ${bench.what} | ${number(ours)} ${bench.unit} | ${bench.peer}: ${number(peers)} ${bench.unit} | ${number(ratio)} | ${bar} | ${date}, ${machine} | \`node ${bench.full.join(' ')}\` |`,
    ];
  });
  const text = `# Speed

Written by \`npm run bench\`; do not edit above the mark. Each figure stands beside a peer's, or an older commit's, of the same run: machines differ by a
factor of two from day to day, the ratio does not.

| what | ours | beside | ratio | asked | when, where | command |
|---|---|---|---|---|---|---|
${rows.join('\n')}

${kept}`;
  makeFolderOf(page);
  writeParts(page, [text]);
}
