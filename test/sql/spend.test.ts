import { beforeEach, describe, expect, test } from 'vitest';
import { taxonDatabase } from '../support/sql.ts';

const t = taxonDatabase();

interface Call {
  names: string[];
  purpose?: string;
  route?: string;
  model?: string;
  /** Tokens in, cached, out; a dollar a million. */
  tokens?: [number, number, number];
  answered?: Record<string, number>;
}

/** A call that was answered; its upper estimate is 2,000 tokens. */
async function call({
  names,
  purpose = 'answer',
  route = 'shortlist',
  model = 'm',
  tokens = [900, 0, 100],
  answered = {},
}: Call) {
  const id = await start(names, purpose, route, model);
  await t.owner.rows(
    `select settle_llm('one', $1, $2, '[]', $3, $4, $5, null, $6, 'r')`,
    id,
    JSON.stringify(Object.entries(answered).map(([name_key, category_id]) => ({ name_key, category_id }))),
    ...tokens,
    model,
  );
  return id;
}
const start = (names: string[], purpose = 'answer', route = 'shortlist', model = 'm') =>
  t.owner.value<number>(
    `select start_call('one', $1, $2, 'openai', $3, true, $4, 1500, 500, null, '{"in": 1, "cached": 1, "out": 1}', name_keys => $5)`,
    purpose,
    route,
    model,
    names.length,
    names,
  );
const spend = (by: string, columns = 'what, calls, names, answered, tokens_in, tokens_out, cost') =>
  t.owner.rows(`select ${columns} from spend(by => $1)`, by);

let home: number;
let food: number;
beforeEach(async () => {
  home = await t.category('Home');
  food = await t.category('Food');
});

describe('spend', () => {
  test('by model, purpose and route: whole calls, with tokens a product over all that arrived', async () => {
    await t.insertAll('a', 'b', 'c', 'd');
    await call({ names: ['a', 'b'], answered: { a: home } });
    await call({
      names: ['b'],
      purpose: 'escalate',
      route: 'tree',
      model: 'strong',
      tokens: [4000, 3000, 1000],
    });
    const cheap = { calls: 1, names: 2, answered: 1, tokens_in: 900, tokens_out: 100, cost: 0.001 };
    const strong = { calls: 1, names: 1, answered: 0, tokens_in: 4000, tokens_out: 1000, cost: 0.005 };
    expect(await spend('model')).toEqual([
      { what: 'openai m', ...cheap },
      { what: 'openai strong', ...strong },
    ]);
    expect(await spend('purpose')).toEqual([
      { what: 'answer', ...cheap },
      { what: 'escalate', ...strong },
    ]);
    expect(await spend('route', 'what, tokens_cached, products, tokens_a_product, simulated')).toEqual([
      { what: 'shortlist', tokens_cached: 0, products: 4, tokens_a_product: 250, simulated: true },
      { what: 'tree', tokens_cached: 3000, products: 4, tokens_a_product: 1250, simulated: true },
    ]);
  });

  test('keeps calls in flight or without an answer apart, and leaves out what the provider refused', async () => {
    await t.insertAll('a', 'b');
    await call({ names: ['a'] });
    const [lost, refused] = [await start(['a']), await start(['a'])];
    await start(['b']);
    await t.owner.rows(`select fail_call('one', $1, '{}', 'timeout', false, false, '0 s')`, lost);
    await t.owner.rows(`select fail_call('one', $1, '{}', 'HTTP 429', true, false, '0 s')`, refused);
    expect(
      await spend(
        'purpose',
        'calls, tokens_in, unknown_calls, unknown_tokens, unknown_cost, tokens_a_product',
      ),
    ).toEqual([
      {
        calls: 1,
        tokens_in: 900,
        unknown_calls: 2,
        unknown_tokens: 4000,
        unknown_cost: 0.004,
        tokens_a_product: 2500,
      },
    ]);
  });

  test('by day, days without calls included, and only since then', async () => {
    await t.insertAll('a', 'b');
    await t.owner.rows(`update products set created_at = now() - interval '2 days' where name = 'b'`);
    const id = await call({ names: ['a'] });
    await t.owner.rows(
      `update llm_calls set started_at = now() - interval '40 days' where llm_call_id = $1`,
      id,
    );
    await call({ names: ['a'] });
    expect(await spend('day', 'calls, tokens_in, products, tokens_a_product')).toEqual([
      { calls: 0, tokens_in: 0, products: 1, tokens_a_product: 0 },
      { calls: 1, tokens_in: 900, products: 1, tokens_a_product: 1000 },
    ]);
    expect(await t.owner.value(`select sum(calls) from spend('day', null)`)).toBe(2);
  });

  test('by branch: each name its share, wherever its answer lies', async () => {
    await t.insertAll('a', 'b', 'c', 'd');
    await call({ names: ['a', 'b', 'c', 'd'], answered: { a: home, b: home, c: food } });
    expect(
      await spend('branch', 'what, calls, names, tokens_in, tokens_out, products, tokens_a_product'),
    ).toEqual([
      {
        what: 'Food',
        calls: 1,
        names: 1,
        tokens_in: 225,
        tokens_out: 25,
        products: 1,
        tokens_a_product: 250,
      },
      {
        what: 'Home',
        calls: 1,
        names: 2,
        tokens_in: 450,
        tokens_out: 50,
        products: 2,
        tokens_a_product: 250,
      },
      {
        what: 'not known',
        calls: 1,
        names: 1,
        tokens_in: 225,
        tokens_out: 25,
        products: null,
        tokens_a_product: null,
      },
    ]);
  });

  test('by layer: answers are the llm’s, audits those of the layer they judge', async () => {
    await t.label('known', 'Home', 'import');
    await t.insertAll('a', 'known');
    await call({ names: ['a'], answered: { a: food } });
    await t.owner.rows(
      `insert into checks (name_key, layer, strategy, weight, category_id, auditor) values ('known', 'exact', 'audit', 1, $1, 'llm')`,
      home,
    );
    await call({ names: ['known'], purpose: 'audit', answered: { known: home } });
    expect(await spend('layer', 'what, calls, tokens_in, products, tokens_a_product')).toEqual([
      { what: 'audit of exact', calls: 1, tokens_in: 900, products: 1, tokens_a_product: 1000 },
      { what: 'llm', calls: 1, tokens_in: 900, products: 1, tokens_a_product: 1000 },
    ]);
  });

  test('each sum is the ledger’s', async () => {
    await t.insertAll('a', 'b', 'c');
    await call({ names: ['a', 'b', 'c'], answered: { a: home, b: food, c: food } });
    await call({ names: ['b'], purpose: 'audit' });
    // of an older release: without its names
    await t.owner.rows(`update llm_calls set names = 7 where purpose = 'audit'`);
    await t.owner.rows(
      `delete from llm_call_names n using llm_calls c where c.llm_call_id = n.llm_call_id and c.purpose = 'audit'`,
    );
    for (const by of ['day', 'layer', 'branch', 'model', 'purpose', 'route'])
      expect([by, await t.owner.value('select sum(tokens_in + tokens_out) from spend($1)', by)]).toEqual([
        by,
        2000,
      ]);
  });

  test('by anything else is refused', async () => {
    await expect(spend('weather')).rejects.toMatchObject({
      message: 'there is no spend by "weather"',
      hint: 'One of day, layer, branch, model, purpose, route.',
    });
  });
});

