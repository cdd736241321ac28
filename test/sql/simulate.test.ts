import { describe, expect, test } from 'vitest';
import { taxonDatabase } from '../support/sql.ts';
import { evenly, judge, makeModel, missed, wrongEach } from '../support/trust.ts';

const t = taxonDatabase();

interface Simulated {
  names: number;
  newly_answered: number;
  newly_passed: number;
  share_before: number;
  share_after: number;
  expected_error: number | null;
  checked: number;
  wrong: number;
  measured_error: number | null;
  lower: number;
  upper: number;
  llm_tokens_more_a_day: number | null;
  llm_cost_more_a_day: number | null;
  examples: { name: string; path: string; l3: number; becomes: string }[];
}
const simulate = (l1: number, l2: number, l3: number) =>
  t.owner.row<Simulated>('select * from simulate_thresholds(l1 => $1, l2 => $2, l3 => $3)', l1, l2, l3);
/** The ledger: so many calls of ten names, each of 500 tokens and .02 dollars. */
const calls = (purpose: string, count: number, ago = '1 day') =>
  t.owner.rows(
    `insert into llm_calls (worker, purpose, route, provider, model, simulated, state, names, tokens_in, tokens_out, cost, lease_until, started_at)
       select 'w', $1, 'shortlist', 'openai', 'gpt', true, 'ok', 10, 450, 50, .02, now(), now() - $3::interval from generate_series(1, $2)`,
    purpose,
    count,
    ago,
  );

describe('simulate_thresholds', () => {
  test('says what would be answered and passed on against the thresholds in force, and changes nothing', async () => {
    const model = await makeModel(t);
    await missed(t, model, await t.category('Home > Pots'), evenly(100));
    await t.owner.rows(`select set_thresholds(0, 0, .5, 'half')`);
    expect(await simulate(0, 0, 0.3)).toMatchObject({
      ...{ names: 100, newly_answered: 20, newly_passed: 0, share_before: 0.5, share_after: 0.7 },
      expected_error: expect.closeTo(0.35, 4),
    });
    expect(await simulate(0, 0, 0.9)).toMatchObject({
      newly_answered: 0,
      newly_passed: 40,
      share_after: 0.1,
    });
    // l1 is said a little surer than l3: the fourth root of it
    const mixed = await simulate(0.8 ** 0.25, 0, 0.3);
    expect(mixed).toMatchObject({ newly_answered: 0, newly_passed: 30, share_after: 0.2 });
    expect(await t.owner.value('select count(*) from thresholds')).toBe(1);
  });

  test('shows up to 20 names that change, surest first, and how', async () => {
    const model = await makeModel(t);
    await missed(t, model, await t.category('Home > Pots'), evenly(100));
    await t.owner.rows(`select set_thresholds(0, 0, .5, 'half')`);
    const { examples } = await simulate(0, 0, 0.2);
    expect(examples).toHaveLength(20);
    for (const { path, l3, becomes } of examples) {
      expect(path).toBe('Home > Pots');
      expect(becomes).toBe('answered');
      expect(l3).toBeGreaterThan(0.2);
      expect(l3).toBeLessThan(0.5);
    }
    expect(examples.map(({ l3 }) => l3)).toEqual(examples.map(({ l3 }) => l3).sort((a, b) => b - a));
    expect((await simulate(0, 0, 0.48)).examples).toMatchObject([
      { name: 'name 51', becomes: 'answered' },
      { name: 'name 52', becomes: 'answered' },
    ]);
    expect((await simulate(0, 0, 0.52)).examples).toMatchObject([
      { becomes: 'passed on' },
      { becomes: 'passed on' },
    ]);
    expect((await simulate(0, 0, 0.5)).examples).toEqual([]);
  });

  test('measures the error from checks that stand above, with the exact interval', async () => {
    const model = await makeModel(t);
    const ids = await missed(t, model, await t.category('Home'), evenly(100));
    await judge(t, ids, wrongEach(100, 10));
    const bounds = await t.owner.row(
      'select round(share_bound(7, 70, .975, false)::numeric, 4) as lower, round(share_bound(7, 70, .975, true)::numeric, 4) as upper',
    );
    expect(await simulate(0, 0, 0.3)).toMatchObject({
      checked: 70,
      wrong: 7,
      measured_error: 0.1,
      ...bounds,
    });
    await t.owner.rows('update checks set floor = .4');
    expect(await simulate(0, 0, 0.3)).toMatchObject({
      checked: 0,
      measured_error: null,
      lower: null,
      upper: null,
    });
    expect(await simulate(0, 0, 0.4)).toMatchObject({ checked: 60 });
  });

  test('counts tokens and money a day by what the LLM took to answer a name lately', async () => {
    const model = await makeModel(t);
    const ids = await missed(t, model, await t.category('Home'), evenly(100));
    await t.owner.rows(
      `update evidence set decided_at = now() - interval '4 days' where evidence_id = $1`,
      ids[0],
    );
    await t.owner.rows(`select set_thresholds(0, 0, .5, 'half')`);
    expect(await simulate(0, 0, 0.3)).toMatchObject({
      llm_tokens_more_a_day: null,
      llm_cost_more_a_day: null,
    });
    await calls('answer', 3);
    await calls('audit', 5);
    await calls('answer', 5, '31 days');
    await t.owner.rows(
      `update llm_calls set tokens_in = 1 where purpose = 'audit' or started_at < now() - interval '30 days'`,
    );
    const less = await simulate(0, 0, 0.3); // 20 names in 4 days
    expect(less.llm_tokens_more_a_day).toBeCloseTo((-20 / 4) * 50, 0);
    expect(less.llm_cost_more_a_day).toBeCloseTo((-20 / 4) * 0.002, 3);
    expect((await simulate(0, 0, 0.9)).llm_tokens_more_a_day).toBeCloseTo((40 / 4) * 50, 0);
  });

  test('keeps what a branch was given', async () => {
    const model = await makeModel(t);
    const [home, garden] = [await t.category('Home'), await t.category('Garden')];
    await missed(t, model, home, evenly(10));
    await missed(t, model, garden, evenly(10));
    await t.owner.rows(`select set_thresholds(0, 0, 1, 'x', branch => $1, never_local => true)`, garden);
    expect(await simulate(0, 0, 0)).toMatchObject({ names: 20, share_after: 0.5 });
  });

  test('without arguments shows what the thresholds in force do', async () => {
    await makeModel(t);
    const inForce = await t.owner.row<{ l1: number; l2: number; l3: number }>(
      'select l1, l2, l3 from thresholds_in_force()',
    );
    const shown = await t.owner.row('select * from simulate_thresholds()');
    expect(shown).toEqual(await simulate(inForce.l1, inForce.l2, inForce.l3));
    expect(shown).toMatchObject({ newly_answered: 0, newly_passed: 0 });
  });

  test.each([
    [1.1, 0.5, 0.5],
    [0.5, 0.5, Number.NaN],
  ])('%s / %s / %s are refused', async (...given) => {
    await makeModel(t);
    await expect(simulate(...(given as [number, number, number]))).rejects.toThrow(
      'three numbers from 0 to 1',
    );
  });

  test('of a model that decided nothing is empty; without one says what to do', async () => {
    await expect(simulate(0, 0, 0)).rejects.toMatchObject({ hint: 'Train one: taxon train' });
    await makeModel(t);
    expect(await simulate(0, 0, 0)).toMatchObject({
      ...{ names: 0, newly_answered: 0, share_before: null, expected_error: null, examples: [] },
    });
  });
});

