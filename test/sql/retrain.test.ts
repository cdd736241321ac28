import { beforeEach, describe, expect, test } from 'vitest';
import { taxonDatabase } from '../support/sql.ts';
import { missed } from '../support/trust.ts';

const t = taxonDatabase();
let encoder: number;
beforeEach(async () => {
  encoder = await t.owner.value(`select register_encoder('e', 2)`);
});

const begin = () => t.owner.rows<{ run_id: number; taken_over: boolean }>(`select * from begin_retrain('w')`);
const die = () =>
  t.owner.rows(`update training_runs set lease_until = now() - interval '1 s' where state = 'running'`);

async function model(run: number | null = null): Promise<number> {
  const id = await t.owner.value<number>(
    `select save_model($1, $2, '{}', data => '{"labels": 100}')`,
    encoder,
    run,
  );
  await t.owner.rows(`select save_model_file($1, 'm', sha256('x'), 'x')`, id);
  return id;
}

describe('begin_retrain', () => {
  test('takes the open request, of which there is one', async () => {
    const request = await t.owner.value(`select request_retrain('more tools')`);
    expect(await t.owner.value(`select request_retrain('again')`)).toBe(request);
    const [run] = await begin();
    expect(await t.owner.row('select run_id, reason, cause from retrain_requests')).toEqual({
      run_id: run?.run_id,
      reason: 'more tools',
      cause: 'person',
    });
    expect(await t.owner.value('select reason from training_runs')).toBe('more tools');
  });

  test('is refused while another runs, with who it is', async () => {
    const [run] = await begin();
    await expect(begin()).rejects.toMatchObject({
      code: '55006',
      message: expect.stringContaining(`a training is running already: run ${run?.run_id}, by w`),
    });
  });

  test('takes over a run whose process died, and closes it when that has happened five times', async () => {
    const [first] = await begin();
    for (let deaths = 1; deaths <= 4; deaths++) {
      await die();
      expect(await begin()).toEqual([{ run_id: first?.run_id, taken_over: true }]);
    }
    await expect(
      t.owner.rows(`select begin_step($1, 'encode', 'the first')`, first?.run_id),
      'whose process was only slow has lost it',
    ).rejects.toThrow(`run ${first?.run_id} is not held by the first any more`);
    expect(await t.owner.value(`select begin_step($1, 'encode', 'w')`, first?.run_id)).toBe('running');
    await die();
    expect(await begin()).toEqual([]);
    expect(await t.owner.row('select state, error from training_runs')).toEqual({
      state: 'failed',
      error: 'its process died 5 times',
    });
  });

  test('waits for a rollout in shadow or canary, not for one that is watched', async () => {
    await t.owner.rows('select promote_model($1)', await model());
    const challenger = await model();
    await t.owner.rows('select start_rollout($1)', challenger);
    await expect(begin()).rejects.toMatchObject({
      code: '55006',
      message: `model ${challenger} is still rolled out: it is in stage shadow`,
    });
    await t.owner.rows('select promote_model($1)', challenger);
    expect(await t.owner.value('select stage from rollouts')).toBe('watch');
    expect(await begin()).toHaveLength(1);
  });
});

