import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

const sql = 'test/sql/**/*.test.ts';
const unit = ['test/*.test.ts', 'test/{llm,model,report,simulator,support}/**/*.test.ts'];

/** Begun first, in this order, so that no worker is left with one of them at the end: 10 to 40 s each. */
const long =
  'lost-answers demo backfill pack replay failures by-hand screens ci outages set-up ' +
  'init database-away shell restore kill kill-rollout migrate listen x-ray';
const order = long.split(' ').map((name) => `/${name}.test.ts`);

class LongFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const place = ({ moduleId }: TestSpecification) => {
      const found = order.findIndex((end) => moduleId.endsWith(end));
      return found === -1 ? order.length : found;
    };
    return (await super.sort(files)).sort((a, b) => place(a) - place(b));
  }
}

const shuffled = process.argv.some((word) => word.startsWith('--sequence.shuffle'));

export default defineConfig(({ mode }) => ({
  test: {
    include: mode === 'quick' ? [sql, ...unit] : ['test/**/*.test.ts'],
    globalSetup: ['test/support/global-setup.ts'],
    setupFiles: ['test/support/as-found.ts'],
    // Only for what hangs: on a machine with ten times as much to do a set-up of 20 s has taken 240.
    testTimeout: 600_000,
    hookTimeout: 600_000,
    expect: { poll: { timeout: 300_000 } },
    // Files share a process: a new one for each takes .2 s of processor time, half of it to load what it tests.
    isolate: false,
    // V8 cleans up when a young generation of 1 MB is full or 64 MB lie outside its heap, as vectors do: with room for both
    // nine folders take 52 s of processor time for 68.
    execArgv: [
      '--min-semi-space-size=64',
      '--max-semi-space-size=64',
      '--external-memory-accounted-in-global-limit',
      '--initial-old-space-size=400',
    ],
    // Two more than a small machine has cores: some files wait for a lease or a server's pause (three: 278 s, four: 257, six: 262).
    maxWorkers: 4,
    sequence: shuffled ? {} : { sequencer: LongFirst },
  },
}));
