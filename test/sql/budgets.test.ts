import { describe, expect, test } from 'vitest';
import { type Session, taxonDatabase } from '../support/sql.ts';

const t = taxonDatabase();

const limit = (budget: string, most: number | null) =>
  t.owner.rows('select set_setting($1, $2)', budget, JSON.stringify(most));

/** A call of so many tokens, a dollar a million, in the ledger. */
async function spent(
  tokens: number,
  { state = 'ok', ago = '0 s', cost = (tokens / 1e6) as number | null } = {},
) {
  await t.owner.rows(
    `insert into llm_calls (worker, purpose, route, provider, model, simulated, state, names, tokens_in, tokens_out, cost, lease_until, started_at)
       values ('w', 'answer', 'tree', 'openai', 'm', true, $1, 10, $2, 0, $3, now(), now() - $4::interval)`,
    state,
    tokens,
    cost,
    ago,
  );
}

/** Rows whose names are in the LLM stage; returns their ids. */
async function waiting(...names: string[]): Promise<number[]> {
  await t.insertAll(...names);
  await t.owner.rows(`delete from queue where stage = 'local'`);
  await t.owner.rows(`insert into queue (stage, name_key) select 'llm', n from unnest($1::text[]) n`, names);
  const rows = await t.owner.rows<{ product_id: number }>('select product_id from products order by 1');
  return rows.map((row) => row.product_id);
}

const claim = async (worker = 'one', on: Session = t.owner) => {
  const rows = await on.rows<{ name_key: string }>(
    `select name_key from taxon_internal.claim_llm($1, 100, '0 s') order by 1`,
    worker,
  );
  return rows.map((row) => row.name_key);
};
const free = () => t.owner.rows(`update queue set worker = null, available_at = now()`);
const health = (item: string) =>
  t.owner.rows('select status, value, detail from health() where item = $1', item);
const start = (names: string[] | null, simulated = true, deployment = 'default', on: Session = t.owner) =>
  on.value<number>(
    `select taxon_internal.start_call('w', 'answer', 'tree', 'openai', 'm', $2, 1, 10, 10, name_keys => $1, deployment => $3)`,
    names,
    simulated,
    deployment,
  );

describe('a budget', () => {
  test('is none by default', async () => {
    await spent(1e9);
    await waiting('a');
    expect(await t.owner.rows('select * from llm_budgets()')).toEqual([]);
    expect(await claim()).toEqual(['a']);
  });

  test('warns from 80 % on; used up, names wait, inserts do not, and when the day turns it goes on', async () => {
    await limit('llm_tokens_a_day', 1000);
    await waiting('a');
    await spent(799);
    expect(await health('budget tokens a day')).toEqual([
      { status: 'ok', value: '79 %', detail: '799.0000 of 1000 spent' },
    ]);
    await spent(1);
    expect(await health('budget tokens a day')).toEqual([
      { status: 'warn', value: '80 %', detail: '800.0000 of 1000 spent: at 100 % the LLM waits' },
    ]);
    expect(await claim()).toEqual(['a']);
    await free();
    await spent(200);
    expect(await claim()).toEqual([]);
    expect(await health('budget tokens a day')).toMatchObject([
      { status: 'warn', detail: expect.stringMatching(/the LLM is asked again from .* 00:00 UTC/) },
    ]);
    expect((await t.insert('b')).state).toBe('pending');
    await t.owner.rows(`update llm_calls set started_at = started_at - interval '1 day'`);
    expect(await claim()).toEqual(['a']);
    expect(await t.owner.value(`select attempts from queue where name_key = 'a'`)).toBe(2);
  });

  test('counts calls in flight and lost ones with their upper estimates, and not what the provider refused', async () => {
    await limit('llm_tokens_a_day', 1000);
    await waiting('a');
    await spent(500, { state: 'failed' });
    await spent(500, { state: 'started' });
    expect(await claim()).toEqual(['a']);
    await free();
    await spent(500, { state: 'unknown' });
    expect(await claim()).toEqual([]);
    expect(await t.owner.row('select spent, share from llm_budgets()')).toEqual({ spent: 1000, share: 1 });
  });

  test('may be of dollars, and of a month; the first that is used up counts', async () => {
    await limit('llm_dollars_a_day', 0.001);
    await waiting('a');
    await spent(5000, { cost: null }); // no price is known
    await spent(999);
    expect(await claim()).toEqual(['a']);
    await free();
    await spent(1);
    expect(await claim()).toEqual([]);
    await limit('llm_dollars_a_day', null);
    expect(await claim()).toEqual(['a']);
    await free();
    await limit('llm_tokens_a_month', 6000);
    expect(await claim()).toEqual([]);
    await t.owner.rows(
      `update llm_calls set started_at = date_trunc('month', now(), 'UTC') - interval '1 s'`,
    );
    expect(await claim()).toEqual(['a']);
  });

  test('of 0 lets nothing pass', async () => {
    await limit('llm_tokens_a_day', 0);
    await waiting('a');
    expect(await claim()).toEqual([]);
    expect(await health('budget tokens a day')).toMatchObject([{ status: 'warn', value: 'none' }]);
  });

  test('lets names pass that are marked urgent, and no audit', async () => {
    await limit('llm_tokens_a_day', 100);
    const ids = await waiting('a', 'b', 'c');
    await t.owner.rows(`insert into queue (stage, name_key, purpose) values ('llm', 'b', 'audit')`);
    await spent(100);
    expect(await t.owner.value('select mark_urgent($1)', ids[1])).toBe(true);
    await t.owner.rows('select mark_urgent($1)', ids[1]);
    expect(await claim()).toEqual(['b']);
    expect(await claim('two')).toEqual([]);
    await start(['b']);
    await expect(start(['b', 'c'])).rejects.toThrow('the budget of the LLM is used up: llm_tokens_a_day');
    await free();
    await t.owner.rows('select mark_urgent($1, false)', ids[1]);
    expect(await claim()).toEqual([]);
    await expect(t.owner.rows('select mark_urgent(987654321)')).rejects.toThrow(
      'there is no product 987654321',
    );
  });

  test('and its urgent names are forgotten when no row waits for them', async () => {
    const [a, b] = await waiting('a', 'b');
    await t.owner.rows('select mark_urgent($1), mark_urgent($2)', a, b);
    await t.owner.rows(`delete from products where name = 'a'`);
    expect(await t.owner.value('select forget_urgent()')).toBe(1);
    expect(await t.owner.value('select count(*) from urgent_names')).toBe(1);
  });

  test.each([
    ['"many"', 'takes a number, 0 or more, or null'],
    ['-1', 'takes a number, 0 or more, or null'],
  ])('cannot be %s', async (value, says) => {
    await expect(t.owner.rows(`select set_setting('llm_tokens_a_day', $1)`, value)).rejects.toThrow(says);
  });
});

