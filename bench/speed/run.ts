/** `npm run bench -- --help` */
import { readFileSync } from 'node:fs';
import { availableParallelism, cpus } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { writeParts } from '../../src/atomic-file.ts';
import { table } from '../../src/cli/output.ts';
import { packageRoot } from '../../src/config.ts';
import { messageOf, misuse } from '../../src/errors.ts';
import { benches } from './benches.ts';
import { writeDoc } from './doc.ts';
import { printed } from './printed.ts';
import type { Bench, Measured, Stored } from './types.ts';

/** How much worse than what is stored a ratio may be: below that it is the machine. */
const mostWorse = 0.15;

const { values } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    only: { type: 'string', multiple: true },
    help: { type: 'boolean', default: false },
  },
});
if (values.help) {
  console.log(`What is measured of speed, each beside a peer in the same run, so that the ratio holds on any machine. Writes
bench/speed/measured.json and docs/measured/speed.md.

  npm run bench                                  all, in some hours; what needs files that are not here is left out
  npm run bench -- --quick                       small forms, in five minutes; ends with 1 where a ratio is ${mostWorse * 100} % worse than the stored one
  npm run bench -- --only start --only arrivals

Benches: ${benches.map(({ id, quick }) => (quick ? `${id} (also quick)` : id)).join(', ')}`);
  process.exit(0);
}
for (const id of values.only ?? [])
  if (!benches.some((bench) => bench.id === id)) throw misuse(`no bench "${id}"`, 'See --help.');

const form = values.quick ? 'quick' : 'full';
const file = join(packageRoot, 'bench/speed/measured.json');
const stored: Stored = JSON.parse(readFileSync(file, 'utf8'));
const machine = `${availableParallelism()} × ${cpus()[0]?.model ?? 'unknown'}`;

async function measure(bench: Bench, command: readonly string[]): Promise<Measured | null> {
  const rows = await printed(command);
  if (rows === null) return null;
  const { ours, peers } = bench.pick(rows);
  const ratio = Math.round((ours / peers) * 10_000) / 10_000;
  return { ours, peers, ratio, date: new Date().toISOString().slice(0, 10), machine };
}

/** How many times as bad as it was, above 1 for worse. */
function worsening(bench: Bench, now: Measured, then: Measured): number {
  return bench.better === 'smaller' ? now.ratio / then.ratio : then.ratio / now.ratio;
}

const shown: Record<string, unknown>[] = [];
let failed = false;
for (const bench of benches) {
  const command = bench[form];
  if (command === undefined || (values.only && !values.only.includes(bench.id))) continue;
  console.error(`── ${bench.id}: ${bench.what}`);
  const now = await measure(bench, command).catch((error) => {
    console.error(messageOf(error));
    failed = true;
    return null;
  });
  if (now === null) continue;
  const then = stored[bench.id]?.[form];
  const worse = values.quick && then !== undefined && worsening(bench, now, then) > 1 + mostWorse;
  failed ||= worse;
  shown.push({
    bench: bench.id,
    ours: now.ours,
    beside: now.peers,
    unit: bench.unit,
    ratio: now.ratio,
    stored: then?.ratio ?? null,
    verdict: worse ? 'WORSE' : 'ok',
  });
  // a quick run only compares; what it compares with is what a full run, or the first quick one, has stored
  if (values.quick && then !== undefined) continue;
  stored[bench.id] = { ...stored[bench.id], [form]: now };
  writeParts(file, [`${JSON.stringify(stored, null, 2)}\n`]);
}
if (!values.quick) writeDoc(stored);
console.log(table(shown));
process.exit(failed ? 1 : 0);
