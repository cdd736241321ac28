import { describe, expect, test } from 'vitest';
import { seededRandom } from '../../src/train/random.ts';
import { type Check, drawn, judgedChecks } from '../support/checks.ts';
import { taxonDatabase } from '../support/sql.ts';

const t = taxonDatabase();
const j = judgedChecks(t);

const refit = () =>
  t.owner.rows<{ offsets: number[]; slopes: number[]; fitted_on: string; names: number }>(
    'select * from fit_calibration()',
  );

describe('fit_calibration', () => {
  test('on names that people checked, level by level; confidences then come true', async () => {
    await j.judge(...drawn(1500, -0.8, 0.7, 1));
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
    await j.judge(...drawn(400, -1, 0.6, 2));
    await t.owner.rows(`select set_thresholds(.8, .6, .5, 'trial')`);
    await t.owner.rows(
      `update thresholds set certified = true, upper_bound = .04, checks = 99;
       insert into thresholds (model_id, branch, l1, l2, l3, reason, never_local) values (${j.model}, ${j.right}, .95, .9, .85, 'strict', false);
       insert into thresholds (model_id, branch, l1, l2, l3, reason, never_local) values (${j.model}, ${j.wrong[0]}, 1, 1, 1, 'never', true)`,
    );
    const passing = (offsets: string, branch: string) =>
      `select array_agg(i order by i) as ids from generate_series(0, 999) i, lateral (select ((i * 7919) % 1000 / 1000.0)::real as x) v,
         (select * from thresholds where branch is not distinct from ${branch} order by threshold_id desc limit 1) t
         ${offsets}
         where clears(true, calibrate(v.x, o.offsets[1], o.slopes[1]), calibrate(v.x, o.offsets[2], o.slopes[2]), calibrate(v.x, o.offsets[3], o.slopes[3]), t.l1, t.l2, t.l3)`;
    const now = `left join calibration_in_force(${j.model}) o on true`;
    const before = [];
    for (const branch of ['null', j.right, j.wrong[0]])
      before.push(await t.owner.value(passing(now, String(branch))));
    for (const offset of [1, 2]) {
      await refit();
      const after = [];
      for (const branch of ['null', j.right, j.wrong[0]])
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
          branch: j.right,
          certified: false,
          upper_bound: null,
          checks: null,
          reason: 'strict',
          never_local: false,
          calibration_id: offset,
        },
        {
          branch: j.wrong[0],
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
      await j.judge(...drawn(300, 0.5, 1.4, 7));
    }
  });

  test('the defaults of a model without thresholds go along', async () => {
    await j.judge(...drawn(200, -1, 0.6, 5));
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
    await j.judge(...drawn(200, -1, 0.6, 5));
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
    await j.judge(...checks, ...skewed);
    await refit();
    const at = await t.owner.value<number>(
      'select calibrate(.7, c.offsets[3], c.slopes[3]) from calibration_in_force($1) c',
      j.model,
    );
    // half of what is said at .7 comes true by weight, seven tenths by the others; never nine tenths
    expect(at).toBeGreaterThan(0.5);
    expect(at).toBeLessThan(0.68);
  });

  test('what nobody said the truth of teaches only l3; what two people disagree on, audits and other layers teach nothing', async () => {
    await j.judge(...drawn(60, 0, 1, 8));
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
    await j.judge({ said: [0.9, 0.8, 0.7], wrongAt: 4 }, { said: [0.9, 0.8, 0.7], wrongAt: 3 });
    // it gives the first the wrong leaf and the second the right one
    await t.owner.rows(
      `insert into check_scores select check_id, ${other}, ${j.wrong[2]}, .9, .8, .6 from checks`,
    );
    expect(
      await t.owner.rows(`select check_id, is_right::text from check_outcomes($1) order by 1`, other),
    ).toEqual([
      { check_id: 1, is_right: '{t,t,f}' },
      { check_id: 2, is_right: '{t,t,t}' },
    ]);
  });

  test('with too few checks and labels nothing is fitted, and it says how many are missing', async () => {
    await j.judge(...drawn(49, 0, 1, 9));
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
      j.model,
      j.right,
      JSON.stringify(checks.map(({ said }, i) => ({ i, said }))),
    );
    await t.owner.rows(
      `insert into labels (name_key, category_id, source) select 'miss ' || c.i, c.label, 'llm' from jsonb_to_recordset($1) c(i integer, label bigint)`,
      JSON.stringify(
        // the teacher errs in a fifth, at l1
        checks.map(({ wrongAt }, i) => ({
          i,
          label: random.next() < 0.2 ? j.wrong[0] : wrongAt === 4 ? j.right : j.wrong[wrongAt - 1],
        })),
      ),
    );
  }

  test('it is fitted on what the LLM answered afterwards, allowing for its error, and says that it is not certified', async () => {
    await answeredLater(1500, 11);
    await j.judge(...drawn(20, 0, 1, 12));
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
    await j.judge({ said: [0.9, 0.8, 0.7], wrongAt: 4 });
    await t.owner.rows(
      `insert into checks (name_key, layer, strategy, weight) values ('open', 'local', 'uniform', 1), ('similar one', 'similar', 'audit', 1)`,
    );
    expect(await t.owner.rows('select name_key from unscored_checks($1)', j.model)).toEqual([
      { name_key: 'open' },
    ]);
    const score = JSON.stringify([{ check_id: 2, category_id: j.right, confidence: [0.5, 0.4, 0.3] }]);
    await t.owner.rows('select save_check_scores($1, $2)', j.model, score);
    await t.owner.rows('select save_check_scores($1, $2)', j.model, score.replace('0.3', '0.1'));
    expect(await t.owner.rows('select * from unscored_checks($1)', j.model)).toEqual([]);
    expect(await t.owner.value('select l3_said from check_scores where check_id = 2')).toBe(0.3);
  });
});
