import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** Only for what hangs: on a machine with ten times as much to do a set-up of 20 s has taken 240. */
const patience = {
  testTimeout: 600_000,
  hookTimeout: 600_000,
  expect: { poll: { timeout: 300_000 } },
};

const sql = 'test/sql/**/*.test.ts';
const unit = [
  'test/*.test.ts',
  'test/{llm,model,report,simulator,support}/**/*.test.ts',
  // it says how many cores there are, for which modules must be loaded anew
  'test/train/letters/fit.test.ts',
];

/** Begun first, so that no worker is left with one of them at the end: 15 to 60 s each. */
const long =
  /\/(demo|replay|kill|kill-rollout|backfill|failures|outages|database-away|lost-answers|pack|run|attacks)\.test\.ts$/;

class LongFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    const isLong = ({ moduleId }: TestSpecification) => long.test(moduleId);
    return [...sorted.filter(isLong), ...sorted.filter((file) => !isLong(file))];
  }
}

export default defineConfig({
  test: {
    // One cluster for all projects, therefore not theirs.
    globalSetup: ['test/support/global-setup.ts'],
    // One more than a small machine has cores: some files wait for a lease or a server's pause.
    maxWorkers: 3,
    sequence: { sequencer: LongFirst },
    projects: [
      // Files share a process: a new one for each takes .3 s of processor time, and as long again to load what it tests.
      { test: { ...patience, name: 'sql', include: [sql], isolate: false } },
      { test: { ...patience, name: 'unit', include: unit } },
      // Each in a process of its own: one that many files with models and worker threads had shared ended by SIGABRT.
      {
        test: {
          ...patience,
          name: 'whole',
          include: ['test/**/*.test.ts'],
          exclude: [sql, ...unit],
          unstubEnvs: true,
        },
      },
    ],
  },
});
