import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

const common = {
  // Only for what hangs: on a machine with ten times as much to do a set-up of 20 s has taken 240.
  testTimeout: 600_000,
  hookTimeout: 600_000,
  expect: { poll: { timeout: 300_000 } },
  // Files share a process: a new one for each takes .2 s of processor time, half of it to load what it tests.
  isolate: false,
  // V8 cleans up when a young generation of 1 MB is full or 64 MB lie outside its heap, as vectors do: with room for both nine
  // folders take 52 s of processor time for 68.
  execArgv: [
    '--min-semi-space-size=64',
    '--max-semi-space-size=64',
    '--external-memory-accounted-in-global-limit',
    '--initial-old-space-size=400',
  ],
  setupFiles: ['test/support/as-found.ts'],
};

const sql = 'test/sql/**/*.test.ts';
const unit = ['test/*.test.ts', 'test/{llm,model,report,simulator,support}/**/*.test.ts'];

/** Begun first, so that no worker is left with one of them at the end: 15 to 60 s each. */
const long =
  /\/(screens|lost-answers|demo|backfill|pack|init|ci|by-hand|failures|database-away|migrate|set-up|applications|outages|kill-rollout|x-ray)\.test\.ts$/;

class LongFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    // A process ends where another project's file is next, so that each project is run in one go, the short ones last.
    const sorted = (await super.sort(files)).sort((a, b) => -a.project.name.localeCompare(b.project.name));
    const isLong = ({ moduleId, project }: TestSpecification) =>
      project.name === 'whole' && long.test(moduleId);
    return [...sorted.filter(isLong), ...sorted.filter((file) => !isLong(file))];
  }
}

const shuffled = process.argv.some((word) => word.startsWith('--sequence.shuffle'));

export default defineConfig({
  test: {
    // One cluster for all projects, therefore not theirs.
    globalSetup: ['test/support/global-setup.ts'],
    // Two more than a small machine has cores: some files wait for a lease or a server's pause (three: 332 s, four: 300).
    maxWorkers: 4,
    sequence: shuffled ? {} : { sequencer: LongFirst },
    projects: [
      { test: { ...common, name: 'sql', include: [sql] } },
      { test: { ...common, name: 'unit', include: unit } },
      { test: { ...common, name: 'whole', include: ['test/**/*.test.ts'], exclude: [sql, ...unit] } },
    ],
  },
});