describe('shadow_report', () => {
  test('says what would have been saved and what was wrong, by branch', async () => {
    const model = await makeModel(t);
    const [pots, pans, garden] = [
      await t.category('Home > Pots'),
      await t.category('Home > Pans'),
      await t.category('Garden'),
    ];
    const home = await t.category('Home');
    const inHome = await missed(t, model, pots, evenly(6));
    const inGarden = await missed(t, model, garden, evenly(3));
    const kept = [...inHome.slice(0, 4), ...inGarden.slice(0, 2)];
    await t.owner.rows('update evidence set clears = true where evidence_id = any ($1)', kept);
    await t.owner.rows(
      'update evidence set clears = true, answered = true where evidence_id = $1',
      inHome[5],
    );
    // memory by now: two of the pots as the model said, one else, one not at all
    await t.label('name 1', 'Home > Pots');
    await t.label('name 2', 'Home > Pots');
    await t.label('name 3', 'Home > Pans');
    await judge(t, [inHome[0], inHome[1], inGarden[0]] as number[], [true, false, true]);
    await calls('answer', 1);
    const rows = await t.owner.rows('select * from shadow_report()');
    expect(rows).toHaveLength(3);
    expect(rows[0]).toEqual({
      ...{ branch: home, path: 'Home', names: 4, tokens: 200, cost: 0.008, labelled: 3, disagree: 1 },
      ...{ disagree_share: null, checked: 2, wrong: 1, measured_error: null, lower: null, upper: null },
    });
    expect(rows[1]).toMatchObject({
      branch: garden,
      names: 2,
      tokens: 100,
      labelled: 0,
      disagree_share: null,
      checked: 1,
      wrong: 0,
    });
    expect(rows[2]).toMatchObject({ branch: null, path: 'all', names: 6, tokens: 300, checked: 3, wrong: 1 });
    expect(pans).toBeGreaterThan(0);
    await t.owner.rows(
      `update evidence set decided_at = now() - interval '9 days' where category_id = $1`,
      pots,
    );
    expect(await t.owner.rows(`select path, names from shadow_report('8 days')`)).toEqual([
      { path: 'Garden', names: 2 },
      { path: 'all', names: 2 },
    ]);
  });
});
