import { describe, expect, test } from 'vitest';
import { taxonDatabase } from '../support/sql.ts';
import { checkedModel, evenly, judge, makeModel, missed, wrongEach } from '../support/trust.ts';

const t = taxonDatabase();
const checked = (from?: number) => checkedModel(t, from);

interface Suggestion {
  feasible: boolean;
  l1: number;
  l2: number;
  l3: number;
  coverage: number;
  checked: number;
  wrong: number;
  upper_bound: number;
  verdict: string;
}
const suggest = (maxError: number, model: number | null = null) =>
  t.owner.row<Suggestion>('select * from suggest_thresholds($1, .95, $2)', maxError, model);
const mode = () => t.owner.value<string>('select local_mode()');
const promise = (maxError: number, force = true) =>
  t.owner.row(
    `select * from set_promise(max_error => $1, reason => 'returns are dear', force => $2)`,
    maxError,
    force,
  );

describe('a promise', () => {
  test('that is certified sets its thresholds, with the proof in history', async () => {
    const { model } = await checked();
    const proof = await suggest(0.1);
    const { l1, l2, l3, coverage, upper_bound, verdict } = proof;
    const kept = {
      certified: true,
      l1,
      l2,
      l3,
      coverage,
      upper_bound: expect.closeTo(upper_bound, 6),
      verdict,
      mode: 'on',
      ...{ checks_missing: 0, llm_names_more_a_day: null, llm_tokens_more_a_day: null },
    };
    const { promise_id, ...made } = await promise(0.1);
    expect(made).toEqual(kept);
    expect(await t.owner.row('select l1, l2, l3, certified from thresholds_in_force()')).toEqual({
      l1,
      l2,
      l3,
      certified: true,
    });
    expect(
      await t.owner.row(
        'select model_id, cause, certified, upper_bound, checks, promise_id, promised, reason, undone_at from threshold_history',
      ),
    ).toEqual({
      ...{
        model_id: model,
        cause: 'promise',
        certified: true,
        checks: proof.checked,
        promise_id,
        promised: 0.1,
      },
      ...{
        upper_bound: expect.closeTo(upper_bound, 6),
        reason: `promise ${promise_id}: returns are dear`,
        undone_at: null,
      },
    });
  });

  test('that cannot be certified puts the local layer in shadow, until checks certify it', async () => {
    const model = await makeModel(t);
    const home = await t.category('Home');
    const ids = await missed(t, model, home, evenly(500));
    expect(await mode()).toBe('on');
    expect(await promise(0.1)).toMatchObject({ certified: false, l1: null, mode: 'shadow' });
    expect(await mode()).toBe('shadow');
    expect(await t.owner.value(`select setting('local_layer') #>> '{}'`)).toBe('on');
    expect(await t.owner.value('select count(*) from thresholds')).toBe(0);

    await judge(t, ids, Array(500).fill(true));
    expect(await mode()).toBe('shadow'); // checks alone change nothing
    expect(
      await t.owner.row('select promise_id, certified, mode, checks_missing from set_promise()'),
    ).toEqual({
      promise_id: 1,
      certified: true,
      mode: 'on',
      checks_missing: 0,
    });
    expect(await mode()).toBe('on');
  });

  test('that is not proved says first what it would do, and changes nothing without force', async () => {
    const model = await makeModel(t);
    const home = await t.category('Home');
    await missed(t, model, home, evenly(500));
    await t.owner.rows(`update evidence set answered = true, clears = true where l3_said > .6`);
    await t.owner.rows(
      `insert into llm_calls (purpose, route, provider, model, simulated, state, names, tokens_in, tokens_out, worker, lease_until)
         values ('answer', 'tree', 'openai', 'm', true, 'ok', 10, 900, 100, 'one', now())`,
    );
    const { checks_missing, verdict, ...would } = await promise(0.1, false);
    expect(would).toMatchObject({
      ...{ promise_id: null, certified: false, l3: null, mode: 'on' },
      ...{ llm_names_more_a_day: 200, llm_tokens_more_a_day: 20_000 },
    });
    expect(verdict).toBe(
      `nothing was changed: this is not proved, and until it is the local layer would only watch; 200.0 names a day would go to the LLM besides (20000 tokens a day by the ledger); not feasible: about ${checks_missing} more checks would make it so; select * from draw_checks(${checks_missing}); all the same: set_promise(0.1, 0.95, reason => '…', force => true)`,
    );
    // one promise, one number
    expect(await t.owner.value('select checks_missing from suggest_thresholds(.1)')).toBe(checks_missing);
    expect(await mode()).toBe('on');
    expect(await t.owner.value('select count(*) from promises')).toBe(0);
    // nor does it take away the promise that stands
    await promise(0.2);
    expect(await promise(0.1, false)).toMatchObject({ promise_id: null, llm_names_more_a_day: 200 });
    expect(await t.owner.rows('select max_error from standing_promise()')).toEqual([{ max_error: 0.2 }]);
    expect(await promise(0.1)).toMatchObject({ certified: false, mode: 'shadow', checks_missing });
  });

  test('that is proved needs no force', async () => {
    await checked();
    expect(await promise(0.1, false)).toMatchObject({ certified: true, mode: 'on', checks_missing: 0 });
  });

  test('that is taken back leaves the thresholds, and the layer answers', async () => {
    await checked();
    await promise(0.01);
    expect(await mode()).toBe('shadow');
    await t.owner.rows(`select end_promise('we live with it')`);
    expect(await mode()).toBe('on');
    expect(
      await t.owner.row('select ended_because, ended_by, ended_at is not null as ended from promises'),
    ).toEqual({
      ended_because: 'we live with it',
      ended_by: 'owner',
      ended: true,
    });
    await expect(t.owner.rows(`select end_promise('again')`)).rejects.toThrow('no promise stands');
    await expect(t.owner.rows('select set_promise()')).rejects.toThrow('no promise stands');
  });

  test('replaces the one before; what was proved for a stricter one is enough', async () => {
    const { model } = await checked();
    await promise(0.05);
    await promise(0.1);
    expect(await t.owner.rows('select max_error, ended_because from promises order by promise_id')).toEqual([
      { max_error: 0.05, ended_because: 'replaced' },
      { max_error: 0.1, ended_because: null },
    ]);
    await t.owner.rows('select undo_thresholds()');
    expect(await t.owner.value('select certified from thresholds_in_force($1)', model)).toBe(true);
    expect(await mode()).toBe('on');
    await promise(0.01);
    expect(await mode()).toBe('shadow');
  });

  test('is not kept by a new champion before that is certified itself', async () => {
    const { home, model } = await checked();
    await promise(0.1);
    const fresh = await makeModel(t);
    expect(await mode()).toBe('shadow');
    expect(await t.owner.value('select local_mode(model_id => $1)', model)).toBe('on');
    // it answers the checked names as the old one did
    await t.owner.rows(
      `insert into check_scores (check_id, model_id, category_id, l1_said, l2_said, l3_said)
         select check_id, $1, $2, l1_said, l2_said, l3_said from check_scores`,
      fresh,
      home,
    );
    expect(await t.owner.value('select certified from set_promise()')).toBe(true);
    expect(await mode()).toBe('on');
  });

  test('needs a reason, a model and a bound', async () => {
    await expect(t.owner.rows(`select set_promise(.05, .95, ' ')`)).rejects.toThrow('say why');
    await expect(promise(0.05)).rejects.toMatchObject({ hint: 'Train one: taxon train' });
    await makeModel(t);
    await expect(promise(0)).rejects.toThrow('max_error is a share above 0');
    await expect(t.owner.rows(`select end_promise('')`)).rejects.toThrow('say why');
    expect(await t.owner.value('select count(*) from promises')).toBe(0);
  });
});

