import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type Database, openDatabase } from '../../../src/database/connection/open.ts';
import { alone } from '../../../src/database/jobs.ts';
import { housekeeping, type Job, runJobs } from '../../../src/sidecar/jobs/jobs.ts';
import { type TestDatabase, testDatabase } from '../../support/database.ts';
import { until } from '../../support/processes.ts';
import { look } from '../../support/rows.ts';

let database: TestDatabase;
/** As two sidecars, each with its own connections. */
let one: Database;
let two: Database;
let runs: string[];

const everySecond = (name: string, run: Job['run']): Job => ({ name, when: '* * * * * *', run });

beforeAll(async () => {
  database = await testDatabase();
  one = look(database.url);
  two = look(database.url);
});
beforeEach(() => {
  runs = [];
});
afterAll(async () => {
  await one?.close();
  await two?.close();
  await database?.drop();
});

describe('jobs', () => {
  test('run at their times, and one that fails neither ends itself nor another', async () => {
    const jobs = runJobs(one, [
      everySecond('fails', async (db) => {
        runs.push('fails');
        await db.rows('select nosuch');
      }),
      everySecond('works', async () => runs.push('works')),
    ]);
    const times = (name: string) => runs.filter((run) => run === name).length;
    await until(
      async () => runs,
      () => times('fails') >= 2 && times('works') >= 2,
    );
    await jobs.stop();
    const before = [...runs];
    await new Promise((resolve) => setTimeout(resolve, 1500));
    expect(runs).toEqual(before);
  });

  test('of two sidecars one runs a job, and stopping waits for its end', async () => {
    let atOnce = 0;
    let most = 0;
    let release = () => {};
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    const slow = (who: string) =>
      everySecond('slow', async () => {
        runs.push(who);
        most = Math.max(most, ++atOnce);
        await held;
        atOnce--;
      });
    const sidecars = [runJobs(one, [slow('one')]), runJobs(two, [slow('two')])];
    await until(
      async () => runs,
      (found) => found.length > 0,
    );
    // both had another time to start
    await new Promise((resolve) => setTimeout(resolve, 2000));
    expect(runs).toHaveLength(1);
    let stopped = false;
    const stopping = Promise.all(sidecars.map((jobs) => jobs.stop())).then(() => {
      stopped = true;
    });
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(stopped).toBe(false);
    release();
    await stopping;
    expect([most, atOnce]).toEqual([1, 0]);
    // and the lock is free again
    expect(await alone(two, 'slow', async () => {})).toBe(true);
  });
});

test('two connections are enough for all that is due at the same moment', async () => {
  const small = openDatabase(database.url, { schema: 'taxon', poolSize: 2 }, 'test');
  const names = ['a', 'b', 'c', 'd', 'e'];
  const jobs = runJobs(
    small,
    names.map((name) =>
      everySecond(name, async (db) => {
        await db.rows('select pg_sleep(.01)');
        runs.push(name);
      }),
    ),
  );
  await until(
    async () => runs,
    (found) => names.every((name) => found.filter((run) => run === name).length >= 2),
  );
  await jobs.stop();
  await small.close();
});

/** No model is there. */
const nobody = {
  current: async () => null,
  serving: async () => ({ champion: null, challenger: null }),
  id: () => null,
  notice: () => null,
  refresh: async () => {},
  close: async () => {},
};

test.each(housekeeping(nobody, null, new AbortController().signal).map((job) => [job.name, job] as const))(
  'the job "%s" may run twice in a row on an empty database',
  async (_, job) => {
    await job.run(one);
    await job.run(two);
  },
);
