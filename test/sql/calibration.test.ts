import { beforeEach, describe, expect, test } from 'vitest';
import { seededRandom } from '../../src/train/random.ts';
import { taxonDatabase } from '../support/sql.ts';

const t = taxonDatabase();
let model: number;
/** a > b > c, a > b > d, a > e and f: one right, one wrong at l3, at l2, at l1. */
let right: number;
let wrong: number[];

beforeEach(async () => {
  const encoder = await t.owner.value(`select register_encoder('e', 2)`);
  model = await t.owner.value<number>(`select save_model($1, null, '{}')`, encoder);
  await t.owner.rows(`select save_model_file($1, 'm', sha256('x'), 'x')`, model);
  await t.owner.rows('select promote($1)', model);
  right = await t.category('a > b > c');
  wrong = [await t.category('f'), await t.category('a > e'), await t.category('a > b > d')];
});

interface Check {
  said: readonly number[];
  /** The highest level that is wrong; 4: none. */
  wrongAt: number;
  strategy?: string;
  weight?: number;
}

/** Judged checks of the model's answer, each of a name of its own. */
async function judged(...checks: Check[]): Promise<void> {
  await t.owner.rows(
    `with c as (select * from jsonb_to_recordset($1) c(i integer, said real[], "wrongAt" integer, truth bigint, strategy text, weight real)),
     made as (
       insert into checks (name_key, layer, strategy, weight, model_id, category_id, verdict, truth_category_id, checked_by, checked_at)
         select 'name ' || i, 'local', strategy, weight, $2, $3, "wrongAt" = 4, truth, 'me', now() from c order by i
         returning check_id, name_key)
     insert into check_scores (check_id, model_id, category_id, l1_said, l2_said, l3_said)
       select m.check_id, $2, $3, c.said[1], c.said[2], c.said[3] from made m join c on m.name_key = 'name ' || c.i`,
    JSON.stringify(
      checks.map((check, i) => ({
        ...{ i, strategy: 'uniform', weight: 1, ...check },
        truth: check.wrongAt === 4 ? right : wrong[check.wrongAt - 1],
      })),
    ),
    model,
    right,
  );
}

const logit = (p: number) => Math.log(p / (1 - p));
const sigmoid = (x: number) => 1 / (1 + Math.exp(-x));

/** Names of which the levels come true with sigmoid(offset + slope × logit(said)), each level and all above it. */
function drawn(count: number, offset: number, slope: number, seed: number): Check[] {
  const random = seededRandom(seed);
  return Array.from({ length: count }, () => {
    const said = Array.from({ length: 3 }, () => 0.02 + 0.96 * random.next()).sort((a, b) => b - a);
    const luck = random.next(); // one throw, so that what is right at l3 is right above
    const at = said.findIndex((value) => luck >= sigmoid(offset + slope * logit(value)));
    return { said, wrongAt: at === -1 ? 4 : at + 1 };
  });
}

const refit = () =>
  t.owner.rows<{ offsets: number[]; slopes: number[]; fitted_on: string; names: number }>(
    'select * from fit_calibration()',
  );

describe('said_of', () => {
  test.each([
    [-2, 0.3],
    [0, 1],
    [1.5, 2.5],
    [0.01, 0.02],
  ])('undoes calibrate with offset %s and slope %s: the least that is enough', async (offset, slope) => {
    const rows = await t.owner.rows<{ said: number; back: number; kept: boolean; least: boolean }>(
      `select x.said, s.back, calibrate(s.back, $1, $2) >= calibrate(x.said, $1, $2) as kept,
              s.back <= x.said as least
       from (select (i / 997.0)::real as said from generate_series(0, 997) i union all select unnest('{1e-6,0.9999,0.99999}'::real[])) x,
            lateral (select said_of(calibrate(x.said, $1, $2), $1, $2) as back) s`,
      offset,
      slope,
    );
    expect(rows).toHaveLength(1001);
    expect(rows.filter((row) => !row.kept || !row.least)).toEqual([]);
    // and not far below, but where single precision cannot tell confidences apart
    for (const { said, back } of rows.filter((row) => row.said > 0.01 && row.said < 0.99))
      expect(Math.abs(back - said)).toBeLessThan(1e-3);
  });

  test('everything passes 0, nothing passes more than the model can say, without a calibration all stays', async () => {
    expect(
      await t.owner.row(
        `select said_of(0, 1, 1) as zero, said_of(.999, -5, .5) as never, said_of(.7, null, null) as same`,
      ),
    ).toEqual({ zero: 0, never: Number.POSITIVE_INFINITY, same: 0.7 });
  });
});

