import { describe, expect, test } from 'vitest';
import { taxonDatabase } from '../support/sql.ts';

const t = taxonDatabase();

/** Rows whose names stand in the LLM stage, leased by the worker; returns the started call's id. */
async function inFlight(worker: string, ...names: string[]): Promise<number> {
  await t.owner.rows('insert into products (name) select unnest($1::text[])', names);
  await t.queued();
  await t.owner.rows(`delete from queue where stage = 'local'`);
  await t.owner.rows(
    `insert into queue (stage, name_key, shortlist) select 'llm', n, '{1,2}' from unnest($1::text[]) n`,
    names,
  );
  await t.owner.rows(`select claim_llm($1, 100, '0 s')`, worker);
  return start(worker, '60 s', names);
}

const start = (worker: string, lease = '60 s', names: string[] | null = null) =>
  t.owner.value<number>(
    `select start_call($1, 'answer', 'shortlist', 'openai', 'gpt', true, 2, 900, 100, 0.5, '{"in": 1}', $2, $3)`,
    worker,
    lease,
    names,
  );

interface Answer {
  name_key: string;
  category_id: number;
  confidence?: number;
}
const settle = (worker: string, call: number, answers: Answer[], refused: object[] = []) =>
  t.owner.value(
    `select settle_llm($1, $2, $3, $4, 700, 600, 30, 0.25, 'gpt-1', 'req-1')`,
    worker,
    call,
    JSON.stringify(answers),
    JSON.stringify(refused),
  );
const call = (id: number) => t.owner.row('select * from llm_calls where llm_call_id = $1', id);

describe('a call', () => {
  test('is in the ledger as started, with its upper estimate, before it is sent', async () => {
    expect(await call(await start('one'))).toMatchObject({
      state: 'started',
      names: 2,
      tokens_in: 900,
      tokens_out: 100,
      cost: 0.5,
      price: { in: 1 },
      simulated: true,
      answered: null,
      ended_at: null,
    });
  });

  test('settles label, rows, queue and ledger', async () => {
    const category = await t.category('Home > Kitchen');
    const id = await inFlight('one', 'a', 'b');
    await t.insert('A'); // arrived while the call was in flight
    expect(await settle('one', id, [{ name_key: 'a', category_id: category, confidence: 0.9 }])).toBe(1);
    expect(
      await t.owner.row('select name_key, category_id, source, confidence, llm_call_id from labels'),
    ).toEqual({
      name_key: 'a',
      category_id: category,
      source: 'llm',
      confidence: 0.9,
      llm_call_id: id,
    });
    expect(
      await t.owner.rows(
        'select name, state, source, l2, llm_call_id as call from products order by name_key, product_id',
      ),
    ).toEqual([
      { name: 'a', state: 'done', source: 'llm', l2: category, call: id },
      { name: 'A', state: 'done', source: 'llm', l2: category, call: id },
      { name: 'b', state: 'pending', source: null, l2: null, call: null },
    ]);
    expect([await t.queued('local'), await t.queued('llm')]).toEqual([[], ['b']]);
    expect(await call(id)).toMatchObject({
      state: 'ok',
      answered: 1,
      tokens_in: 700,
      tokens_cached: 600,
      tokens_out: 30,
      cost: 0.25,
      model_version: 'gpt-1',
      request_id: 'req-1',
      error: null,
    });
  });

  test('settled twice is harmless', async () => {
    const category = await t.category('Home');
    const other = await t.category('Food');
    const id = await inFlight('one', 'a');
    await settle('one', id, [{ name_key: 'a', category_id: category }]);
    const before = [await t.owner.row('select * from products'), await t.owner.row('select * from labels')];
    await settle('one', id, [{ name_key: 'a', category_id: other }]);
    expect([await t.owner.row('select * from products'), await t.owner.row('select * from labels')]).toEqual(
      before,
    );
  });

  test('a category that does not exist answers nothing', async () => {
    const id = await inFlight('one', 'a');
    expect(await settle('one', id, [{ name_key: 'a', category_id: 987654321 }])).toBe(0);
    expect(await t.owner.value('select state from products')).toBe('pending');
  });
});

describe('names that the answer refused', () => {
  test('go back with their error; one that goes on to its next step loses its shortlist and starts anew', async () => {
    const id = await inFlight('one', 'none', 'invalid', 'left out');
    await settle(
      'one',
      id,
      [],
      [
        { name_key: 'none', moved: true, next: 'subtree', branch: 7, none: false },
        { name_key: 'invalid', error: 'an id that was not offered' },
        { name_key: 'left out', error: 'left out' },
      ],
    );
    const rows = await t.owner.rows(
      'select name_key as name, shortlist is not null as short, next, branch, last_error as error, attempts, worker from queue order by 1',
    );
    expect(rows).toEqual([
      {
        name: 'invalid',
        short: true,
        next: null,
        branch: null,
        error: 'an id that was not offered',
        attempts: 1,
        worker: null,
      },
      {
        name: 'left out',
        short: true,
        next: null,
        branch: null,
        error: 'left out',
        attempts: 1,
        worker: null,
      },
      { name: 'none', short: false, next: 'subtree', branch: 7, error: null, attempts: 0, worker: null },
    ]);
    expect(await call(id)).toMatchObject({ state: 'ok', answered: 0 });
  });

  test('become dead letters after max_attempts', async () => {
    await t.owner.rows(`select set_setting('max_attempts', '1')`);
    const id = await inFlight('one', 'a');
    await settle('one', id, [], [{ name_key: 'a', error: 'left out' }]);
    expect(await t.owner.row('select name_key, stage, error from dead_letters')).toEqual({
      name_key: 'a',
      stage: 'llm',
      error: 'left out',
    });
    expect(await t.owner.row('select state, failure from products')).toEqual({
      state: 'failed',
      failure: 'left out',
    });
  });

  test('of a worker that lost its lease stay with the one who has it', async () => {
    const id = await inFlight('one', 'a');
    await t.owner.rows(`update queue set worker = 'two'`);
    await settle(
      'one',
      id,
      [],
      [{ name_key: 'a', moved: true, next: 'elsewhere', branch: null, none: true }],
    );
    expect(await t.owner.row('select worker, shortlist is not null as short, last_error from queue')).toEqual(
      {
        worker: 'two',
        short: true,
        last_error: null,
      },
    );
  });
});

