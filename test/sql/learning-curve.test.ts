import { describe, expect, test } from 'vitest';
import { type Session, taxonDatabase } from '../support/sql.ts';

const t = taxonDatabase();

/** Shares passed on that fall by so much in the logit at each doubling. */
const falling = (from: number, each: number, count = 5) =>
  Array.from({ length: count }, (_, i) => 1 / (1 + Math.exp(-(from - each * i))));

const ahead = (passed: number[], to: number, held = 3000) => {
  const names = passed.map((_, i) => 1000 * 2 ** i);
  return t.owner.row<{ passed_now: number; passed_then: number; low: number; high: number }>(
    'select * from curve_ahead($1, $2, $3, $4, $5)',
    names,
    passed,
    held,
    names.at(-1),
    to,
  );
};

describe('curve_ahead', () => {
  test('draws on what falls evenly, and is less sure the farther ahead', async () => {
    const passed = falling(1.5, 0.5);
    const near = await ahead(passed, 20_000);
    const far = await ahead(passed, 32_000);
    expect(near.passed_now).toBeCloseTo(passed[4] as number, 1);
    expect(far.passed_then).toBeCloseTo(falling(1.5, 0.5, 6)[5] as number, 1);
    for (const { low, passed_then, high } of [near, far]) {
      expect(low).toBeLessThan(passed_then);
      expect(high).toBeGreaterThan(passed_then);
    }
    expect(far.high - far.low).toBeGreaterThan(1.5 * (near.high - near.low));
  });

  test('a curve that has ended is drawn on level, and noise widens the interval', async () => {
    const level = await ahead([0.41, 0.4, 0.4, 0.4, 0.4], 32_000);
    expect(level.passed_then).toBeCloseTo(0.4, 1);
    const noisy = await ahead([0.7, 0.5, 0.62, 0.4, 0.5], 32_000);
    expect(noisy.high - noisy.low).toBeGreaterThan(1.5 * (level.high - level.low));
    const few = await ahead([0.41, 0.4, 0.4, 0.4, 0.4], 32_000, 100);
    expect(few.high - few.low).toBeGreaterThan(1.2 * (level.high - level.low));
  });

  test('says nothing from fewer than four points that say something', async () => {
    const none = 'select * from curve_ahead($1, $2, 1000, 4000, 8000)';
    expect(await t.owner.rows(none, [1000, 2000, 4000], [0.8, 0.6, 0.5])).toEqual([]);
    expect(await t.owner.rows(none, [500, 1000, 2000, 4000], [0.99, 0.8, 0.6, 0.5])).toEqual([]);
    expect(await t.owner.rows(none, [4000, 4000, 4000, 4000], [0.5, 0.5, 0.5, 0.5])).toEqual([]);
    expect(await t.owner.rows('select * from curve_ahead(null, null, null, null, null)')).toEqual([]);
  });
});

/** A champion that a training measured a curve of: passed on .82 to .38 after 100 to 1,600 of so many labels. */
async function curved(labels = 1600, error = 0): Promise<number> {
  const points = falling(1.5, 0.5).map((passedOn, i) => ({
    ...{ names: 100 * 2 ** i, path: 1 - passedOn * 0.6 + error, passedOn, l1: 0.9, l2: 0.8, l3: 0.7 },
  }));
  const encoder = await t.owner.value(`select register_encoder('e', 2)`);
  const model = await t.owner.value<number>(
    'select save_model($1, null, $2, $3, $4)',
    encoder,
    '{}',
    JSON.stringify({ learning: { heldOut: 2000, error: 0.1, ceiling: 0.8, points } }),
    JSON.stringify({ labels }),
  );
  await t.owner.rows(`select save_model_file($1, 'm', sha256('x'), 'x')`, model);
  await t.owner.rows('select promote_model($1)', model);
  return model;
}

async function labels(count: number, from = 1): Promise<void> {
  const category = await t.category('Home > Pots');
  await t.owner.rows(
    `insert into labels (name_key, category_id, source) select 'label ' || n, $1, 'llm' from generate_series($2::int, $3::int) n`,
    category,
    from,
    from + count - 1,
  );
}

