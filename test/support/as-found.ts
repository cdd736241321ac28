import { getPriority } from 'node:os';
import { afterAll, expect } from 'vitest';
import { logsJson, shows } from '../../src/log.ts';

const events = ['SIGINT', 'SIGTERM', 'uncaughtException', 'unhandledRejection'];

/** Packages set these when they are loaded, once a process: transformers.js and libvips. */
const packages = ['ORT_DISABLE_TELEMETRY', 'VIPSHOME'];

/** What test files that share a process could leave to each other, but for the environment. */
const state = () => ({
  exitCode: process.exitCode,
  folder: process.cwd(),
  priority: getPriority(),
  log: { debug: shows('debug'), info: shows('info'), json: logsJson() },
  listeners: Object.fromEntries(events.map((event) => [event, process.listenerCount(event)])),
  // of these only whether they are the same ones is to be seen
  same: [process.stdout.write, process.stderr.write, Date, setTimeout, fetch],
});

// Vitest loads this file anew before each test file, and of all hooks the first one's `afterAll` comes last.
const found = state();
const environment = { ...process.env };

afterAll(() => {
  const names = new Set([...Object.keys(environment), ...Object.keys(process.env)]);
  for (const name of packages) names.delete(name);
  const changed = [...names].filter((name) => process.env[name] !== environment[name]);
  expect({ ...state(), changed }, 'what a test file changes in the process it puts back').toEqual({
    ...found,
    changed: [],
  });
});
