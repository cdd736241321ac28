import { describe, expect, test } from 'vitest';
import { answered, type Judged, judgedChecks } from '../support/audits.ts';
import { taxonDatabase } from '../support/sql.ts';

const t = taxonDatabase();

const judged = (checks: number, wrong: number, facts: Judged = {}) => judgedChecks(t, checks, wrong, facts);

interface Row {
  layer: string;
  promised: number | null;
  answered: number;
  sample: number;
  measured: number | null;
  lower: number | null;
  upper: number | null;
  verdict: string;
}
const trust = (layer: string) => t.owner.row<Row>('select * from trust() where layer = $1', layer);
const promise = (max_error: number) =>
  t.owner.rows(`insert into promises (max_error, confidence, reason) values ($1, .95, 'test')`, max_error);
const bound = (events: number, trials: number, confidence: number, upper: boolean) =>
  t.owner.value<number>(
    'select round(share_bound($1, $2, $3, $4)::numeric, 4)',
    events,
    trials,
    confidence,
    upper,
  );

describe('trust', () => {
  test('of an empty database: nothing promised, nothing audited', async () => {
    const rows = await t.owner.rows<Row>('select * from trust()');
    expect(rows.map(({ layer, verdict }) => [layer, verdict])).toEqual(
      ['exact', 'similar', 'local', 'llm', 'all'].map((layer) => [layer, 'no audits yet']),
    );
  });

  test('measures by people with the interval of Clopper and Pearson', async () => {
    await answered(t, 'local', 'Home', ['a', 'b']);
    await judged(200, 6);
    expect(await trust('local')).toEqual({
      ...{ layer: 'local', promised: null, answered: 2, sample: 200, measured: 0.03, verdict: 'no promise' },
      lower: await bound(6, 200, 0.975, false),
      upper: await bound(6, 200, 0.975, true),
    });
  });

  test('says kept, not proved (how many checks would), or broken', async () => {
    await promise(0.05);
    await judged(50, 1);
    const needed = await t.owner.value<number>('select checks_to_prove(.05, .02, .975)');
    expect(needed).toBeGreaterThan(150);
    expect((await trust('local')).verdict).toBe(`not proved: 50 of ${needed} checks`);
    await judged(450, 9);
    expect(await trust('local')).toMatchObject({ promised: 0.05, measured: 0.02, verdict: 'kept' });
    await judged(100, 30);
    expect((await trust('local')).verdict).toBe('not proved: 600 checks, measured above the promise');
    await judged(100, 90);
    expect((await trust('local')).verdict).toBe('broken');
    expect((await trust('all')).verdict).toBe('broken');
  });

  test("similar has its promise in a setting; exact and the LLM have memory's own error", async () => {
    await t.owner.rows(`select set_setting('similar_promise', '0.1')`);
    for (const layer of ['similar', 'exact', 'llm']) await judged(100, 2, { layer });
    expect(await trust('similar')).toMatchObject({ promised: 0.1, verdict: 'kept' });
    for (const layer of ['exact', 'llm'])
      expect(await trust(layer)).toMatchObject({
        promised: null,
        measured: 0.02,
        verdict: "memory's own error",
      });
  });

  test('only draws that were alike count, and of cache misses those that were answered', async () => {
    const evidence = (is: boolean) =>
      t.owner.value<number>(
        `insert into evidence (product_id, model_id, clears, answered) values (1, $1, $2, $2) returning evidence_id`,
        model,
        is,
      );
    const encoder = await t.owner.value(`select register_encoder('e', 2)`);
    const model = await t.owner.value(`select save_model($1, null, '{}')`, encoder);
    await judged(20, 2, { strategy: 'answered' });
    await judged(20, 2, { strategy: 'uniform', evidence: await evidence(true) });
    await judged(10, 10, { strategy: 'uniform', evidence: await evidence(false) });
    for (const strategy of ['surer', 'threshold', 'category', 'disagreement'])
      await judged(10, 10, { strategy });
    expect(await trust('local')).toMatchObject({ sample: 40, measured: 0.1 });
  });

  test('checks of another share count by their weights, and for fewer', async () => {
    await judged(100, 0, { weight: 100 });
    await judged(100, 20, { weight: 5 });
    const { measured, upper } = await trust('local');
    expect(measured).toBeCloseTo((20 * 5) / (100 * 105), 4);
    const effective = Math.floor((100 * 105) ** 2 / (100 * 100 ** 2 + 100 * 25));
    expect(effective).toBe(109);
    expect(upper).toBe(await bound(Math.ceil((effective * 100) / 10500), effective, 0.975, true));
  });

  test('all weighs the layers by their traffic; one without audits may be anything', async () => {
    await answered(t, 'local', 'Home', ['a', 'b', 'c']);
    await answered(t, 'exact', 'Home', ['d']);
    await answered(t, 'human', 'Home', ['e']);
    await judged(100, 8);
    const local = await trust('local');
    expect(await trust('all')).toMatchObject({ answered: 4, sample: 100, measured: 0.08 });
    expect((await trust('all')).upper).toBeCloseTo((3 * (local.upper ?? 0) + 1) / 4, 3);
    expect((await trust('all')).lower).toBeCloseTo((3 * (local.lower ?? 0)) / 4, 3);
    await judged(100, 0, { layer: 'exact' });
    expect((await trust('all')).measured).toBe(0.06);
  });

  test('no share is said below 30 checks, but how many are missing', async () => {
    await answered(t, 'exact', 'Home', ['a']);
    await judged(3, 3, { layer: 'exact' });
    const few = { sample: 3, measured: null, lower: null, upper: null };
    expect(await trust('exact')).toMatchObject({
      ...few,
      verdict: 'too few checks: 27 more until a share is said',
    });
    expect(await trust('all')).toMatchObject(few);
    expect(await t.owner.row(`select status, value, detail from health() where item = 'trust'`)).toEqual({
      status: 'ok',
      value: 'too few checks: 27 more until a share is said',
      detail: 'exact has 3 checks; select * from trust()',
    });
    // 40 of which one stands for as many as all the others count for few
    await judged(39, 0);
    await judged(1, 1, { weight: 1000 });
    expect(await trust('local')).toMatchObject({
      ...{ sample: 40, measured: null },
      verdict: 'too few checks: 13 more until a share is said',
    });
    await judged(27, 0, { layer: 'exact' });
    expect(await trust('exact')).toMatchObject({ sample: 30, measured: 0.1, verdict: "memory's own error" });
  });

  test('only the last days count', async () => {
    await judged(30, 0);
    await t.owner.rows(`update checks set drawn_at = now() - interval '8 days'`);
    await judged(30, 15);
    expect(await t.owner.value(`select measured from trust('7 days') where layer = 'local'`)).toBe(0.5);
    expect(await t.owner.value(`select measured from trust() where layer = 'local'`)).toBe(0.25);
  });
});