describe('the gate', () => {
  async function judged(
    champion: string,
    challenger: string,
  ): Promise<{ passed: boolean; reasons: string[] }> {
    const old = await model();
    await t.owner.rows('select promote_model($1)', old);
    const fresh = await model();
    const home = await t.category('Home > Kettles');
    const other = await t.category('Home > Knives');
    for (const [i] of [...champion].entries()) {
      await t.owner.rows(`select pin_answer($1, $2)`, `kettle ${i}`, home);
      for (const [id, said] of [
        [old, champion],
        [fresh, challenger],
      ] as const)
        await t.owner.rows(
          `select save_gate_answers($1, jsonb_build_array(jsonb_build_object('name_key', $2::text, 'category_id', $3::bigint)))`,
          id,
          `kettle ${i}`,
          said[i] === '+' ? home : other,
        );
    }
    return t.owner.row('select passed, reasons from gate_judges($1, $2)', old, fresh);
  }

  test('lets a challenger pass that is as right', async () => {
    expect(await judged('++++++++-', '++++++++-')).toMatchObject({ passed: true });
  });

  test('refuses one that breaks a single name of the regression set', async () => {
    expect(await judged('+++++', '++++-')).toEqual({
      passed: false,
      reasons: ['breaks 1 of the regression set: kettle 4'],
    });
  });

  test('refuses one that is worse by more than chance, and names the branch', async () => {
    const { passed, reasons } = await judged('++++++++++', '++++------');
    expect(passed).toBe(false);
    expect(reasons).toEqual([
      "worse on people's names: 6 lost, 0 won of 10 (p = 0.0156)",
      'worse in Home: 6 lost, 0 won of 10 names',
      'breaks 6 of the regression set: kettle 4, kettle 5, kettle 6',
    ]);
  });

  test('refuses one that is right as often and does not know when: it would answer less', async () => {
    const [old, fresh] = [await model(), await model()];
    await t.owner.rows('select promote_model($1)', old);
    const home = await t.label('name 0', 'Home > Kettles', 'import');
    const other = await t.category('Home > Knives');
    for (let i = 1; i < 60; i++) await t.label(`name ${i}`, 'Home > Kettles', 'import');
    // both get the same 20 of 60 wrong; one says the least of them, the other the most
    for (const [id, sureOfWrong] of [
      [old, 0.2],
      [fresh, 0.95],
    ] as const)
      await t.owner.rows(
        `select save_gate_answers($1, (select jsonb_agg(jsonb_build_object('name_key', 'name ' || i,
           'category_id', case when i % 3 = 0 then $3::bigint else $2 end, 'said', case when i % 3 = 0 then $4::float8 else .9 end))
           from generate_series(0, 59) i))`,
        id,
        home,
        other,
        sureOfWrong,
      );
    expect(await t.owner.row('select passed, reasons from gate_judges($1, $2)', old, fresh)).toEqual({
      passed: false,
      reasons: [
        'surer where it is wrong: of the half of 60 held-out names of which it is surest it gets 20 wrong, the champion 0 of its own',
      ],
    });
    expect(await t.owner.value('select passed from gate_judges($1, $2)', fresh, old)).toBe(true);
  });

  test('refuses one where the LLM has changed, also when the champion is too new to have seen it', async () => {
    const [old, fresh, next] = [await model(), await model(), await model()];
    await t.owner.rows('select promote_model($1)', old);
    const asked = await missed(t, old, await t.category('Home'), Array(120).fill(0.6));
    await t.owner.rows('insert into opinions (evidence_id, levels) select unnest($1::bigint[]), 3', asked);
    await t.owner.rows('select promote_model($1)', fresh);
    expect(await t.owner.row('select passed from gate_judges($1, $2)', fresh, next)).toEqual({
      passed: true,
    });
    await t.owner.rows('update opinions set levels = 0');
    const { passed, reasons } = await t.owner.row<{ passed: boolean; reasons: string[] }>(
      'select passed, reasons from gate_judges($1, $2)',
      fresh,
      next,
    );
    expect(passed).toBe(false);
    expect(reasons[0]).toContain(
      'the LLM has changed in all names: of the newest 120 names it agreed on the top category of 0%',
    );
  });

  test('a refused challenger is promoted by force only, with a reason that stays', async () => {
    const [run] = await begin();
    const old = await model();
    await t.owner.rows('select promote_model($1)', old);
    const fresh = await model(run?.run_id);
    await t.owner.rows(`select set_setting('gate_model_mb', '1')`);
    expect(await t.owner.value(`select pass_gate($1, $2, '{"bytes": 2000000}')`, run?.run_id, fresh)).toBe(
      false,
    );
    expect(await t.owner.value('select state from training_runs')).toBe('refused');
    await expect(t.owner.rows('select promote_model($1)', fresh)).rejects.toThrow(
      `the gate refused model ${fresh}: it is 2.0 MB large`,
    );
    await t.owner.rows(`select promote_model($1, true, 'the new machine has room')`, fresh);
    expect(await t.owner.value('select forced from promotions order by promotion_id desc limit 1')).toBe(
      'the new machine has room',
    );
  });
});

describe('shadow_verdict', () => {
  /** What both models say of the same names, and whether each is sure enough. */
  async function bothSee(challenger: number, champion: number, names: number, clears: [boolean, boolean]) {
    const home = await t.category('Home');
    await t.owner.rows(
      `with p as (insert into products (name) select 'both ' || i from generate_series(1, $1::integer) i returning product_id),
            e as (insert into evidence (product_id, model_id, category_id, l1_said, clears, answered)
                    select p.product_id, m.id, $4, .5, m.clear, false from p, unnest($2::bigint[], $3::boolean[]) m(id, clear)
                    returning evidence_id, product_id, model_id)
       select count(*) from e`,
      names,
      [challenger, champion],
      clears,
      home,
    );
    await t.owner.rows(
      `update products p set evidence_id = e.evidence_id from evidence e where e.product_id = p.product_id and e.model_id = $1`,
      champion,
    );
  }
  const against = (challenger: number, champion: number) =>
    t.owner.value<string | null>('select against from shadow_verdict($1, $2, 0)', challenger, champion);

  test('is against a challenger that would answer less than a champion that answers', async () => {
    const [champion, challenger] = [await model(), await model()];
    await t.owner.rows('select promote_model($1)', champion);
    await bothSee(challenger, champion, 50, [false, true]);
    expect(await against(challenger, champion)).toBe(
      'on live traffic it would answer 0.0% of 50 names, the champion 100.0%',
    );
  });

  test('does not count what a champion clears that may not answer, as no promise is proved for it', async () => {
    const [champion, challenger] = [await model(), await model()];
    await t.owner.rows('select promote_model($1)', champion);
    await t.owner.rows(`select set_promise(.1, .95, 'test', force => true)`);
    await bothSee(challenger, champion, 50, [false, true]);
    expect(await against(challenger, champion)).toBeNull();
  });
});