describe('a late answer', () => {
  test('to a name still open is taken after the lease was lost: it was paid for', async () => {
    const category = await t.category('Home');
    const id = await inFlight('one', 'a');
    await t.owner.rows(`update queue set worker = 'two'`);
    expect(await settle('one', id, [{ name_key: 'a', category_id: category }])).toBe(1);
    expect(await t.owner.row('select state, source from products')).toEqual({ state: 'done', source: 'llm' });
    expect(await t.queued('llm')).toEqual([]);
  });

  test('of a call that was closed as lost brings its true cost', async () => {
    const category = await t.category('Home');
    const id = await inFlight('one', 'a');
    await t.owner.rows(`update llm_calls set lease_until = now() - interval '1 s'`);
    expect(await t.owner.value('select close_lost_calls()')).toBe(1);
    await settle('one', id, [{ name_key: 'a', category_id: category }]);
    expect(await call(id)).toMatchObject({ state: 'ok', tokens_in: 700, cost: 0.25, error: null });
  });

  test('to a name that another call has answered changes neither label nor rows', async () => {
    const first = await t.category('Home');
    const second = await t.category('Food');
    const one = await inFlight('one', 'a');
    const two = await start('two', '60 s', ['a']);
    await settle('two', two, [{ name_key: 'a', category_id: first }]);
    await settle('one', one, [{ name_key: 'a', category_id: second }]);
    expect(await t.owner.value('select category_id from labels')).toBe(first);
    expect(await t.owner.row('select category_id, llm_call_id from products')).toEqual({
      category_id: first,
      llm_call_id: two,
    });
    expect(await call(one)).toMatchObject({ state: 'ok', cost: 0.25 });
  });
});

describe('a label that a person gave meanwhile', () => {
  test('is not overwritten, and the rows get it, as an exact answer of memory', async () => {
    const theirs = await t.category('Food');
    const id = await inFlight('one', 'a');
    const human = await t.label('a', 'Home', 'human');
    await settle('one', id, [{ name_key: 'a', category_id: theirs }]);
    expect(await t.owner.row('select category_id, source from labels')).toEqual({
      category_id: human,
      source: 'human',
    });
    expect(await t.owner.row('select category_id, source, llm_call_id, state from products')).toEqual({
      category_id: human,
      source: 'exact',
      llm_call_id: null,
      state: 'done',
    });
    expect(await t.queued('llm')).toEqual([]);
  });
});

describe('fail_call', () => {
  const fail = (id: number, arrived: boolean, counts: boolean) =>
    t.owner.rows(`select fail_call('one', $1, array['a'], 'broke', $2, $3, '0 s')`, id, arrived, counts);

  test('whose refusal arrived: failed, nothing owed', async () => {
    const id = await inFlight('one', 'a');
    await fail(id, true, false);
    expect(await call(id)).toMatchObject({
      state: 'failed',
      tokens_in: 0,
      tokens_out: 0,
      cost: 0,
      error: 'broke',
    });
    expect(await t.owner.row('select attempts, worker, last_error from queue')).toEqual({
      attempts: 0,
      worker: null,
      last_error: 'broke',
    });
  });

  test('without an answer: unknown, with the upper estimate, and the names go back counted if asked', async () => {
    const id = await inFlight('one', 'a');
    await fail(id, false, true);
    expect(await call(id)).toMatchObject({ state: 'unknown', tokens_in: 900, tokens_out: 100, cost: 0.5 });
    expect(await t.owner.value('select attempts from queue')).toBe(1);
  });

  test('after the answer was settled changes nothing', async () => {
    const category = await t.category('Home');
    const id = await inFlight('one', 'a');
    await settle('one', id, [{ name_key: 'a', category_id: category }]);
    await fail(id, false, true);
    expect(await call(id)).toMatchObject({ state: 'ok', tokens_in: 700 });
  });
});

describe('close_lost_calls', () => {
  test('closes calls whose lease is over as unknown, and no others', async () => {
    const lost = await start('one', '-1 s');
    const alive = await start('one');
    expect(await t.owner.value('select close_lost_calls()')).toBe(1);
    expect(await t.owner.value('select close_lost_calls()')).toBe(0);
    expect(await call(lost)).toMatchObject({ state: 'unknown', cost: 0.5, error: 'its sidecar died' });
    expect(await call(alive)).toMatchObject({ state: 'started' });
  });

  test('a call that is renewed is not lost', async () => {
    const id = await start('one', '-1 s');
    const claim = '00000000-0000-4000-8000-000000000001';
    await t.owner.rows('update llm_calls set claim_id = $1', claim);
    await t.owner.rows(`select renew_leases('one', array[$1::uuid])`, claim);
    expect(await t.owner.value('select close_lost_calls()')).toBe(0);
    expect(await call(id)).toMatchObject({ state: 'started' });
  });
});