describe("the auditor's own error", () => {
  test('is the setting, known as well as 30 checks would, and taken out of what it says', async () => {
    await judged(1000, 280, { auditor: 'llm' });
    const a = await t.owner.row<{ error: number; lower: number; upper: number }>(
      'select * from auditor_error(.9875)',
    );
    expect(a.error).toBe(0.2);
    expect(a.upper).toBeCloseTo(await bound(6, 30, 0.9875, true), 4);
    const local = await trust('local');
    expect(local.measured).toBeCloseTo((0.28 - 0.2) / 0.8, 4);
    const d = [await bound(280, 1000, 0.9875, false), await bound(280, 1000, 0.9875, true)] as const;
    expect(local.lower).toBeCloseTo(Math.max(0, (d[0] - a.upper) / (1 - a.upper)), 3);
    expect(local.upper).toBeCloseTo((d[1] - a.lower) / (1 - a.lower), 3);
  });

  test('fewer disagreements than its own error would make: no error is seen, and none below 0', async () => {
    await judged(1000, 100, { auditor: 'llm' });
    expect(await trust('local')).toMatchObject({ measured: 0, lower: 0 });
  });

  test('is what people found once they have judged 30 of its audits, whichever these were', async () => {
    // 60 of 200 called wrong; people looked at 20 of these (15 were right) and at 20 of the others (all right)
    await judged(40, 40, { auditor: 'llm' });
    await judged(15, 15, { auditor: 'llm', second: true });
    await judged(5, 5, { auditor: 'llm', second: false });
    await judged(120, 0, { auditor: 'llm' });
    await judged(9, 0, { auditor: 'llm', second: true });
    expect((await t.owner.row<{ error: number }>('select error from auditor_error()')).error).toBe(0.2);
    await judged(11, 0, { auditor: 'llm', second: true });
    const { error, checks } = await t.owner.row<{ error: number; checks: number }>(
      'select * from auditor_error()',
    );
    expect(checks).toBe(40);
    expect(error).toBeCloseTo(45 / (45 + 140), 6);
    // what is left is exactly what people found: a quarter of the 60
    expect((await trust('local')).measured).toBeCloseTo(15 / 200, 4);
  });

  test('people who differ widen the interval by half as much on either side', async () => {
    await judged(80, 9);
    await judged(19, 0, { second: true });
    await judged(1, 1, { second: true });
    const { lower, upper, measured } = await trust('local');
    expect(measured).toBe(0.1);
    expect(lower).toBeCloseTo((await bound(10, 100, 0.975, false)) - 0.025, 3);
    expect(upper).toBeCloseTo((await bound(10, 100, 0.975, true)) + 0.025, 3);
  });
});

