import { beforeEach, describe, expect, test } from 'vitest';
import { taxonDatabase } from '../support/sql.ts';
import { evenly, judge, makeModel, missed, wrongEach } from '../support/trust.ts';

const t = taxonDatabase();

let model: number;
let home: number;

const watch = () => t.owner.rows('select * from watch_drift()');
const raise = (branch = 0, stream = 'confidence') =>
  t.owner.value<number | null>(`select raise_alarm($1, $2, $3, 20, 12, 'it moved')`, model, stream, branch);
const alarm = () =>
  t.owner.row<{ acted: string; detail: string; ended_because: string | null }>(
    'select acted, detail, ended_because from alarms order by alarm_id desc limit 1',
  );
const inForce = () =>
  t.owner.row<{ l3: number; certified: boolean; cause: string; reason: string }>(
    `select f.l3, f.certified, t.cause, f.reason from thresholds_in_force() f join thresholds t using (threshold_id)`,
  );
const setting = (key: string) => t.owner.value('select setting($1)', key);
const release = (id: number | null) => t.owner.value(`select end_alarm($1, reason => 'looked at')`, id);

/** 2,000 checked names: `right` says of each place, the surest first, whether it is right; then a promise of a tenth. */
async function promise(right: readonly boolean[]): Promise<void> {
  const ids = await missed(t, model, home, evenly(right.length));
  await judge(t, ids, right);
  await t.owner.rows(`select set_promise(max_error => .1, reason => 'a test')`);
}
/** One in a hundred of the surest half is wrong, one in five of the others. */
const graded = [...wrongEach(1000, 100), ...wrongEach(1000, 5)];

/** Local answers, each audited. */
async function audited(verdicts: readonly boolean[], auditor = 'human'): Promise<void> {
  const ids = await missed(
    t,
    model,
    home,
    verdicts.map(() => 0.99),
  );
  await t.owner.rows('update evidence set answered = true, clears = true where evidence_id = any ($1)', ids);
  await judge(t, ids, verdicts, { strategy: 'audit', auditor });
}

/** Names that only the thresholds before the alarm would have answered; the LLM did, with the same category or another. */
async function passed(same: readonly boolean[], said: number): Promise<void> {
  const other = await t.category('Food');
  const ids = await missed(
    t,
    model,
    home,
    same.map(() => said),
  );
  await t.owner.rows(
    `update products p set state = 'done', source = 'llm', category_id = c.category_id, l1 = c.l1, l2 = c.l2, l3 = c.l3
       from unnest($1::bigint[], $2::boolean[]) u(id, same)
       join categories c on c.category_id = case when same then $3::bigint else $4 end where p.evidence_id = u.id`,
    ids,
    same,
    home,
    other,
  );
}

/** What passed() made, away again. */
async function forgetPassed(): Promise<void> {
  await t.owner.rows(
    `delete from evidence e using products p where p.evidence_id = e.evidence_id and p.source = 'llm'`,
  );
  await t.owner.rows(`delete from products where source = 'llm'`);
}

// watch_drift() would see, rightly, that these names are not spread as the first were
const settle = () => t.owner.rows('select settle_alarms($1)', model);
const look = () => t.owner.rows(`select watch_audits($1, '-infinity')`, model);

beforeEach(async () => {
  home = await t.category('Home');
  model = await makeModel(t);
});

describe('an alarm', () => {
  test('without a promise raises audits, and nothing else', async () => {
    expect(await t.owner.value('select audit_share_now()')).toBe(0.01);
    const id = await raise();
    expect(await alarm()).toMatchObject({ acted: 'audits' });
    expect(await t.owner.value('select audit_share_now()')).toBe(0.2);
    expect(await raise()).toBe(null);
    expect(await t.owner.value('select count(*) from thresholds')).toBe(0);
    expect(await release(id)).toBe(true);
    expect(await release(id)).toBe(false);
    expect(await t.owner.value('select audit_share_now()')).toBe(0.01);
    await expect(t.owner.rows(`select end_alarm($1, ' ')`, id)).rejects.toThrow('say why');
    await expect(t.owner.rows(`select end_alarm(77, 'because')`)).rejects.toThrow('there is no alarm 77');
  });

  test('tightens to what is certified for half the promise, until the last one ends', async () => {
    await promise(graded);
    const before = await inForce();
    const first = await raise();
    const tight = await inForce();
    expect(tight).toEqual({
      l3: expect.any(Number),
      certified: true,
      cause: 'tightened',
      reason: 'alarm: it moved',
    });
    expect(tight.l3).toBeGreaterThan(before.l3 + 0.05);
    expect(await t.owner.value('select l3 from proved_thresholds(.05, .95)')).toBe(tight.l3);
    const second = await raise(0, 'novelty');
    expect(await alarm()).toMatchObject({ acted: 'tightened' });
    expect(await inForce()).toEqual(tight);
    expect(await t.owner.value('select local_mode()')).toBe('on');
    await release(first);
    expect(await inForce()).toEqual(tight);
    await release(second);
    expect(await inForce()).toEqual({
      ...before,
      cause: 'released',
      reason: expect.stringMatching(/^alarm 2 ended: looked at \(owner\)$/),
    });
  });

  test('leaves alone what a person set meanwhile', async () => {
    await promise(graded);
    const id = await raise();
    await t.owner.rows(`select set_thresholds(.99, .99, .99, 'by hand')`);
    await release(id);
    expect(await inForce()).toMatchObject({ l3: 0.99, cause: 'person' });
  });

  test('puts its branch, or everything, into shadow where half the promise is out of reach', async () => {
    await promise(wrongEach(2000, 14));
    expect((await inForce()).certified).toBe(true);
    const before = await inForce();
    const branch = await raise(home);
    expect(await alarm()).toMatchObject({ acted: 'shadow branch' });
    expect(await setting('shadow_branches')).toEqual([home]);
    expect(await t.owner.value('select local_mode($1)', home)).toBe('shadow');
    const all = await raise();
    expect(await t.owner.value('select local_mode()')).toBe('shadow');
    expect(await inForce()).toEqual(before);
    await release(all);
    expect(await setting('local_layer')).toBe('on');
    await release(branch);
    expect(await setting('shadow_branches')).toEqual([]);
  });

  test('ends with the model that it was about', async () => {
    await promise(graded);
    await raise();
    await makeModel(t);
    await watch();
    expect(await alarm()).toMatchObject({ ended_because: 'another model is the champion' });
  });
});