describe('fit_platt', () => {
  const platt = (said: number[], yes: (boolean | null)[], weights: number[] | null = null, error = 0) =>
    t.owner.row<{ said_offset: number; slope: number }>(
      'select * from fit_platt($1::real[], $2::boolean[], $3::float8[], $4)',
      said,
      yes,
      weights,
      error,
    );

  test('finds the offset and slope that made the outcomes', async () => {
    const random = seededRandom(3);
    const said = Array.from({ length: 6000 }, () => 0.01 + 0.98 * random.next());
    const yes = said.map((value) => random.next() < sigmoid(-0.7 + 0.6 * logit(value)));
    const { said_offset, slope } = await platt(said, yes);
    expect(Math.abs(said_offset + 0.7)).toBeLessThan(0.1);
    expect(Math.abs(slope - 0.6)).toBeLessThan(0.08);
  });

  test('sees through a judge who is wrong at random', async () => {
    const random = seededRandom(4);
    const said = Array.from({ length: 8000 }, () => 0.01 + 0.98 * random.next());
    const agrees = said.map((value) => random.next() < 0.8 * value);
    const trusting = await platt(said, agrees);
    const knowing = await platt(said, agrees, null, 0.2);
    expect(Math.abs(knowing.said_offset)).toBeLessThan(0.15);
    expect(Math.abs(knowing.slope - 1)).toBeLessThan(0.15);
    expect(trusting.slope).toBeLessThan(0.85);
  });

  test.each([
    ['all right', () => true],
    ['all wrong', () => false],
    ['the surer the more often wrong', (_: number, value: number) => value < 0.5],
    ['half right whatever is said', (i: number) => i % 2 === 0],
  ])('survives 50 names that are %s', async (_what, outcome) => {
    const said = Array.from({ length: 50 }, (_, i) => (i + 0.5) / 50);
    const { said_offset, slope } = await platt(
      said,
      said.map((value, i) => outcome(i, value)),
    );
    expect(Number.isFinite(said_offset)).toBe(true);
    expect(slope).toBeGreaterThan(0);
    expect(slope).toBeLessThan(5);
  });

  test('survives what is said at both ends, one name, and none', async () => {
    for (const said of [[0, 1, 1, 0, 1], [1], []]) {
      const { said_offset, slope } = await platt(
        said,
        said.map((value) => value === 1),
      );
      expect(Number.isFinite(said_offset) && slope > 0).toBe(true);
    }
    expect(await platt([], [])).toEqual({ said_offset: 0, slope: 1 });
  });

  test('a name of weight 3 counts as three', async () => {
    const said = [0.2, 0.4, 0.6, 0.8, 0.9];
    const yes = [false, true, false, true, true];
    const thrice = await platt([...said, 0.6, 0.6], [...yes, false, false]);
    const heavy = await platt(said, yes, [1, 1, 3, 1, 1]);
    expect(heavy.said_offset).toBeCloseTo(thrice.said_offset, 6);
    expect(heavy.slope).toBeCloseTo(thrice.slope, 6);
  });

  test('an outcome that nobody knows, and what is no probability, count for nothing', async () => {
    const base = await platt([0.3, 0.8], [false, true]);
    expect(await platt([0.3, 0.8, 0.9, Number.NaN], [false, true, null, true])).toEqual(base);
  });
});

