import { randomUUID } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { taxonDatabase } from '../support/sql.ts';

const t = taxonDatabase();

const claimed = (worker: string, claim: string, held: string[] = [], owed: string[] = []) =>
  t.owner.rows<{ name_key: string; attempts: number }>(
    'select * from claim($1, 10, claim_id => $2, held => $3, owed => $4) order by 1',
    worker,
    claim,
    held,
    owed,
  );

const claimedLlm = (worker: string, claim: string, held: string[] = [], owed: string[] = []) =>
  t.owner.rows<{ name_key: string; attempts: number }>(
    `select name_key, attempts from claim_llm($1, 10, '0 s', claim_id => $2, held => $3, owed => $4) order by 1`,
    worker,
    claim,
    held,
    owed,
  );

/** Names of the LLM stage with rows that wait for them. */
async function waiting(...names: string[]): Promise<void> {
  await t.insertAll(...names);
  await t.owner.rows(`delete from queue`);
  await t.owner.rows(
    `insert into queue (stage, name_key, available_at) select 'llm', n, clock_timestamp() from unnest($1::text[]) n`,
    names,
  );
}

const start = (worker: string, claim: string | null, token: string | null, ...names: string[]) =>
  t.owner.value<number | null>(
    `select start_call($1, 'answer', 'tree', 'p', 'm', true, 2, 900, 100, name_keys => $2, claim_id => $3, token => $4)`,
    worker,
    names,
    claim,
    token,
  );

const calls = () =>
  t.owner.rows('select state, tokens_in, tokens_out, error from llm_calls order by llm_call_id');
const long = () =>
  t.owner.rows(
    `select name_key, available_at > now() + interval '30 min' as long from queue order by name_key`,
  );

describe('a lease is renewed by its claim', () => {
  test('what a worker has in hand in both stages, with its calls, and nothing else of it', async () => {
    const [a, b, c] = [randomUUID(), randomUUID(), randomUUID()];
    await t.insertAll('a');
    await claimed('one', a);
    await t.insertAll('b');
    await claimed('one', b);
    await t.owner.rows(
      `insert into queue (stage, name_key, worker, claim_id, available_at) values ('llm', 'c', 'one', $1, now() + interval '5 s'), ('llm', 'd', 'two', $1, now() + interval '5 s')`,
      c,
    );
    const call = await start('one', c, null, 'c');
    await t.owner.rows(`update llm_calls set lease_until = now()`);
    expect(
      await t.owner.value(`select renew_leases('one', array[$1, $2]::uuid[], lease => '1 h')`, a, c),
    ).toBe(2);
    expect(await long()).toEqual([
      { name_key: 'a', long: true },
      { name_key: 'b', long: false },
      { name_key: 'c', long: true },
      { name_key: 'd', long: false },
    ]);
    expect(
      await t.owner.value('select lease_until > now() from llm_calls where llm_call_id = $1', call),
    ).toBe(true);
  });

  test('and what it owes goes back, uncounted', async () => {
    const lost = randomUUID();
    await t.insertAll('a');
    await claimed('one', lost);
    expect(await t.owner.value(`select renew_leases('two', '{}', array[$1::uuid])`, lost)).toBe(0);
    expect(await claimed('two', randomUUID())).toEqual([]);
    await t.owner.rows(`select renew_leases('one', '{}', array[$1::uuid])`, lost);
    expect(await claimed('two', randomUUID())).toEqual([{ name_key: 'a', attempts: 1 }]);
  });
});

describe.each([
  ['local', claimed, (names: string[]) => t.insertAll(...names)],
  ['llm', claimedLlm, (names: string[]) => waiting(...names)],
] as const)('a claim of the stage %s', (_, claim, queue) => {
  test('whose answer was lost is taken back by the next one, as if it had not been', async () => {
    const lost = randomUUID();
    await queue(['a', 'b']);
    await claim('one', lost);
    expect(await claim('one', randomUUID())).toEqual([]);
    expect(await claim('one', randomUUID(), [], [lost])).toEqual([
      { name_key: 'a', attempts: 1 },
      { name_key: 'b', attempts: 1 },
    ]);
  });

  test('gives a worker nothing that it still has in hand, also when the lease is over', async () => {
    const held = randomUUID();
    await queue(['a', 'b']);
    await claim('one', held);
    await t.owner.rows(`update queue set available_at = now() - interval '1 s'`);
    expect(await claim('one', randomUUID(), [held])).toEqual([]);
    expect(await claim('two', randomUUID())).toHaveLength(2);
  });
});