describe('the interval', () => {
  test('holds the truth in samples that people and an erring LLM have judged', async () => {
    const runs = 30;
    const [error, auditor] = [0.1, 0.2];
    let held = 0;
    for (let run = 1; run <= runs; run++) {
      await t.owner.rows('truncate checks cascade');
      await t.owner.rows('select setseed($1::integer / 1000.0)', run);
      // people judge the first 100; the LLM the others, and people look at 60 of these too
      await t.owner.rows(
        `insert into checks (name_key, layer, strategy, weight, auditor, verdict, second_verdict)
         select 'n' || i, 'local', 'audit', 100, case when i <= 100 then 'human' else 'llm' end,
                is_right and (i <= 100 or random() > $2), case when i > 100 and i <= 160 then is_right end
           from (select i, random() > $1 as is_right from generate_series(1, 500) i) x`,
        error,
        auditor,
      );
      const { lower, upper } = await trust('local');
      if ((lower ?? 1) <= error && error <= (upper ?? 0)) held++;
    }
    // 28.5 expected at the least; 25 or fewer would be a chance of 1 in 60 then
    expect(held).toBeGreaterThan(25);
  });
});

describe('checks_to_prove', () => {
  test('is the least number whose bound is below', async () => {
    expect(await t.owner.value('select checks_to_prove(.05, 0, .95)')).toBe(59);
    const n = await t.owner.value<number>('select checks_to_prove(.1, .05, .95)');
    expect(await bound(Math.ceil(n * 0.05), n, 0.95, true)).toBeLessThanOrEqual(0.1);
    expect(await t.owner.value('select checks_to_prove(.05, .05, .95)')).toBe(null);
  });
});

describe('health', () => {
  const item = (name: string) =>
    t.owner.row<Record<string, string>>('select status, value, detail from health() where item = $1', name);

  test('says how many audits wait, and what they have cost today', async () => {
    await t.owner.rows(
      `insert into checks (name_key, layer, strategy, weight, auditor)
       values ('a', 'local', 'audit', 1, 'human'), ('b', 'local', 'audit', 1, 'human'), ('c', 'local', 'audit', 1, 'llm')`,
    );
    expect(await item('audits')).toEqual({
      ...{ status: 'ok', value: '2', detail: '2 wait for people, 1 for the LLM; 0 of 20000 tokens today' },
    });
  });

  test('warns of a broken promise', async () => {
    expect(await item('trust')).toMatchObject({ status: 'ok', value: 'no audits yet' });
    await promise(0.05);
    await judged(100, 50);
    expect(await item('trust')).toEqual({
      status: 'warn',
      value: 'broken',
      detail: expect.stringMatching(
        /^local: 50\.0% wrong \(39\.\d to 60\.\d\) by 100 checks; select \* from trust\(\)$/,
      ),
    });
  });
});
