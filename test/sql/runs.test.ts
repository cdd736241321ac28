import { describe, expect, test } from 'vitest';
import { taxonDatabase } from '../support/sql.ts';
import { waitsForLock } from '../support/waits-for-lock.ts';

const t = taxonDatabase();

const start = (worker = 'a', lease = '60 s') =>
  t.owner.value<number>(`select start_run('{"epochs": 3}', $1, $2)`, worker, lease);
const runs = () => t.owner.rows('select run_id, state, report, error from training_runs order by run_id');
const renew = (run: number, worker = 'a', lease = '60 s') =>
  t.owner.value('select renew_run($1, $2, $3)', run, worker, lease);
async function model(run: number): Promise<unknown> {
  const encoder = await t.owner.value(`select register_encoder('e', 3)`);
  return t.owner.value(`select save_model($1, $2, '{}')`, encoder, run);
}

describe('a run', () => {
  test('is noted from its beginning to its end', async () => {
    const done = await start();
    await t.owner.rows(`select end_run($1, '{"rows": 5}')`, done);
    const failed = await start();
    await t.owner.rows(`select end_run($1, null, 'no labels')`, failed);
    expect(await runs()).toEqual([
      { run_id: done, state: 'done', report: { rows: 5 }, error: null },
      { run_id: failed, state: 'failed', report: null, error: 'no labels' },
    ]);
  });

  test('refuses a second while it lives, and says whose it is and when to try again', async () => {
    const first = await start('host-1-ab');
    await expect(start('b')).rejects.toMatchObject({
      code: '55006',
      message: expect.stringContaining(`a training is running already: run ${first}, by host-1-ab, since 20`),
      hint: expect.stringMatching(/try again in (60|5\d) s/),
    });
    await t.owner.rows(`select end_run($1, '{}')`, first);
    expect(await start('b')).toBeGreaterThan(first);
  });

  test('a person’s takes over from one that a sidecar began by itself, and from no other', async () => {
    const retrain = (cause: string) =>
      t.owner.value<number>(
        `with asked as materialized (select request_retrain('600 new labels', $1))
           select (begin_retrain('sidecar')).run_id from asked`,
        cause,
      );
    const person = () => t.owner.value<number>(`select start_run('{}', 'person', person => true)`);
    const own = await retrain('labels');
    await t.owner.rows(`select begin_step($1, 'encode', 'sidecar')`, own);
    expect(await t.owner.row(`select status, value, detail from health() where item = 'autopilot'`)).toEqual({
      status: 'ok',
      value: 'running',
      detail: expect.stringMatching(/^it trains now: .*step encode: 600 new labels; taxon train takes over/),
    });
    const taken = await person();
    expect(await runs()).toMatchObject([
      { run_id: own, state: 'failed', error: 'a training that a person began took over' },
      { run_id: taken, state: 'running' },
    ]);
    expect(await renew(own, 'sidecar')).toBe(false);
    expect(await t.owner.value(`select state from run_steps where run_id = $1`, own)).toBe('failed');
    await expect(person(), 'nor from a person’s').rejects.toMatchObject({ code: '55006' });
    await t.owner.rows(`select end_run($1, '{}')`, taken);
    const asked = await retrain('person');
    await expect(person(), 'a retraining that a person asked for is a person’s').rejects.toMatchObject({
      code: '55006',
      message: expect.stringContaining(`run ${asked}`),
    });
  });

  test('of two that begin at once one is refused', async () => {
    const [one, two] = [await t.connect(), await t.connect()];
    const both = await Promise.allSettled(
      [one, two].map((session) => session.rows(`select taxon_internal.start_run('{}', 'w')`)),
    );
    expect(both.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    await expect(
      t.owner.rows(`insert into training_runs (options) values ('{}')`),
      'nor can one be written past it',
    ).rejects.toMatchObject({ code: '23505' });
  });

  test('whose process died is closed by the next once its lease ran out, and cannot come back', async () => {
    const dead = await start('a', '-1 s');
    const next = await start('b');
    expect(await runs()).toMatchObject([
      { run_id: dead, state: 'failed', error: 'its process died: the lease ran out' },
      { run_id: next, state: 'running' },
    ]);
    expect(await renew(dead)).toBe(false);
    await t.owner.rows(`select end_run($1, '{"late": true}')`, dead);
    await expect(model(dead)).rejects.toThrow(`run ${dead} is not running any more, its model is not kept`);
    expect(await runs()).toMatchObject([{ run_id: dead, state: 'failed', report: null }, {}]);
    expect(await t.owner.value('select count(*) from models')).toBe(0);
    expect(await renew(next)).toBe(false);
    expect(await renew(next, 'b')).toBe(true);
  });

  test('that was killed after its model was whole counts as done', async () => {
    const run = await start('a', '-1 s');
    await model(run);
    await start('b');
    expect(await runs()).toMatchObject([{ run_id: run, state: 'done', error: null }, {}]);
  });

  test('that was only slow goes on, as long as nobody took over', async () => {
    const run = await start('a', '-1 s');
    expect(await renew(run)).toBe(true);
    await expect(start('b')).rejects.toThrow('a training is running already');
  });

  test('cannot be closed while its model is being stored', async () => {
    const run = await start('a', '-1 s');
    const encoder = await t.owner.value(`select register_encoder('e', 3)`);
    const slow = await t.connect();
    await slow.rows('begin');
    await slow.rows(`select taxon_internal.save_model($1, $2, '{}')`, encoder, run);
    const next = start('b');
    await waitsForLock(t.owner, slow);
    await slow.rows('commit');
    await next;
    expect((await runs())[0]).toMatchObject({ run_id: run, state: 'done' });
  });
});
