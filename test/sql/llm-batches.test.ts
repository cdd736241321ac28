import { expect, test } from 'vitest';
import { taxonDatabase } from '../support/sql.ts';

const t = taxonDatabase();

/** A batch of two calls of two names each, all claimed for it; one more name is claimed and in no call. */
async function batch(): Promise<{ id: number; calls: number[] }> {
  await t.owner.rows(`insert into products (name) select n from unnest('{a,b,c,d,e}'::text[]) n`);
  await t.queued();
  await t.owner.rows(`update queue set stage = 'llm'`);
  const id = await t.owner.value<number>(`select llm_batch_id from open_batch('openai', 'm')`);
  await t.owner.rows(`select claim_llm('batch ' || $1::bigint, 5, '0 s', '30 days')`, id);
  const calls: number[] = [];
  for (const names of ['{a,b}', '{c,d}']) {
    const call = await t.owner.value<number>(
      `select start_call('batch ' || $1::bigint, 'answer', 'tree', 'openai', 'm', true, 2, 90, 9, 9, null, '30 days')`,
      id,
    );
    await t.owner.rows('select add_to_batch($1, $2, $3, $4)', id, call, names, '{0,7}');
    calls.push(call);
  }
  return { id, calls };
}

const state = (id: number) =>
  t.owner.row('select state, provider_batch_id, error from llm_batches where llm_batch_id = $1', id);
const queue = () =>
  t.owner.rows('select name_key, worker, attempts, available_at <= now() as due from queue order by 1');
const ledger = () =>
  t.owner.rows('select state, tokens_in, tokens_out, error from llm_calls order by llm_call_id');
const free = (names: string) =>
  [...names].map((name_key) => ({ name_key, worker: null, attempts: 0, due: true }));

test('its names are leased past the process: nobody is given them, and a sidecar that leaves leaves them', async () => {
  const { id } = await batch();
  await t.owner.rows(
    `select end_sidecar('some sidecar'), renew_leases('some sidecar', '{}'), close_lost_calls()`,
  );
  expect(await t.owner.rows(`select * from claim_llm('some sidecar', 10, '0 s')`)).toEqual([]);
  expect((await ledger()).map((row) => row.state)).toEqual(['started', 'started']);
  expect(await t.owner.row('select * from open_batches()')).toMatchObject({
    llm_batch_id: id,
    state: 'filling',
    names: 4,
    cancelled: false,
  });
});

test('goes from filling to sending to running, and not back', async () => {
  const { id } = await batch();
  await t.owner.rows('select note_batch($1)', id);
  expect(await state(id)).toMatchObject({ state: 'sending', provider_batch_id: null });
  await t.owner.rows(`select note_batch($1, 'theirs')`, id);
  expect(await state(id)).toMatchObject({ state: 'running', provider_batch_id: 'theirs' });
  await t.owner.rows('select note_batch($1)', id);
  expect(await state(id)).toMatchObject({ state: 'running' });
  await t.owner.rows('select end_batch($1, false)', id);
  await t.owner.rows(`select note_batch($1, 'other')`, id);
  expect(await state(id)).toMatchObject({ state: 'ended', provider_batch_id: 'theirs' });
});

test('one whose answers may be owed for: open calls are unknown, with their upper estimate; all names go back uncounted', async () => {
  const { id, calls } = await batch();
  const answers = JSON.stringify([{ name_key: 'a', category_id: await t.category('Home'), confidence: 1 }]);
  await t.owner.rows(
    `select settle_llm('batch ' || $1::bigint, $2, $3, '[{"name_key": "b", "error": "left out"}]', 50, 0, 5, 1, 'm-1', 'r')`,
    id,
    calls[0],
    answers,
  );
  expect(
    await t.owner.rows('select llm_call_id, name_keys, offered::text from open_batch_calls($1)', id),
  ).toEqual([{ llm_call_id: calls[1], name_keys: ['c', 'd'], offered: '{0,7}' }]);
  await t.owner.rows('select end_batch($1, false)', id);
  expect(await ledger()).toEqual([
    { state: 'ok', tokens_in: 50, tokens_out: 5, error: null },
    { state: 'unknown', tokens_in: 90, tokens_out: 9, error: 'the batch has no result of it' },
  ]);
  expect(await queue()).toEqual([{ name_key: 'b', worker: null, attempts: 1, due: true }, ...free('cde')]);
  expect(await t.owner.row('select * from batch_totals(1)')).toMatchObject({
    batches: 1,
    calls: 2,
    names: 4,
    answered: 1,
    tokens_in: 140,
    simulated: true,
  });
});

test('one that was never taken: nothing is owed', async () => {
  const { id } = await batch();
  await t.owner.rows(`select end_batch($1, failed => true, error => 'no such model', owed => false)`, id);
  expect(await state(id)).toMatchObject({ state: 'failed', error: 'no such model' });
  expect(new Set((await ledger()).map((row) => `${row.state} ${row.tokens_in} ${row.error}`))).toEqual(
    new Set(['failed 0 no such model']),
  );
  expect(await queue()).toEqual(free('abcde'));
  expect(await t.owner.rows('select from dead_letters')).toEqual([]);
});

test('a call that was begun and never put into it, as the answer of that was lost, was never sent: nothing is owed', async () => {
  const { id } = await batch();
  await t.owner.rows(
    `select start_call('batch ' || $1::bigint, 'answer', 'tree', 'openai', 'm', true, 1, 90, 9, 9, null, '30 days')`,
    id,
  );
  await t.owner.rows('select end_batch($1, false)', id);
  expect(await ledger()).toMatchObject([
    { state: 'unknown', tokens_in: 90 },
    { state: 'unknown', tokens_in: 90 },
    { state: 'failed', tokens_in: 0, tokens_out: 0, error: 'it was never sent' },
  ]);
});

test('one without calls is forgotten', async () => {
  const id = await t.owner.value<number>(`select llm_batch_id from open_batch('openai', 'm')`);
  await t.owner.rows('select end_batch($1, true)', id);
  expect(await t.owner.rows('select from llm_batches')).toEqual([]);
});

test('cancelling marks what is open, once', async () => {
  const { id } = await batch();
  expect(await t.owner.value('select cancel_batches()')).toBe(1);
  expect(await t.owner.value('select cancel_batches()')).toBe(0);
  expect(await t.owner.row('select cancelled from open_batches()')).toEqual({ cancelled: true });
  await t.owner.rows('select end_batch($1, false)', id);
  expect(await t.owner.rows('select * from open_batches()')).toEqual([]);
});

test('health() warns of one that should have ended', async () => {
  const about = () => t.owner.rows(`select status, value, detail from health() where item = 'llm batches'`);
  expect(await about()).toEqual([]);
  await batch();
  expect(await about()).toMatchObject([{ status: 'ok', value: '1' }]);
  await t.owner.rows(`update llm_batches set created_at = now() - interval '26 h'`);
  expect(await about()).toMatchObject([
    {
      status: 'warn',
      detail: expect.stringMatching(/^4 names with the batch API of openai m, the oldest for 26\.0 h/),
    },
  ]);
});