describe('thresholds set by hand while a promise stands', () => {
  const set = (l1: number, l2: number, l3: number) =>
    t.owner.row(
      `select certified, note from set_thresholds($1, $2, $3, 'by hand', force => true)`,
      l1,
      l2,
      l3,
    );

  test('are certified when none is below what is proved, else the layer only watches', async () => {
    await checked();
    await promise(0.1);
    const { l1, l2, l3 } = await suggest(0.1);
    expect(await set(l1, l2, 0.9999)).toMatchObject({
      certified: true,
      note: expect.stringMatching(/^certified/),
    });
    expect(await mode()).toBe('on');
    await expect(
      t.owner.rows(`select set_thresholds($1, $2, $3, 'by hand')`, l1, l2, l3 - 0.01),
    ).rejects.toMatchObject({
      message: expect.stringMatching(
        /^nothing was changed: with these thresholds the promise of 0.1 is not proved, and the local layer would only watch: \d/,
      ),
      hint: `Proved are ${l1} / ${l2} / ${l3} and stricter ones; looser ones all the same: force => true.`,
    });
    expect(await mode()).toBe('on');
    expect(await set(l1, l2, l3 - 0.01)).toMatchObject({
      certified: false,
      note: expect.stringMatching(
        /^not certified for the promise of 0.1: the local layer only watches until it is; certified: answers/,
      ),
    });
    expect(await mode()).toBe('shadow');
    expect(await t.owner.row('select l3, certified from undo_thresholds()')).toEqual({
      l3: expect.closeTo(0.9999, 6),
      certified: true,
    });
    expect(await mode()).toBe('on');
  });

  test('are not certified without one, however strict', async () => {
    await checked();
    expect(await set(1, 1, 1)).toEqual({ certified: false, note: null });
    expect(await mode()).toBe('on');
  });

  test('of a branch take the proof away when the rest does not hold it', async () => {
    const { model } = await checked(500);
    const garden = await t.category('Garden');
    // the garden is wrong at times and not one in five in all: alone it cannot be certified
    const others = await missed(t, model, garden, evenly(500));
    await judge(t, others, wrongEach(500, 8));
    await promise(0.1);
    expect(await mode()).toBe('on');
    const home = await t.category('Home');
    const branch = `select note from set_thresholds(null, null, null, 'by hand', branch => $1, never_local => true, force => $2)`;
    await expect(t.owner.value(branch, home, false)).rejects.toThrow(
      'nothing was changed: without what this branch would no longer answer the promise of 0.1 is not proved',
    );
    expect(await mode()).toBe('on');
    expect(await t.owner.value(branch, home, true)).toMatch(
      /^what the other branches answer is not certified any more/,
    );
    expect(await mode()).toBe('shadow');
    await t.owner.rows('select undo_thresholds()');
    await t.owner.rows('select undo_thresholds(branch => $1)', home);
    expect(await mode()).toBe('on');
    expect(await t.owner.value(branch, garden, false)).toBeNull();
    expect(await mode()).toBe('on');
  });
});