/** Products answered by the local layer and by the LLM, and a ledger in which a name cost 100 tokens and .001 dollars. */
async function traffic(local: number, llm: number): Promise<void> {
  await t.owner.rows(
    `insert into products (name, state, source, created_at) select 'product ' || n, 'done', case when n <= $1 then 'local' else 'llm' end, now() from generate_series(1, $2) n`,
    local,
    local + llm,
  );
  await t.owner.rows(
    `update products set state = 'done', source = case when substr(name, 9)::int <= $1 then 'local' else 'llm' end`,
    local,
  );
  await t.owner.rows(
    `insert into llm_calls (worker, purpose, route, provider, model, simulated, state, names, tokens_in, tokens_out, cost, lease_until)
       values ('w', 'answer', 'shortlist', 'openai', 'gpt', true, 'ok', 10, 900, 100, .01, now())`,
  );
}

interface Curve {
  labels_now: number;
  labels_then: number;
  llm_share_now: number | null;
  llm_share_then: number | null;
  low: number;
  high: number;
  tokens_a_product_now: number;
  tokens_a_product_then: number;
  dollars_saved_a_month: number;
  passed_on_now: number;
  passed_on_then: number;
  verdict: string;
}
const curve = (more: number) => t.owner.row<Curve>('select * from learning_curve($1)', more);

describe('learning_curve', () => {
  test("foretells the LLM's share, tokens and dollars", async () => {
    await curved();
    await labels(1600);
    await traffic(700, 300);
    const said = await curve(700);
    expect(said).toMatchObject({
      labels_now: 1600,
      labels_then: 2300,
      llm_share_now: 0.3,
      points: 5,
      held_out: 2000,
    });
    const then = said.llm_share_then as number;
    expect(then).toBeCloseTo((0.3 * said.passed_on_then) / said.passed_on_now, 3);
    expect(then).toBeLessThan(0.28);
    expect(said.low).toBeLessThan(then);
    expect(said.high).toBeGreaterThan(then);
    expect(said.tokens_a_product_now).toBe(30);
    expect(said.tokens_a_product_then).toBeCloseTo(100 * then, 0);
    // less than a day of traffic counts as a day: 30,000 a month
    expect(said.dollars_saved_a_month).toBeCloseTo((0.3 - then) * 30_000 * 0.001, 1);
    const whole = (share: number) => Math.round(share * 100);
    expect(said.verdict).toBe(
      `700 more labels would take the LLM's share from 30 to ${whole(then)} % (${whole(said.low)} to ${whole(said.high)})`,
    );
    const more = await curve(799);
    expect(more.llm_share_then).toBeLessThan(then);
    expect(await t.owner.rows('select * from learning_points()')).toMatchObject([
      { names: 100, passed_on: 0.8176 },
      { names: 200 },
      { names: 400 },
      { names: 800 },
      { names: 1600, llm_share: 0.3, tokens_saved_a_product: 70 },
    ]);
  });

  test('counts what is new since the training, without sealed names and retired categories', async () => {
    await curved();
    await labels(2000);
    expect((await curve(0)).verdict).toContain('a training on the 400 labels that are new would take');
    expect((await curve(100)).verdict).toContain('100 more labels and the 400 that are new would take');
    const gone = await t.label('gone', 'Away');
    await t.owner.rows('update categories set retired_at = now() where category_id = $1', gone);
    await t.owner.rows(
      `insert into checks (name_key, layer, strategy, weight) select 'label ' || n, 'local', 'uniform', 1 from generate_series(1, 5) n`,
    );
    expect((await curve(0)).labels_now).toBe(1995);
  });

  test('says what it cannot say', async () => {
    expect((await curve(100)).verdict).toBe('cannot be said: there is no champion yet (taxon train)');
    const model = await curved();
    await labels(1600);
    expect((await curve(100)).verdict).toMatch(
      /^100 more labels would take what is passed on .* from 37.8 to 3[5-7]\.\d % .*; of all products it cannot be said: 0 were answered since model 1 became champion, 200 are needed$/,
    );
    expect(await curve(10_000)).toMatchObject({
      passed_on_then: null,
      verdict: expect.stringContaining('11600 labels are more than 1.5 times the 1600 that model 1 has seen'),
    });
    await t.owner.rows(`select set_setting('local_layer', '"shadow"')`);
    expect((await curve(100)).verdict).toContain(
      '; nothing of that is saved while the local layer is in shadow',
    );
    const few = `update models set metrics = jsonb_set(metrics, '{learning,points}', (metrics #> '{learning,points}') - 0 - 0) where model_id = $1`;
    await t.owner.rows(few, model);
    expect((await curve(100)).verdict).toContain('of the 3 points of model 1 fewer than four say anything');
    for (const metrics of ['{}', '{"learning": null}', null]) {
      await t.owner.rows('update models set metrics = $2 where model_id = $1', model, metrics);
      expect((await curve(100)).verdict).toContain('measured no learning curve');
    }
    await expect(curve(-1)).rejects.toThrow('more labels are a number, 0 or more, not -1');
    await expect(t.owner.rows('select * from learning_curve(1, 99)')).rejects.toThrow('there is no model 99');
  });
});