describe('paid calls', () => {
  const beat = (worker: string, deployment: string | null) =>
    t.owner.rows(
      `select heartbeat($1, 'h', 1, '1', null, 'openai gpt', true, false, null, $2)`,
      worker,
      deployment,
    );

  test('are made by the first deployment that comes with a paid provider, until another is adopted', async () => {
    await waiting('a');
    expect(await t.owner.value(`select keep_deployment('production')`)).toBe(true);
    expect(await t.owner.value(`select keep_deployment('laptop')`)).toBe(false);
    await beat('one', 'production');
    await beat('two', 'laptop');
    expect(await claim('two')).toEqual([]);
    expect(await t.owner.value(`select attempts from queue`)).toBe(0);
    expect(await health('deployment')).toEqual([
      {
        status: 'warn',
        value: 'laptop',
        detail: `sidecar two makes no paid call: this database's are made by "production"; select adopt_deployment('laptop')`,
      },
    ]);
    expect(await claim('one')).toEqual(['a']);
    await free();
    expect(await t.owner.value(`select adopt_deployment('laptop')`)).toBe('laptop');
    expect([await claim('one'), await claim('two')]).toEqual([[], ['a']]);
  });

  test('are refused to another deployment at the last moment; a simulator’s never', async () => {
    await start(null, false, 'production');
    await expect(start(null, false, 'laptop')).rejects.toMatchObject({
      message: 'paid calls of this database are made by deployment "production", not by "laptop"',
      hint: `If they shall be made here: select adopt_deployment('laptop');`,
    });
    await start(null, true, 'laptop');
    await waiting('a');
    await beat('simulated', null);
    expect(await claim('simulated')).toEqual(['a']);
    expect(await t.owner.value('select count(*) from llm_calls')).toBe(2);
  });

  test('are not made in a copy, although the name is the same', async () => {
    expect(await t.owner.value(`select keep_deployment('default')`)).toBe(true);
    // as a dump restored elsewhere has it
    await t.owner.rows(
      `update all_settings set value = jsonb_set(value, '{database}', '"16384/7000000000000000000"') where key = 'llm_deployment'`,
    );
    expect(await t.owner.value(`select keep_deployment('default')`)).toBe(false);
    await beat('one', 'default');
    await waiting('a');
    expect(await claim('one')).toEqual([]);
    expect(await health('deployment')).toMatchObject([
      { detail: expect.stringContaining('of another database, of which it is a copy') },
    ]);
    await expect(start(null, false)).rejects.toMatchObject({
      detail: expect.stringContaining('of which this is a copy'),
    });
    await t.owner.rows(`select adopt_deployment('default')`);
    expect(await claim('one')).toEqual(['a']);
  });

  test('are adopted by that function alone', async () => {
    await expect(t.owner.rows(`select set_setting('llm_deployment', '{}')`)).rejects.toThrow(
      'llm_deployment is not changed here',
    );
    await expect(t.owner.rows(`select adopt_deployment('')`)).rejects.toThrow('which deployment?');
  });

  test('work for a sidecar’s role', async () => {
    const sidecar = await t.connect('taxon_sidecar');
    expect(await sidecar.value(`select taxon_internal.keep_deployment('default')`)).toBe(true);
    await start(['a'], false, 'default', sidecar);
    await expect(sidecar.value(`select taxon.adopt_deployment('mine')`)).rejects.toThrow('permission denied');
  });
});