describe('savings', () => {
  const savings = () =>
    t.owner.rows(
      'select against, products, tokens_a_product, tokens_then, tokens_spent, tokens_saved, share_saved, cost_then, cost_spent, simulated from savings()',
    );

  test('against three forms, with where their tokens come from', async () => {
    await t.label('known', 'Home');
    await t.insertAll('a', 'b', ...Array.from({ length: 8 }, () => 'known'));
    await call({ names: ['a', 'b'], route: 'tree', tokens: [3800, 0, 200], answered: { a: home, b: home } });
    const spent = { products: 10, tokens_spent: 4000, cost_spent: 0.004, simulated: true };
    expect(await savings()).toEqual([
      {
        ...spent,
        ...{
          against: 'naive: a call a product',
          tokens_a_product: 25000,
          tokens_then: 250000,
          tokens_saved: 246000,
        },
        ...{ share_saved: 0.984, cost_then: 0.25 },
      },
      {
        ...spent,
        ...{
          against: 'the compact tree, a call a product',
          tokens_a_product: 3900,
          tokens_then: 39000,
          tokens_saved: 35000,
        },
        ...{ share_saved: 0.8974, cost_then: 0.039 },
      },
      {
        ...spent,
        ...{
          against: 'the compact tree, in batches',
          tokens_a_product: 2000,
          tokens_then: 20000,
          tokens_saved: 16000,
        },
        ...{ share_saved: 0.8, cost_then: 0.02 },
      },
    ]);
    expect(await t.owner.rows('select assumption from savings()')).toEqual([
      {
        assumption:
          '25000 tokens a product: the setting llm_naive_tokens, not measured here; dollars at the mean rate of what was paid',
      },
      {
        assumption: expect.stringContaining(
          'the mean tokens in of the 1 calls of the route tree in the ledger',
        ),
      },
      { assumption: expect.stringContaining('their tokens by their 2 names') },
    ]);
  });

  test('says what it cannot know', async () => {
    await t.owner.rows(`select set_setting('llm_naive_tokens', '400')`);
    await t.insertAll('a');
    await call({ names: ['a'], answered: { a: home } });
    expect(await savings()).toMatchObject([
      { tokens_then: 400, tokens_saved: -600, share_saved: -1.5 },
      { tokens_a_product: null, tokens_then: null, share_saved: null },
      { tokens_a_product: null },
    ]);
    expect(
      await t.owner.value('select count(*) from savings() where assumption like $1', 'not measured:%'),
    ).toBe(2);
  });
});
