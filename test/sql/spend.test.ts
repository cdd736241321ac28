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
      `select products, local_names, llm_names, tokens_a_name, tokens_then, tokens_spent, tokens_saved, share_saved, cost_then, cost_spent,
              simulated from savings()`,
    );
  const assumption = () => t.owner.value<string>('select assumption from savings()');
  /** Names that the local layer has answered; `rows` of each. */
  async function localNames(count: number, rows = 1): Promise<void> {
    const names = Array.from({ length: count }, (_, i) => `local ${i}`);
    for (let i = 0; i < rows; i++) await t.insertAll(...names);
    await t.owner.rows(
      `update products set state = 'done', source = 'local', category_id = $1, l1 = $1 where name like 'local %'`,
      home,
    );
  }

  test('are counted against full batches, not against those of three names that came in', async () => {
    await t.label('known', 'Home');
    await localNames(79, 2);
    await t.insertAll('a', 'b', 'c', ...Array.from({ length: 8 }, () => 'known'));
    // 4,900 of it are the tree, whatever the names
    await call({
      names: ['a', 'b', 'c'],
      route: 'tree',
      tokens: [4900, 0, 60],
      answered: { a: home, b: home, c: home },
    });
    expect(await savings()).toEqual([
      {
        ...{ products: 169, local_names: 79, llm_names: 3, tokens_a_name: 265, tokens_then: 21_730 },
        ...{ tokens_spent: 4960, tokens_saved: 16_770, share_saved: 0.7717 },
        ...{ cost_then: 0.02173, cost_spent: 0.00496, simulated: true },
      },
    ]);
    expect(await assumption()).toBe(
      'each of 79 names that the local layer answered and 3 that the LLM did, asked once in batches of 20, at 265.0 tokens: by the 1 calls of the route tree in the ledger (3 names); exact and similar answers stay as they are; dollars at the mean rate of what was paid',
    );
  });

  test('tell what is fixed in a call from what each name costs where batches differ in size', async () => {
    await localNames(10);
    await t.insertAll('a', 'b', 'c', 'd', 'e');
    await call({ names: ['a'], route: 'tree', tokens: [1000, 0, 20], answered: { a: home } });
    await call({
      ...{ names: ['b', 'c', 'd', 'e'], route: 'tree', tokens: [1060, 0, 80] },
      answered: { b: home, c: home, d: home, e: home },
    });
    // 980 + 40 a name
    expect(await savings()).toMatchObject([{ tokens_a_name: 89, tokens_then: 1335, tokens_spent: 2160 }]);
  });

  test('are none, or less, where the local layer answers nothing', async () => {
    await t.insertAll('a');
    await call({ names: ['a'], route: 'tree', tokens: [900, 0, 100], answered: { a: home } });
    expect(await savings()).toMatchObject([{ tokens_then: 145, tokens_saved: -855, share_saved: -5.8966 }]);
  });

  test('say where only calls with the local layer’s shortlist were measured', async () => {
    await localNames(10);
    await t.insertAll('a');
    await call({ names: ['a'], answered: { a: home } });
    expect(await assumption()).toContain(
      'by the 1 calls of the route shortlist in the ledger (1 names), whose shortlists the local layer made: without it a name costs more',
    );
    await t.insertAll('b');
    await call({ names: ['b'], route: 'two-stage', tokens: [300, 0, 20], answered: {} });
    await call({ names: ['b'], route: 'subtree', tokens: [200, 0, 20], answered: { b: home } });
    expect(await savings()).toMatchObject([{ tokens_a_name: 65 }]);
    expect(await assumption()).toContain('by the 2 calls of the route two-stage and subtree in the ledger');
  });

  test('are not known before a call has answered names', async () => {
    await localNames(3);
    expect(await savings()).toMatchObject([
      { local_names: 3, tokens_then: null, share_saved: null, cost_then: null },
    ]);
    expect(await assumption()).toBe('not measured: no call has answered names since then');
  });
});
