import { beforeEach, describe, expect, test } from 'vitest';
import { simulatedModel } from '../../src/llm/pricing.ts';
import { taxonDatabase } from '../support/sql.ts';

const t = taxonDatabase();

beforeEach(() => t.owner.rows('delete from llm_prices where set_by is not null'));

interface Price {
  in: number;
  cached: number;
  out: number;
  since: string;
  simulated: boolean;
  batch: boolean;
}
const price = (provider: string, model: string, day: string, batch = false) =>
  t.owner.value<Price | null>(
    `select llm_price($1, $2, $3::timestamptz, $4)`,
    provider,
    model,
    `${day}T12:00:00Z`,
    batch,
  );

describe('llm_price', () => {
  test('is that of the day', async () => {
    expect(await price('openai', 'gpt-5.6-luna', '2026-07-29')).toMatchObject({
      in: 1,
      since: '2026-07-09',
    });
    expect(await price('openai', 'gpt-5.6-luna', '2026-07-30')).toMatchObject({
      in: 0.2,
      since: '2026-07-30',
    });
    expect(await price('openai', 'gpt-5.6-luna', '2026-07-08')).toBeNull();
  });

  test('of a dated version is its model’s; an unknown model and another provider’s have none', async () => {
    expect((await price('openai', 'gpt-5.4-nano-2026-03-17', '2026-11-01'))?.out).toBe(1.25);
    expect((await price('anthropic', 'claude-haiku-4-5-20251001', '2026-11-01'))?.out).toBe(5);
    expect(await price('openai', 'qwen3:8b', '2026-11-01')).toBeNull();
    expect(await price('openai', 'claude-haiku-5-5', '2026-11-01')).toBeNull();
    expect(await price('openai', 'gpt-6-luna-fast', '2026-11-01')).toBeNull();
  });

  test('of the simulator says that it is one', async () => {
    for (const provider of ['openai', 'anthropic'])
      expect((await price(provider, simulatedModel, '2020-01-01'))?.simulated).toBe(true);
    expect((await price('openai', 'gpt-6-luna', '2026-11-01'))?.simulated).toBe(false);
  });

  test('of the batch API is half', async () => {
    expect(await price('openai', 'gpt-6-luna', '2026-11-01', true)).toEqual({
      in: 0.05,
      cached: 0.005,
      written: 0.0625,
      out: 0.25,
      since: '2026-09-22',
      simulated: false,
      batch: true,
    });
  });
});

test('llm_cost: what is written into the cache is another part, at a third price', async () => {
  const cost = (price: string) => t.owner.value(`select llm_cost($1, 3130, 2000, 100, 1000)`, price);
  expect(await cost('{"in": 1, "cached": 0.1, "written": 1.25, "out": 5}')).toBeCloseTo(0.00208);
  // what that costs is not said: no guess
  expect(await cost('{"in": 1, "cached": 0.1, "written": null, "out": 5}')).toBeNull();
  expect(await cost('{"in": 1, "cached": 0.1, "out": 5}')).toBeNull();
});

test('llm_cost: cached input is a part of the input, at its own price', async () => {
  const cost = (...tokens: number[]) =>
    t.owner.value(`select llm_cost('{"in": 1, "cached": 0.1, "out": 5}', $1, $2, $3)`, ...tokens);
  expect(await cost(1_000_000, 0, 0)).toBeCloseTo(1);
  expect(await cost(1_000_000, 600_000, 100_000)).toBeCloseTo(0.96);
  expect(await t.owner.value(`select llm_cost(null, 1, 0, 1)`)).toBeNull();
});

