import { describe, expect, test } from 'vitest';
import { taxonDatabase } from '../support/sql.ts';

const t = taxonDatabase();

/** Rows whose names are in the LLM stage. */
async function waiting(...names: string[]): Promise<void> {
  await t.insertAll(...names);
  await t.owner.rows(`delete from queue where stage = 'local'`);
  await t.owner.rows(`insert into queue (stage, name_key) select 'llm', n from unnest($1::text[]) n`, names);
}

interface Start {
  worker?: string;
  purpose?: string;
  lease?: string;
  step?: number;
}
/** Claims and starts a call with the names; 1,000 tokens in and 200 out at most, a dollar a million. */
async function start(
  names: string[],
  { worker = 'one', purpose = 'answer', lease = '60 s', step = 1 }: Start = {},
) {
  await t.owner.rows(`select claim_llm($1, 100, '0 s')`, worker);
  return t.owner.value<number>(
    `select start_call($1, $2, 'tree', 'openai', 'm', true, cardinality($3::text[]), 1000, 200, null,
                       '{"in": 1, "cached": 1, "out": 1}', $4, $3, array_fill($5::smallint, array[cardinality($3)]))`,
    worker,
    purpose,
    names,
    lease,
    step,
  );
}

const settle = (id: number, answers: object[], refused: object[] = [], worker = 'one') =>
  t.owner.rows(
    `select settle_llm($1, $2, $3, $4, 500, 300, 100, null, 'm', 'r')`,
    worker,
    id,
    JSON.stringify(answers),
    JSON.stringify(refused),
  );
const refusal = (name_key: string, none = false) => ({
  name_key,
  error: none ? 'none fits' : 'left out',
  none,
});

/** What became of each name of a call. */
const outcomes = async (id: number) => {
  const rows = await t.owner.rows<{ name: string; outcome: string | null }>(
    `select p.name_key as name, n.outcome from llm_call_names n join products p on name_hash(p.name_key) = n.name_hash
       where n.llm_call_id = $1 order by 1`,
    id,
  );
  return Object.fromEntries(rows.map((row) => [row.name, row.outcome]));
};
const twice = () =>
  t.owner.rows(
    'select name_key, purpose, step, calls, llm_call_ids, why, tokens_more from paid_twice order by 1',
  );