describe('audits', () => {
  test('end an alarm when they prove the promise for the thresholds before it', async () => {
    await promise(graded);
    const before = await inForce();
    await raise();
    const tight = await inForce();
    await audited(wrongEach(60, 60));
    await settle();
    expect((await alarm()).ended_because).toBe(null);
    await audited(wrongEach(200, 100));
    // what tighter thresholds keep back is wrong, then it is right
    await passed(Array(100).fill(false), (before.l3 + tight.l3) / 2);
    await settle();
    expect((await alarm()).ended_because).toBe(null);
    await forgetPassed();
    await passed(wrongEach(140, 70), (before.l3 + tight.l3) / 2);
    await settle();
    expect((await alarm()).ended_because).toMatch(
      /^audits confirm the promise: wrong 2 of 256 answered, 1 of 128 passed to the LLM, at most \d\.\d+%$/,
    );
    expect(await inForce()).toMatchObject({ ...before, cause: 'released', reason: expect.any(String) });
  });

  test('keep thresholds tight, and say why once, where those before are proved wrong', async () => {
    await promise(graded);
    const before = await inForce();
    await raise();
    const tight = await inForce();
    await audited(wrongEach(128, 100));
    await passed(wrongEach(600, 2), (before.l3 + tight.l3) / 2);
    await settle();
    await settle();
    const history = await t.owner.rows<{ reason: string }>(
      `select reason from thresholds where cause = 'tightened' order by threshold_id`,
    );
    expect(history.map(({ reason }) => reason)).toEqual([
      'alarm: it moved',
      expect.stringMatching(
        /^alarm 1 stays: wrong 1 of 128 answered, 256 of 512 passed to the LLM, with the/,
      ),
    ]);
    expect(await inForce()).toMatchObject({ l3: tight.l3, certified: true });
    await release(1);
    expect(await inForce()).toMatchObject({ l3: before.l3, cause: 'released' });
  });

  test('put the local layer into shadow where what is still answered breaks half the promise', async () => {
    await promise(graded);
    const id = await raise(home);
    await audited(wrongEach(256, 4));
    await settle();
    expect(await alarm()).toMatchObject({ acted: 'shadow', ended_because: null });
    expect(await t.owner.value('select local_mode()')).toBe('shadow');
    await release(id);
    expect(await setting('local_layer')).toBe('on');
    expect(await inForce()).toMatchObject({ cause: 'released' });
  });

  test('raise an alarm of their own, though no confidence has moved', async () => {
    await promise(graded);
    await audited(wrongEach(300, 12));
    await look();
    expect(await t.owner.value('select count(*) from alarms')).toBe(0);
    await audited(wrongEach(120, 3));
    await look();
    expect(await alarm()).toEqual({
      acted: 'tightened',
      detail: expect.stringMatching(
        /^Look at what audits found wrong, .*: audits: \d+ of \d+ local answers wrong, promised 10.00%; thresholds tight/,
      ),
      ended_because: null,
    });
  });

  test('by an LLM that errs itself accuse less', async () => {
    await promise(graded);
    await audited(wrongEach(420, 4), 'llm');
    await look();
    expect(await t.owner.value('select count(*) from alarms')).toBe(0);
    await t.owner.rows(`select set_setting('auditor_error', '0')`);
    await look();
    expect(await alarm()).toMatchObject({ acted: 'tightened' });
  });
});

test('the weeks of drift: how far, how new, how well calibrated, by branch', async () => {
  const food = await t.category('Food');
  // all within seconds here
  await t.owner.rows(`select set_setting('drift_burst_hours', '0')`);
  await missed(t, model, home, evenly(1500));
  await watch();
  await missed(
    t,
    model,
    food,
    evenly(600).map((said) => said / 3),
  );
  await t.owner.rows('update evidence set unknown = .25');
  await audited(wrongEach(100, 2));
  const weeks = await t.owner.rows(
    'select category, names, psi, new_words, checked, calibration_error from drift_by_week(1)',
  );
  expect(weeks).toEqual([
    {
      category: 'all',
      names: 2200,
      psi: expect.any(Number),
      new_words: 0.25,
      checked: 100,
      calibration_error: expect.closeTo(0.49, 4),
    },
    {
      category: 'Home',
      names: 1600,
      psi: expect.any(Number),
      new_words: 0.25,
      checked: 100,
      calibration_error: expect.closeTo(0.49, 4),
    },
    { category: 'Food', names: 600, psi: null, new_words: 0.25, checked: 0, calibration_error: null },
  ]);
});
