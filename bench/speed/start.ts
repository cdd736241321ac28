/** `node bench/speed/start.ts --help` */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { DemoReport } from '../../src/demo/report.ts';
import { median, show } from '../measure.ts';
import { type Checkout, checkout, here, run, start } from './checkout.ts';

const { values } = parseArgs({
  options: {
    before: { type: 'string', default: '0365b03' },
    rounds: { type: 'string', default: '1' },
    full: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});
if (values.help) {
  console.log(`The demo in an empty data folder, packages installed: here and at another commit, in turns. Seconds from the command to its
end with the first 2,000 names answered, what answered them, and how many answers are the whole true path.

  node bench/speed/start.ts [--before ${values.before}] [--rounds 1] [--full] [--json]

  --full  seconds until the full model answers instead; nothing else is said of it`);
  process.exit(0);
}

interface Start {
  seconds: number;
  report: DemoReport;
}

async function inEmptyFolder<T>(
  at: Checkout,
  work: (environment: { TAXON_DATA_DIR: string }) => Promise<T>,
): Promise<T> {
  const dataDir = mkdtempSync(join(tmpdir(), 'pgtaxon-start-'));
  const environment = { TAXON_DATA_DIR: dataDir };
  try {
    return await work(environment);
  } finally {
    await run(at, ['db', 'destroy', '--yes'], environment);
    rmSync(dataDir, { recursive: true, force: true });
  }
}

const startOnce = (at: Checkout): Promise<Start> =>
  inEmptyFolder(at, async (environment) => {
    const { stdout, seconds } = await run(at, ['demo', '--once', '--json'], environment);
    return { seconds, report: JSON.parse(stdout) };
  });

/** Seconds until a sidecar answers with the full model: the first one where there was no model of letters alone. */
const untilFull = (at: Checkout): Promise<number> =>
  inEmptyFolder(at, async (environment) => {
    const began = performance.now();
    const demo = start(at, ['demo'], environment);
    await demo.says(`model loaded model=${at === here ? 2 : 1}`);
    const seconds = (performance.now() - began) / 1000;
    // interrupted it ends with an error, as it should
    await demo.end('SIGINT').catch(() => {});
    return seconds;
  });

const before = await checkout(values.before);
if (values.full) {
  const taken: Record<'before' | 'here', number[]> = { before: [], here: [] };
  for (let round = 0; round < Number(values.rounds); round++) {
    taken.before.push(await untilFull(before));
    taken.here.push(await untilFull(here));
  }
  show(
    values.json,
    ([before, here] as const).map((at) => {
      const seconds = median(at === here ? taken.here : taken.before);
      return {
        commit: at.name,
        'seconds to the full model': Math.round(seconds * 10) / 10,
        'of before': Math.round((seconds / median(taken.before)) * 1000) / 1000,
      };
    }),
  );
  process.exit(0);
}
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
