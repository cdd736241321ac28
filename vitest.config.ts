import { defineConfig } from 'vitest/config';

/** Only for what hangs: on a machine with ten times as much to do a set-up of 20 s has taken 240. */
const patience = {
  testTimeout: 600_000,
  hookTimeout: 600_000,
  expect: { poll: { timeout: 300_000 } },
};

const sql = 'test/sql/**/*.test.ts';
const unit = ['test/*.test.ts', 'test/{llm,model,report,simulator,support}/**/*.test.ts'];

export default defineConfig({
  test: {
    // One cluster for all projects, therefore not theirs.
    globalSetup: ['test/support/global-setup.ts'],
    // Two cores: more files at once only make real databases and encoders wait for each other.
    maxWorkers: 2,
    projects: [
      // Files that work in their database alone share a process: a new one for each takes .3 s of processor time.
      { test: { ...patience, name: 'sql', include: [sql], isolate: false } },
      { test: { ...patience, name: 'unit', include: unit } },
      { test: { ...patience, name: 'whole', include: ['test/**/*.test.ts'], exclude: [sql, ...unit] } },
    ],
  },
});