describe('a call that is started again with its token', () => {
  test('is the same call', async () => {
    const [claim, token] = [randomUUID(), randomUUID()];
    await waiting('a', 'b');
    await claimedLlm('one', claim);
    const first = await start('one', claim, token, 'a', 'b');
    expect(await start('one', claim, token, 'a', 'b')).toBe(first);
    expect(await calls()).toHaveLength(1);
    expect(await t.owner.value('select count(*) from llm_call_names')).toBe(2);
    // closed meanwhile, as nobody could renew it
    await t.owner.rows(`update llm_calls set lease_until = now() - interval '1 s'`);
    expect(await t.owner.value('select close_lost_calls()')).toBe(1);
    expect(await start('one', claim, token, 'a', 'b')).toBe(first);
    expect(await calls()).toMatchObject([{ state: 'started', error: null }]);
  });

  test('while the first time is still under way: it waits, and is the same', async () => {
    const token = randomUUID();
    const slow = await t.connect();
    await slow.rows('begin');
    const first = await slow.value<number>(
      `select taxon_internal.start_call('one', 'answer', 'tree', 'p', 'm', true, 1, 9, 1, name_keys => array['a'], token => $1)`,
      token,
    );
    const second = start('one', null, token, 'a');
    await slow.rows('commit');
    expect(await second).toBe(first);
    expect(await calls()).toHaveLength(1);
  });

  test('is not to be sent where another worker has a name by then, and nothing is owed for it', async () => {
    const [claim, token] = [randomUUID(), randomUUID()];
    await waiting('a', 'b');
    await claimedLlm('one', claim);
    await start('one', claim, token, 'a', 'b');
    await t.owner.rows(`update queue set available_at = now() - interval '1 s' where name_key = 'b'`);
    expect(await claimedLlm('two', randomUUID())).toEqual([{ name_key: 'b', attempts: 2 }]);
    expect(await start('one', claim, token, 'a', 'b')).toBeNull();
    expect(await calls()).toMatchObject([{ state: 'failed', tokens_in: 0, tokens_out: 0 }]);
  });

  test('and one that was never started is not begun then', async () => {
    const claim = randomUUID();
    await waiting('a');
    await claimedLlm('one', claim);
    await t.owner.rows(`update queue set available_at = now() - interval '1 s'`);
    await claimedLlm('two', randomUUID());
    expect(await start('one', claim, randomUUID(), 'a')).toBeNull();
    expect(await calls()).toEqual([]);
  });
});

describe('what is told twice, as the first answer was lost', () => {
  const settle = (call: number, answers: unknown[], refused: unknown[] = []) =>
    t.owner.value<number>(
      `select settle_llm('one', $1, $2, $3, 700, 0, 70, null, 'v', 'r')`,
      call,
      JSON.stringify(answers),
      JSON.stringify(refused),
    );

  test('an answer: the second time finds it done, and gives back nothing that was claimed since', async () => {
    const category = await t.category('Home');
    await waiting('a', 'b');
    const claim = randomUUID();
    await claimedLlm('one', claim);
    const call = (await start('one', claim, randomUUID(), 'a', 'b')) as number;
    const answers = [{ name_key: 'a', category_id: category }];
    const refused = [{ name_key: 'b', error: 'left out' }];
    expect(await settle(call, answers, refused)).toBe(1);
    const booked = await calls();
    expect(await claimedLlm('one', randomUUID())).toEqual([{ name_key: 'b', attempts: 2 }]);
    const before = await t.owner.rows('select * from queue');
    expect(await settle(call, answers, refused)).toBe(1);
    expect(await t.owner.rows('select * from queue')).toEqual(before);
    expect(await calls()).toEqual(booked);
    expect(await t.owner.rows('select name_key from labels')).toEqual([{ name_key: 'a' }]);
  });

  test('a failure: the names that the worker has claimed since stay in its hand', async () => {
    await waiting('a');
    const [claim, next] = [randomUUID(), randomUUID()];
    await claimedLlm('one', claim);
    const call = await start('one', claim, randomUUID(), 'a');
    const fail = () =>
      t.owner.rows(`select fail_call('one', $1, array['a'], 'broke', true, true, '0 s', $2)`, call, claim);
    await fail();
    await claimedLlm('one', next);
    await fail();
    expect(await t.owner.row('select worker, claim_id, attempts from queue')).toEqual({
      worker: 'one',
      claim_id: next,
      attempts: 2,
    });
  });
});