describe('retrain_pays', () => {
  const pays = () => t.owner.row<{ pays: boolean; verdict: string }>('select * from retrain_pays()');

  test('when the share is expected to fall by the setting retrain_gain', async () => {
    expect(await pays()).toMatchObject({
      pays: false,
      verdict: expect.stringContaining('there is no champion yet'),
    });
    await labels(1600);
    expect(await pays()).toMatchObject({
      pays: true,
      verdict: expect.stringContaining('the first training pays'),
    });
    await curved();
    expect(await pays()).toMatchObject({
      pays: false,
      verdict: expect.stringContaining('no more labels (1600)'),
    });
    await traffic(700, 300);
    await labels(10, 5000);
    expect(await pays()).toMatchObject({ pays: false, llm_share_now: 0.3, labels_now: 1610 });
    await labels(300, 6000);
    const enough = await pays();
    expect(enough).toMatchObject({ pays: true, least_gain: 0.005 });
    expect(enough.verdict).toMatch(
      /^yes: a training on the 310 labels that are new would take the LLM's share from 30/,
    );
    await t.owner.rows(`select set_setting('retrain_gain', '0.2')`);
    expect(await pays()).toMatchObject({
      pays: false,
      verdict: expect.stringContaining('at least 20.00 points'),
    });
  });

  test('by rule of thumb where the curve says nothing', async () => {
    const model = await curved(1000);
    await t.owner.rows(`update models set metrics = '{}' where model_id = $1`, model);
    await labels(1199);
    expect(await pays()).toMatchObject({ pays: false, verdict: expect.stringContaining('by rule of thumb') });
    await labels(1, 5000);
    expect(await pays()).toMatchObject({ pays: true });
  });

  test('is a sidecar’s to ask', async () => {
    const sidecar: Session = await t.connect('taxon_sidecar');
    expect(await sidecar.value('select pays from taxon_internal.retrain_pays()')).toBe(false);
  });
});

test('learning_history compares each training with what the one before foretold', async () => {
  await curved();
  await curved();
  await curved(1600, -0.4);
  const rows = await t.owner.rows<{ foretold: number | null; held: boolean | null }>(
    'select * from learning_history()',
  );
  expect(rows.map(({ held }) => held)).toEqual([null, true, false]);
  expect(rows[0]?.foretold).toBeNull();
});

test('settings of it are kept in range', async () => {
  for (const [key, value, message] of [
    ['retrain_gain', '2', 'takes a number from 0 to 1, not 2'],
    ['teach_tokens_a_day', '-1', 'takes a whole number, 0 or more, not -1'],
    ['teach_strategy', '"best"', 'takes "random", "unfamiliar", "uncertain", "mixed", not "best"'],
  ])
    await expect(t.owner.rows('select set_setting($1, $2)', key, value)).rejects.toThrow(message);
});