describe('set_llm_price', () => {
  const set = (model: string, dollars: number, since: string | null) =>
    t.owner.value<Price>(`select set_llm_price('openai', $1, $2, $2, $2, $3)`, model, dollars, since);

  test('beats the program’s, a newer one too, from its day on; the newest of one’s own counts', async () => {
    await set('gpt-5.6-luna', 7, '2026-07-15');
    expect((await price('openai', 'gpt-5.6-luna', '2026-07-14'))?.in).toBe(1);
    expect((await price('openai', 'gpt-5.6-luna', '2026-08-01'))?.in).toBe(7);
    await set('gpt-5.6-luna', 6, '2026-07-20');
    expect((await price('openai', 'gpt-5.6-luna', '2026-07-19'))?.in).toBe(7);
    expect((await price('openai', 'gpt-5.6-luna', '2026-08-01'))?.in).toBe(6);
  });

  test('of a model that the program does not know, from today on; free is a price', async () => {
    expect(await set('qwen3:8b', 0, null)).toMatchObject({ in: 0, simulated: false });
    expect(await t.owner.value(`select (llm_price('openai', 'qwen3:8b') ->> 'in')::numeric`)).toBe(0);
  });

  test('twice for a day is a correction', async () => {
    await set('m', 1, '2026-01-01');
    await set('m', 2, '2026-01-01');
    expect(await t.owner.rows(`select dollars_in, set_by from llm_prices where model = 'm'`)).toEqual([
      { dollars_in: 2, set_by: 'owner' },
    ]);
  });

  test.each([
    ["'acme', 'm', 1, 1, 1", 'the provider is openai'],
    ["'openai', '', 1, 1, 1", 'which model'],
    ["'openai', 'm', null, 1, 1", '0 or more'],
    ["'openai', 'm', 1, 1, -1", '0 or more'],
    ["'openai', 'm', 1, 1, 1, null, 2", 'batch_factor must be from 0 to 1'],
  ])('refuses %s', async (given, says) => {
    await expect(t.owner.rows(`select set_llm_price(${given})`)).rejects.toThrow(says);
  });
});