describe('fit_calibration', () => {
  test('on names that people checked, level by level; confidences then come true', async () => {
    await judged(...drawn(1500, -0.8, 0.7, 1));
    const [made] = await refit();
    expect(made).toMatchObject({ fitted_on: 'checks', names: 1500 });
    expect(made?.slopes.every((slope) => slope > 0.4 && slope < 1)).toBe(true);
    const errors = await t.owner.rows<{ level: number; names: number; error: number; said_error: number }>(
      'select * from calibration_error()',
    );
    expect(errors.map(({ level, names }) => [level, names])).toEqual([
      [1, 1500],
      [2, 1500],
      [3, 1500],
    ]);
    for (const { error, said_error } of errors) {
      expect(error).toBeLessThan(0.04);
      expect(said_error).toBeGreaterThan(0.06);
    }
    expect(await t.owner.value('select state from calibration_state()')).toBe('fitted on 1500 checked names');
  });

  test('the same names pass the rewritten thresholds, in every branch, and stay certified', async () => {
    await judged(...drawn(400, -1, 0.6, 2));
    await t.owner.rows(`select set_thresholds(.8, .6, .5, 'trial')`);
    await t.owner.rows(
      `update thresholds set certified = true, upper_bound = .04, checks = 99;
       insert into thresholds (model_id, branch, l1, l2, l3, reason, never_local) values (${model}, ${right}, .95, .9, .85, 'strict', false);
       insert into thresholds (model_id, branch, l1, l2, l3, reason, never_local) values (${model}, ${wrong[0]}, 1, 1, 1, 'never', true)`,
    );
    const passing = (offsets: string, branch: string) =>
      `select array_agg(i order by i) as ids from generate_series(0, 999) i, lateral (select ((i * 7919) % 1000 / 1000.0)::real as x) v,
         (select * from thresholds where branch is not distinct from ${branch} order by threshold_id desc limit 1) t
         ${offsets}
         where clears(calibrate(v.x, o.offsets[1], o.slopes[1]), calibrate(v.x, o.offsets[2], o.slopes[2]), calibrate(v.x, o.offsets[3], o.slopes[3]), t.l1, t.l2, t.l3)`;
    const now = `left join calibration_in_force(${model}) o on true`;
    const before = [];
    for (const branch of ['null', right, wrong[0]])
      before.push(await t.owner.value(passing(now, String(branch))));
    for (const offset of [1, 2]) {
      await refit();
      const after = [];
      for (const branch of ['null', right, wrong[0]])
        after.push(await t.owner.value(passing(now, String(branch))));
      expect(after).toEqual(before);
      expect(
        await t.owner.rows(
          `select branch, certified, upper_bound, checks, reason, never_local, calibration_id from thresholds where cause = 'recalibrated'
           order by calibration_id desc, branch nulls first limit 3`,
        ),
      ).toEqual([
        {
          branch: null,
          certified: true,
          upper_bound: 0.04,
          checks: 99,
          reason: 'trial',
          never_local: false,
          calibration_id: offset,
        },
        {
          branch: right,
          certified: false,
          upper_bound: null,
          checks: null,
          reason: 'strict',
          never_local: false,
          calibration_id: offset,
        },
        {
          branch: wrong[0],
          certified: false,
          upper_bound: null,
          checks: null,
          reason: 'never',
          never_local: true,
          calibration_id: offset,
        },
      ]);
      // the second time on other checks
      await t.owner.rows('truncate checks cascade');
      await judged(...drawn(300, 0.5, 1.4, 7));
    }
  });

  test('the defaults of a model without thresholds go along', async () => {
    await judged(...drawn(200, -1, 0.6, 5));
    await refit();
    const said = await t.owner.row('select l1_said, l2_said, l3_said from thresholds_said()');
    expect(Object.values(said).map((value) => Number((value as number).toFixed(4)))).toEqual([
      0.75, 0.55, 0.4,
    ]);
    expect(await t.owner.row('select certified, reason from thresholds_in_force()')).toEqual({
      certified: false,
      reason: 'the defaults; not certified',
    });
  });

  test('fitted again on the same checks it stays what it is', async () => {
    await judged(...drawn(200, -1, 0.6, 5));
    expect(await refit()).toEqual(await refit());
    expect(await t.owner.value('select count(*) from calibrations')).toBe(1);
    expect(await t.owner.value('select count(*) from thresholds')).toBe(1);
  });

  test('a draw among unlike names counts by its weights', async () => {
    const checks = drawn(300, 0, 1, 6);
    // nine of ten names of the strategy were right; the wrong ones stand for nine times as many
    const skewed = Array.from(
      { length: 300 },
      (_, i): Check => ({
        ...{ said: [0.9, 0.8, 0.7], strategy: 'threshold' },
        ...(i % 10 === 0 ? { wrongAt: 3, weight: 9 } : { wrongAt: 4, weight: 1 }),
      }),
    );
    await judged(...checks, ...skewed);
    await refit();
    const at = await t.owner.value<number>(
      'select calibrate(.7, c.offsets[3], c.slopes[3]) from calibration_in_force($1) c',
      model,
    );
    // half of what is said at .7 comes true by weight, seven tenths by the others; never nine tenths
    expect(at).toBeGreaterThan(0.5);
    expect(at).toBeLessThan(0.68);
  });

  test('what nobody said the truth of teaches only l3; what two people disagree on, audits and other layers teach nothing', async () => {
    await judged(...drawn(60, 0, 1, 8));
    await t.owner.rows(
      `update checks set truth_category_id = null where not verdict and check_id <= 30;
       update checks set second_verdict = not verdict where check_id between 31 and 33;
       update checks set auditor = 'llm' where check_id = 34;
       update checks set layer = 'similar' where check_id = 35`,
    );
    const unknown = await t.owner.value<number>(
      'select count(*) from checks where not verdict and truth_category_id is null',
    );
    expect(unknown).toBeGreaterThan(0);
    expect(await t.owner.rows('select level, names from calibration_error()')).toEqual([
      { level: 1, names: 55 - unknown },
      { level: 2, names: 55 - unknown },
      { level: 3, names: 55 },
    ]);
  });

  test('another model is judged by its own answers: by path, not by the verdict', async () => {
    const other = await t.owner.value<number>(`select save_model(encoder_id, null, '{}') from models`);
    await judged({ said: [0.9, 0.8, 0.7], wrongAt: 4 }, { said: [0.9, 0.8, 0.7], wrongAt: 3 });
    // it gives the first the wrong leaf and the second the right one
    await t.owner.rows(
      `insert into check_scores select check_id, ${other}, ${wrong[2]}, .9, .8, .6 from checks`,
    );
    expect(
      await t.owner.rows(`select check_id, is_right::text from check_outcomes($1) order by 1`, other),
    ).toEqual([
      { check_id: 1, is_right: '{t,t,f}' },
      { check_id: 2, is_right: '{t,t,t}' },
    ]);
  });

  test('with too few checks and labels nothing is fitted, and it says how many are missing', async () => {
    await judged(...drawn(49, 0, 1, 9));
    expect(await refit()).toEqual([]);
    expect(await t.owner.row('select checks, checks_short, state from calibration_state()')).toEqual({
      checks: 49,
      checks_short: 1,
      state:
        'not certified: 1 checks short; confidences are what the model says; fit_calibration() fits them',
    });
  });

  test('no model, or a model that is not there, is an error that says what to do', async () => {
    await expect(t.owner.rows('select * from fit_calibration(77)')).rejects.toThrow('there is no model 77');
    await t.owner.rows('truncate models cascade');
    await expect(t.owner.rows('select * from fit_calibration()')).rejects.toThrow('there is no champion yet');
  });
});

