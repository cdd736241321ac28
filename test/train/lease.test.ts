import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Database } from '../../src/database/connection/open.ts';
import { asRun } from '../../src/train/lease.ts';
import { taxonHere } from '../support/command.ts';
import { type TestDatabase, testDatabase } from '../support/database.ts';
import { startTaxon, until } from '../support/processes.ts';
import { look } from '../support/rows.ts';
import { shopDatabase } from '../support/shop.ts';

let database: TestDatabase;
let db: Database;
beforeAll(async () => {
  database = await testDatabase();
  db = look(database.url);
});
beforeEach(() => db.rows('truncate taxon_internal.training_runs cascade'));
afterAll(async () => {
  await db.close();
  await database.drop();
});

const runs = (from = db) =>
  from.rows<{ state: string; error: string | null; report: object | null }>(
    'select state, error, report from taxon_internal.training_runs order by run_id',
  );
const never = (signal: AbortSignal) =>
  new Promise<never>((_, reject) =>
    signal.addEventListener('abort', () => reject(signal.reason), { once: true }),
  );

describe('asRun', () => {
  test('holds the run while it works, longer than its lease, and notes how it ended', async () => {
    const report = await asRun(db, { a: 1 }, 1, undefined, async ({ id }) => {
      await until(
        () =>
          db.row<{ renewed: boolean }>(
            `select lease_until > started_at + interval '2 s' as renewed from taxon_internal.training_runs where run_id = $1`,
            [id],
          ),
        ({ renewed }) => renewed,
      );
      await expect(asRun(db, {}, 1, undefined, async () => ({}))).rejects.toMatchObject({
        name: 'TaxonError',
        message: expect.stringContaining(`a training is running already: run ${id}`),
        hint: expect.stringContaining('when its lease runs out'),
      });
      return { names: 3 };
    });
    expect(report).toEqual({ names: 3 });
    expect(await runs()).toEqual([{ state: 'done', error: null, report: { names: 3 } }]);
  });

  test('notes why it failed, and that it was interrupted', async () => {
    const failing = asRun(db, {}, 60, undefined, async () => {
      throw new Error('no labels');
    });
    await expect(failing).rejects.toThrow('no labels');
    const interrupt = new AbortController();
    const interrupted = asRun(db, {}, 60, interrupt.signal, ({ signal }) => never(signal));
    await until(
      () => runs(),
      (rows) => rows.length === 2,
    );
    interrupt.abort(new Error('interrupted'));
    await expect(interrupted).rejects.toThrow('interrupted');
    expect(await runs()).toMatchObject([
      { state: 'failed', error: 'no labels' },
      { state: 'failed', error: 'interrupted' },
    ]);
  });

  test('stops when another took over, and does not write over what stands there', async () => {
    const run = asRun(db, {}, 1, undefined, async ({ id, signal }) => {
      await db.rows(
        `update taxon_internal.training_runs set state = 'failed', error = 'taken over' where run_id = $1`,
        [id],
      );
      return never(signal);
    });
    await expect(run).rejects.toMatchObject({ message: expect.stringContaining('lost its lease') });
    expect(await runs()).toMatchObject([{ state: 'failed', error: 'taken over' }]);
  });
});

test('a training that is killed blocks the next only as long as its lease, and leaves nothing half', async () => {
  const shop = await shopDatabase();
  const own = look(shop.url);
  const environment = { DATABASE_URL: shop.url, TAXON_LEASE_SECONDS: '4' };
  try {
    const killed = startTaxon(['train', '--no-clean', '--epochs', '100000'], environment);
    await killed.says('training');
    const second = await taxonHere(['train', '--no-clean', '--epochs', '1'], environment);
    expect(second).toMatchObject({ code: 1, stdout: '' });
    expect(second.stderr).toContain('a training is running already: run 2');
    expect(second.stderr).toContain('when its lease runs out');
    await killed.kill('SIGKILL');
    await until(
      () =>
        own.row<{ over: boolean }>(
          `select lease_until < now() as over from taxon_internal.training_runs where state = 'running'`,
        ),
      ({ over }) => over,
    );
    const next = await taxonHere(['train', '--no-clean', '--epochs', '1', '--json'], environment);
    expect(next.code).toBe(0);
    const { model_id } = JSON.parse(next.stdout);
    expect(await runs(own)).toMatchObject([
      { state: 'done' },
      { state: 'failed', error: 'its process died: the lease ran out' },
      { state: 'done' },
    ]);
    expect(await own.rows('select model_id, state from taxon_internal.models order by 1')).toEqual([
      { model_id: 1, state: 'retired' },
      { model_id, state: 'champion' },
    ]);
  } finally {
    await own.close();
    await shop.drop();
  }
});