describe('the names of a call', () => {
  test('are written with it, and each is told what became of it', async () => {
    const category = await t.category('Home');
    await waiting('a', 'b', 'c', 'd');
    const id = await start(['a', 'b', 'c', 'd']);
    expect(await outcomes(id)).toEqual({ a: null, b: null, c: null, d: null });
    await settle(id, [{ name_key: 'a', category_id: category }], [refusal('b', true), refusal('c')]);
    expect(await outcomes(id)).toEqual({ a: 'answered', b: 'none', c: 'refused', d: 'refused' });
  });

  test('that got a category which does not exist are refused', async () => {
    await waiting('a');
    const id = await start(['a']);
    await settle(id, [{ name_key: 'a', category_id: 987654321 }]);
    expect(await outcomes(id)).toEqual({ a: 'refused' });
  });

  test('of a call that the provider refused have failed, of one without an answer are lost', async () => {
    await waiting('a', 'b');
    const [refused, silent] = [await start(['a']), await start(['b'])];
    await t.owner.rows(`select fail_call('one', $1, array['a'], 'HTTP 400', true, false, '0 s')`, refused);
    await t.owner.rows(`select fail_call('one', $1, array['b'], 'timeout', false, false, '0 s')`, silent);
    expect([await outcomes(refused), await outcomes(silent)]).toEqual([{ a: 'failed' }, { b: 'lost' }]);
    // and too late it changes nothing
    await settle(silent, [], [refusal('b')]);
    await t.owner.rows(`select fail_call('one', $1, array['b'], 'timeout', false, false, '0 s')`, silent);
    expect(await outcomes(silent)).toEqual({ b: 'refused' });
  });

  test('are in the same transaction as the call: a refused start leaves neither', async () => {
    await waiting('a');
    await t.owner.rows(`select set_setting('llm_tokens_a_day', '0')`);
    await expect(start(['a'])).rejects.toThrow('the budget of the LLM is used up: llm_tokens_a_day');
    expect(await t.owner.value('select count(*) from llm_calls')).toBe(0);
    expect(await t.owner.value('select count(*) from llm_call_names')).toBe(0);
  });

  test('need not be given, need not be kept, and are forgotten after their days', async () => {
    await t.owner.value(`select start_call('w', 'answer', 'tree', 'openai', 'm', true, 2, 1, 1, null, null)`);
    expect(await t.owner.value('select count(*) from llm_call_names')).toBe(0);
    const [old, young] = [await start(['a', 'b']), await start(['a'])];
    await t.owner.rows(
      `update llm_calls set started_at = now() - interval '366 days' where llm_call_id = $1`,
      old,
    );
    expect(await t.owner.value('select forget_call_names()')).toBe(0);
    await t.owner.rows(`update llm_calls set state = 'ok'`);
    expect(await t.owner.value('select forget_call_names(1)')).toBe(1);
    expect(await t.owner.value('select forget_call_names()')).toBe(1);
    expect(await t.owner.value('select forget_call_names()')).toBe(0);
    expect(await t.owner.rows('select distinct llm_call_id as id from llm_call_names')).toEqual([
      { id: young },
    ]);
    // with 0 days they are there until the answer is
    await t.owner.rows(`select set_setting('ledger_names_days', '0')`);
    const now = await start(['c']);
    expect(await t.owner.value('select forget_call_names()')).toBe(1); // the young one's
    const left = () => t.owner.value('select count(*) from llm_call_names where llm_call_id = $1', now);
    expect(await left()).toBe(1);
    await settle(now, [], [refusal('c')]);
    expect(await left()).toBe(0);
  });

  test('say how often the most tried of them was claimed', async () => {
    await waiting('a', 'b');
    await t.owner.rows(`update queue set attempts = 1 where name_key = 'b'`);
    const id = await start(['a', 'b']);
    expect(await t.owner.value('select attempt from llm_calls where llm_call_id = $1', id)).toBe(2);
  });
});

describe('a late answer', () => {
  test('to a name still open, of a call closed as unknown: the row is ok with true tokens, the names answered', async () => {
    const category = await t.category('Home');
    await waiting('a');
    const id = await start(['a'], { lease: '-1 s' });
    expect(await t.owner.value('select close_lost_calls()')).toBe(1);
    expect(await outcomes(id)).toEqual({ a: 'lost' });
    expect(await t.owner.row('select state, tokens_in, tokens_out from llm_calls')).toEqual({
      state: 'unknown',
      tokens_in: 1000,
      tokens_out: 200,
    });
    // another worker has the name by now
    await t.owner.rows(`update queue set worker = 'two', available_at = now() + interval '1 min'`);
    await settle(id, [{ name_key: 'a', category_id: category }]);
    expect(
      await t.owner.row('select state, error, tokens_in, tokens_cached, tokens_out, cost from llm_calls'),
    ).toEqual({
      state: 'ok',
      error: null,
      tokens_in: 500,
      tokens_cached: 300,
      tokens_out: 100,
      cost: 0.0006,
    });
    expect(await outcomes(id)).toEqual({ a: 'answered' });
    expect(await t.owner.row('select state, source, llm_call_id from products')).toEqual({
      state: 'done',
      source: 'llm',
      llm_call_id: id,
    });
    expect(await t.queued('llm')).toEqual([]);
  });
});

