import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    globalSetup: ['test/support/global-setup.ts'],
    // Two cores: more files at once only make real databases and encoders wait for each other.
    maxWorkers: 2,
    // Only for what hangs: on a machine with ten times as much to do a set-up of 20 s has taken 240.
    testTimeout: 600_000,
    hookTimeout: 600_000,
    expect: { poll: { timeout: 300_000 } },
  },
});