describe('a call', () => {
  const start = (model: string, batch = false) =>
    t.owner.value<number>(
      `select start_call('w', 'answer', 'tree', 'openai', $1, true, 1, 1000000, 200000, batch => $2)`,
      model,
      batch,
    );
  const settle = (id: number, version: string) =>
    t.owner.rows(
      `select settle_llm('w', $1, '[]', '[]', 500000, 100000, 100000, null, $2, 'r')`,
      id,
      version,
    );
  const call = (id: number) =>
    t.owner.row<{ cost: number | null; price: Price | null }>(
      'select cost, price from llm_calls where llm_call_id = $1',
      id,
    );

  test('keeps the price it was made at, whatever is set later', async () => {
    await t.owner.rows(`select set_llm_price('openai', 'm', 1, .1, 5, '2026-01-01')`);
    const id = await start('m');
    expect((await call(id)).cost).toBeCloseTo(2);
    await t.owner.rows(`select set_llm_price('openai', 'm', 100, 100, 100, '2026-01-01')`);
    expect((await call(id)).price).toMatchObject({ in: 1, cached: 0.1, out: 5, batch: false });
    await settle(id, 'some other name');
    expect((await call(id)).cost).toBeCloseTo(0.4 + 0.01 + 0.5);
  });

  test('costs what the version that answered costs, where that is known', async () => {
    await t.owner.rows(`select set_llm_price('openai', 'router', 1, 1, 1, '2026-01-01'),
      set_llm_price('openai', 'small', .5, .5, .5, '2026-01-01')`);
    const id = await start('router');
    await settle(id, 'small');
    expect((await call(id)).cost).toBeCloseTo(0.3);
  });

  test('of the batch API is settled at half the price', async () => {
    await t.owner.rows(`select set_llm_price('openai', 'm', 1, 1, 1, '2026-01-01')`);
    const id = await start('m', true);
    expect((await call(id)).cost).toBeCloseTo(0.6);
    await settle(id, 'm');
    expect((await call(id)).cost).toBeCloseTo(0.3);
  });

  const counted = (id: number, cost: number | null, written: number, doubt: string | null) =>
    t.owner.rows(
      `select settle_llm('w', $1, '[]', '[]', 3000, 1000, 100, $2, (select model from llm_calls where llm_call_id = $1), 'r', $3, $4)`,
      id,
      cost,
      written,
      doubt,
    );

  test('pays for what the provider wrote into its cache', async () => {
    await t.owner.rows(`select set_llm_price('anthropic', 'm', 4, .4, 20, '2026-01-01')`);
    await t.owner.rows(`select set_llm_price('openai', 'm', 4, .4, 20, '2026-01-01', dollars_written => 4)`);
    const at = (provider: string) =>
      t.owner.value<number>(
        `select start_call('w', 'answer', 'tree', $1, 'm', true, 1, 3000, 100)`,
        provider,
      );
    const [theirs, ours] = [await at('anthropic'), await at('openai')];
    await counted(theirs, null, 1500, null);
    await counted(ours, null, 1500, null);
    // 500 fresh, 1,000 read, 1,500 written, 100 out; Anthropic charges 1.25 times for those
    expect((await call(theirs)).cost).toBeCloseTo(0.002 + 0.0004 + 0.0075 + 0.002);
    expect((await call(ours)).cost).toBeCloseTo(0.002 + 0.0004 + 0.006 + 0.002);
    expect(await t.owner.value('select tokens_written from llm_calls where llm_call_id = $1', ours)).toBe(
      1500,
    );
  });

  test('costs what the provider says that it cost', async () => {
    await t.owner.rows(`select set_llm_price('openai', 'm', 4, .4, 20, '2026-01-01')`);
    const id = await start('m');
    await counted(id, 0.0123, 0, null);
    expect((await call(id)).cost).toBe(0.0123);
  });

  test('whose counts are doubted has no cost, but counts in budgets, and health() says why', async () => {
    await t.owner.rows(`select set_llm_price('openai', 'm', 10, 1, 50, '2026-01-01')`);
    await t.owner.rows(`select set_llm_price('openai', 'own', 0, 0, 0, '2026-01-01')`);
    const [id, free] = [await start('m'), await start('own')];
    await counted(id, null, 0, 'a total of 7 tokens');
    await counted(free, null, 200, 'a total of 7 tokens');
    expect((await call(id)).cost).toBeNull();
    expect((await call(free)).cost).toBe(0);
    expect(await t.owner.row(`select value, detail from health() where item = 'tokens'`)).toEqual({
      value: 'openai m',
      detail: 'the cost of 1 calls of the last day is not known: a total of 7 tokens; compare with the bill',
    });
    await t.owner.rows(`select set_setting('llm_dollars_a_day', '1')`);
    const spent = await t.owner.value<number>('select spent from llm_budgets()');
    await t.owner.rows(`delete from llm_calls where llm_call_id = $1`, id);
    expect(spent - (await t.owner.value<number>('select spent from llm_budgets()'))).toBeCloseTo(0.035);
    await t.owner.rows(`select set_setting('llm_dollars_a_day', 'null')`);
  });

  test('of which one is without a price makes a sum without one, not a smaller sum', async () => {
    await t.owner.rows('delete from llm_calls');
    await t.owner.rows(`select set_llm_price('openai', 'm', 1, 1, 1, '2026-01-01')`);
    await settle(await start('m'), 'm');
    const money = async () => [
      await t.owner.value(`select cost from routing() where layer = 'llm'`),
      await t.owner.value(`select cost from spend(by => 'day') where calls > 0`),
    ];
    expect(await money()).toEqual([0.6, 0.6]);
    await settle(await start('qwen3:8b'), 'qwen3:8b');
    expect(await money()).toEqual([null, null]);
  });

  test('of a model without a price costs NULL, and health() says how to name one', async () => {
    const id = await start('qwen3:8b');
    await settle(id, 'qwen3:8b');
    expect(await call(id)).toEqual({ cost: null, price: null });
    expect(await t.owner.row(`select status, value, detail from health() where item = 'price'`)).toEqual({
      status: 'warn',
      value: 'openai qwen3:8b',
      detail: expect.stringContaining(`set_llm_price('openai', 'qwen3:8b', …)`),
    });
  });
});