describe('with fewer than 50 checks', () => {
  /** Cache misses of which the model said something and that the LLM answered later. */
  async function answeredLater(count: number, seed: number): Promise<void> {
    const checks = drawn(count, 0, 1, seed);
    const random = seededRandom(seed + 1);
    await t.owner.rows(
      `insert into products (name) select 'miss ' || i from generate_series(0, ${count - 1}) i`,
    );
    await t.owner.rows(
      `insert into evidence (product_id, model_id, decided_at, category_id, l1_said, l2_said, l3_said, clears, answered)
         select p.product_id, $1, now() - interval '1 minute', $2, c.said[1], c.said[2], c.said[3], false, false
           from jsonb_to_recordset($3) c(i integer, said real[]) join products p on p.name = 'miss ' || c.i`,
      model,
      right,
      JSON.stringify(checks.map(({ said }, i) => ({ i, said }))),
    );
    await t.owner.rows(
      `insert into labels (name_key, category_id, source) select 'miss ' || c.i, c.label, 'llm' from jsonb_to_recordset($1) c(i integer, label bigint)`,
      JSON.stringify(
        // the teacher errs in a fifth, at l1
        checks.map(({ wrongAt }, i) => ({
          i,
          label: random.next() < 0.2 ? wrong[0] : wrongAt === 4 ? right : wrong[wrongAt - 1],
        })),
      ),
    );
  }

  test('it is fitted on what the LLM answered afterwards, allowing for its error, and says that it is not certified', async () => {
    await answeredLater(1500, 11);
    await judged(...drawn(20, 0, 1, 12));
    const [made] = await refit();
    expect(made).toMatchObject({ fitted_on: 'labels', names: 1500 });
    // what was said was right; a fifth of the labels is wrong
    expect(Math.abs(made?.offsets[2] as number)).toBeLessThan(0.3);
    expect(await t.owner.value('select state from calibration_state()')).toBe(
      'not certified: 30 checks short; fitted on 1500 labels of the LLM',
    );
    await t.owner.rows(`select set_setting('auditor_error', '0')`);
    const [trusting] = await refit();
    expect(trusting?.offsets[2]).toBeLessThan((made?.offsets[2] as number) - 0.3);
  });

  test('a label that the model may have learnt is no evidence', async () => {
    await answeredLater(60, 13);
    await t.owner.rows(`update labels set created_at = now() - interval '1 hour'`);
    expect(await refit()).toEqual([]);
  });
});

