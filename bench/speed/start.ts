/** `node bench/speed/start.ts --help` */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { DemoReport } from '../../src/demo/report.ts';
import { median, show } from '../measure.ts';
import { type Checkout, checkout, here, run } from './checkout.ts';

const { values } = parseArgs({
  options: {
    before: { type: 'string', default: '0365b03' },
    rounds: { type: 'string', default: '1' },
    json: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});
if (values.help) {
  console.log(`The demo in an empty data folder, packages installed: here and at another commit, in turns. Seconds from the command to its
end with the first 2,000 names answered, what answered them, and how many answers are the whole true path.

  node bench/speed/start.ts [--before ${values.before}] [--rounds 1] [--json]`);
  process.exit(0);
}

interface Start {
  seconds: number;
  report: DemoReport;
}

async function startOnce(at: Checkout): Promise<Start> {
  const dataDir = mkdtempSync(join(tmpdir(), 'pgtaxon-start-'));
  const environment = { TAXON_DATA_DIR: dataDir };
  try {
    const { stdout, seconds } = await run(at, ['demo', '--once', '--json'], environment);
    return { seconds, report: JSON.parse(stdout) };
  } finally {
    await run(at, ['db', 'destroy', '--yes'], environment);
    rmSync(dataDir, { recursive: true, force: true });
  }
}

const before = await checkout(values.before);
const starts: Record<'before' | 'here', Start[]> = { before: [], here: [] };
for (let round = 0; round < Number(values.rounds); round++) {
  starts.before.push(await startOnce(before));
  starts.here.push(await startOnce(here));
}

const seconds = (of: readonly Start[]) => median(of.map((each) => each.seconds));
show(
  values.json,
  ([before, here] as const).map((at) => {
    const of = at === here ? starts.here : starts.before;
    const { routing, accuracy, tokens } = (of.at(-1) as Start).report;
    return {
      commit: at.name,
      seconds: Math.round(seconds(of)),
      'of before': Math.round((seconds(of) / seconds(starts.before)) * 1000) / 1000,
      ...routing,
      right: accuracy.all,
      'right, local': accuracy.local,
      tokens: tokens.spent,
    };
  }),
);