describe('paid_twice', () => {
  test('is empty while each name is paid for once a purpose and step', async () => {
    await waiting('a');
    await start(['a']);
    await start(['a'], { purpose: 'escalate' });
    await start(['a'], { purpose: 'escalate', step: 2 });
    await start(['a'], { purpose: 'audit' });
    // in flight is not paid for yet
    await start(['a']);
    expect(await twice()).toEqual([]);
  });

  test('lists names and says why: in flight at a kill, no answer, left out, none of these, asked again', async () => {
    const category = await t.category('Home');
    const names = ['killed', 'silent', 'left out', 'none', 'again', 'once'];
    await waiting(...names);
    const killed = await start(['killed', 'once'], { lease: '-1 s' });
    await t.owner.rows('select close_lost_calls()');
    const silent = await start(['silent']);
    await t.owner.rows(
      `select fail_call('one', $1, array['silent'], 'timeout', false, false, '0 s')`,
      silent,
    );
    const first = await start(['left out', 'none', 'again']);
    await settle(
      first,
      [{ name_key: 'again', category_id: category }],
      [refusal('left out'), refusal('none', true)],
    );
    const second = await start(['killed', 'silent', 'left out', 'none', 'again']);
    await settle(
      second,
      names.map((name_key) => ({ name_key, category_id: category })),
    );
    const row = (name_key: string, call: number, why: string, tokens_more: number) => ({
      ...{
        name_key,
        purpose: 'answer',
        step: 1,
        calls: 2,
        llm_call_ids: [String(call), String(second)],
        why,
        tokens_more,
      },
    });
    expect(await twice()).toEqual([
      row('again', first, 'asked again after an answer', 200),
      row('killed', killed, 'in flight when its sidecar died', 600),
      row('left out', first, 'the answer left it out or was not valid', 200),
      row('none', first, 'none of these', 200),
      row('silent', silent, 'no answer arrived: timeout', 1200),
    ]);
  });

  test('does not count calls that the provider refused', async () => {
    await waiting('a');
    const id = await start(['a']);
    await t.owner.rows(`select fail_call('one', $1, array['a'], 'HTTP 429', true, false, '0 s')`, id);
    await settle(await start(['a']), [], [refusal('a')]);
    expect(await twice()).toEqual([]);
  });
});

describe('product_cost', () => {
  const cost = (product: number) =>
    t.owner.row('select calls, tokens, cost, shared_by from product_cost($1)', product);

  test('is the product’s share of each call with its name, lost ones and audits too', async () => {
    const category = await t.category('Home');
    await waiting('a', 'b', 'c', 'd');
    const { product_id } = await t.insert('A'); // another row of the name
    expect(await cost(product_id)).toEqual({ calls: 0, tokens: 0, cost: 0, shared_by: 2 });
    await start(['a', 'b', 'c', 'd'], { lease: '-1 s' });
    await t.owner.rows('select close_lost_calls()');
    await settle(await start(['a', 'b']), [{ name_key: 'a', category_id: category }]);
    await settle(await start(['a'], { purpose: 'audit' }), []);
    const failed = await start(['a']);
    await t.owner.rows(`select fail_call('one', $1, array['a'], 'HTTP 500', true, false, '0 s')`, failed);
    expect(await cost(product_id)).toEqual({
      calls: 3,
      tokens: 1200 / 4 + 600 / 2 + 600,
      cost: 0.0012,
      shared_by: 2,
    });
    expect(await t.owner.value(`select detail from explain($1) where item = 'cost'`, product_id)).toBe(
      '1200 tokens in 3 calls, $0.001200, shared by 2 rows',
    );
  });

  test('has no dollars where a price is not known', async () => {
    const { product_id } = await t.insert('a');
    await t.owner.rows(
      `select start_call('one', 'answer', 'tree', 'openai', 'qwen3:8b', true, 1, 90, 10, name_keys => array['a'])`,
    );
    expect(await cost(product_id)).toEqual({ calls: 1, tokens: 100, cost: null, shared_by: 1 });
  });
});