describe('check scores', () => {
  test('are asked for where a model has none and kept once', async () => {
    await judged({ said: [0.9, 0.8, 0.7], wrongAt: 4 });
    await t.owner.rows(
      `insert into checks (name_key, layer, strategy, weight) values ('open', 'local', 'uniform', 1), ('similar one', 'similar', 'audit', 1)`,
    );
    expect(await t.owner.rows('select name_key from unscored_checks($1)', model)).toEqual([
      { name_key: 'open' },
    ]);
    const score = JSON.stringify([{ check_id: 2, category_id: right, confidence: [0.5, 0.4, 0.3] }]);
    await t.owner.rows('select save_check_scores($1, $2)', model, score);
    await t.owner.rows('select save_check_scores($1, $2)', model, score.replace('0.3', '0.1'));
    expect(await t.owner.rows('select * from unscored_checks($1)', model)).toEqual([]);
    expect(await t.owner.value('select l3_said from check_scores where check_id = 2')).toBe(0.3);
  });
});

describe('forget_evidence', () => {
  test('removes what is past its days, so many rows a call', async () => {
    await t.owner.rows(
      `insert into evidence (product_id, model_id, decided_at, clears, answered)
         select i, $1, now() - make_interval(days => i), false, false from generate_series(1, 30) i`,
      model,
    );
    expect(await t.owner.value('select forget_evidence()')).toBe(0);
    await t.owner.rows(`select set_setting('evidence_days', '10')`);
    expect(await t.owner.value('select forget_evidence(15)')).toBe(15);
    expect(await t.owner.value('select forget_evidence(15)')).toBe(6);
    expect(await t.owner.value('select forget_evidence(15)')).toBe(0);
    expect(await t.owner.row('select min(product_id) as newest, count(*) from evidence')).toEqual({
      newest: 1,
      count: 9,
    });
  });
});
