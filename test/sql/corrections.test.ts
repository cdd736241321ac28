import { beforeEach, describe, expect, test } from 'vitest';
import { decide, makeChampion } from '../support/decided.ts';
import { type Session, taxonDatabase } from '../support/sql.ts';

const t = taxonDatabase();
let model: number;
let kettles: number;
let lamps: number;
const Kettles = 'Home > Kitchen > Kettles';
const Lamps = 'Home > Light > Lamps';

beforeEach(async () => {
  model = await makeChampion(t);
  kettles = await t.category(Kettles);
  lamps = await t.category(Lamps);
});

const say = (what: string, ...values: unknown[]) => t.owner.row(`select * from ${what}`, ...values);
const rows = () =>
  t.owner.rows('select name, state, source, category_id as id from products order by product_id');
const labels = () => t.owner.rows('select name_key, category_id as id, source from labels order by 1');
const check = (id = 1) =>
  t.owner.row(
    `select verdict, truth_category_id as truth, checked_by as by, second_verdict, second_truth_category_id as second_truth, second_by
     from checks where check_id = $1`,
    id,
  );
const nothing = { second_verdict: null, second_truth: null, second_by: null };
/** Drawn for people: what the local layer said of every name. */
const draw = () => t.owner.rows('select * from spot_check(100)');

/** The LLM's answer to a name that waits for it. */
async function llm(name: string, category: number): Promise<void> {
  await t.owner.rows(`select claim_llm('w', 10, '0 s')`);
  await t.owner.rows(
    `select settle_llm('w', start_call('w', 'answer', 'r', 'p', 'm', true, 1, 1, 1, 0, null), $1, '[]', 1, 0, 1, 0, 'v', 'r')`,
    JSON.stringify([{ name_key: name, category_id: category, confidence: 0.6 }]),
  );
}

/** What a later row of the name, or a name near it, is told. */
async function similar(name: string): Promise<void> {
  await t.insert(name);
  await t.claim('s');
  await t.owner.rows(`select settle_from_memory('s', array[$1])`, name);
}

describe('confirm', () => {
  test('an answer that is right: the check, the label, memory at once; the row keeps its source', async () => {
    await decide(t, model, [{ name: 'Kettle', category_id: kettles }]);
    await draw();
    expect(await say('confirm(1)')).toEqual({
      ...{ product_id: 1, name: 'kettle', verdict: true, label_before: null, label_after: Kettles },
      ...{ corrected: 0, asked_again: 0, check_id: 1 },
    });
    expect(await check()).toEqual({ verdict: true, truth: kettles, by: 'owner', ...nothing });
    expect(await labels()).toEqual([{ name_key: 'kettle', id: kettles, source: 'human' }]);
    expect(await t.insert('KETTLE')).toMatchObject({ state: 'done', source: 'exact' });
    expect((await rows())[0]).toEqual({ name: 'Kettle', state: 'done', source: 'local', id: kettles });
    expect(await t.owner.rows('select from product_changes')).toEqual([]);
    expect(await t.owner.rows('select * from open_checks()')).toEqual([]);
  });

  test('what it is instead: every row of the name is corrected, with its history', async () => {
    await decide(t, model, [
      { name: 'lamp', category_id: kettles },
      { name: 'LAMP', category_id: kettles },
    ]);
    expect(await say('confirm(2, $1)', lamps)).toEqual({
      ...{ product_id: 2, name: 'lamp', verdict: false, label_before: null, label_after: Lamps },
      ...{ corrected: 2, asked_again: 0, check_id: null },
    });
    expect(await rows()).toEqual([
      { name: 'lamp', state: 'done', source: 'exact', id: lamps },
      { name: 'LAMP', state: 'done', source: 'human', id: lamps },
    ]);
    expect((await t.product(1)).l3).toBe(lamps);
    expect(
      await t.owner.rows(
        `select product_id, before_category_id as before, before_source as was, after_category_id as after, after_source as now, reason, changed_by
         from product_changes order by 1`,
      ),
    ).toEqual([
      {
        ...{ product_id: 1, before: kettles, was: 'local', after: lamps, now: 'exact' },
        ...{ reason: 'said by a person', changed_by: 'owner' },
      },
      {
        ...{ product_id: 2, before: kettles, was: 'local', after: lamps, now: 'human' },
        ...{ reason: 'said by a person', changed_by: 'owner' },
      },
    ]);
    // called again it changes nothing
    expect(await say('confirm(2, $1)', lamps)).toMatchObject({ corrected: 0, label_before: Lamps });
    expect(await t.owner.value('select count(*) from label_changes')).toBe(1);
  });

  test('beats the label of the LLM, and a label is written into its history', async () => {
    await decide(t, model, [{ name: 'lamp', category_id: kettles, said: 0.1 }]);
    await llm('lamp', kettles);
    expect(await say('confirm(1, $1)', lamps)).toMatchObject({
      ...{ label_before: Kettles, label_after: Lamps, corrected: 1 },
    });
    expect(
      await t.owner.row(
        'select before_source, before_confidence, after_source, reason, run_id from label_changes',
      ),
    ).toEqual({
      ...{ before_source: 'llm', before_confidence: 0.6, after_source: 'human', reason: 'said by a person' },
      run_id: null,
    });
    expect(await t.product(1)).toMatchObject({ source: 'human', llm_call_id: null });
  });

  test('settles what waits, at whatever stage, and what died; late workers change nothing', async () => {
    await t.insertAll('lamp', 'dead lamp');
    expect(await t.claim('late')).toEqual(['dead lamp', 'lamp']);
    await t.owner.rows(`select set_setting('max_attempts', '1')`);
    await t.owner.rows(`select give_back('late', array['dead lamp'], 'local', 'broken')`);
    expect(await say('confirm(1, $1)', lamps)).toMatchObject({ verdict: null, corrected: 1 });
    expect(await say('confirm(2, $1)', lamps)).toMatchObject({ corrected: 1 });
    await t.owner.rows(
      `select settle_local('late', $1, '[{"name_key": "lamp", "category_id": ${kettles}, "confidence": [1, 1, 1]}]')`,
      model,
    );
    await llm('lamp', kettles);
    expect(await rows()).toMatchObject([
      { state: 'done', source: 'human', id: lamps },
      { state: 'done', source: 'human', id: lamps },
    ]);
    expect(
      await t.owner.value('select (select count(*) from queue) + (select count(*) from dead_letters)'),
    ).toBe(0);
    expect(await labels()).toMatchObject([{ id: lamps }, { id: lamps, source: 'human' }]);
  });

  test('what took the wrong answer by similarity is decided again, what took the right one stays', async () => {
    await t.label('red lamp with 12 led', Kettles);
    await similar('red lamp with 13 led');
    await t.insert('red lamp with 12 led');
    await t.label('red lamp with 13 ledx', Lamps); // nearer by now
    expect(await say('confirm(2, $1)', lamps)).toMatchObject({ corrected: 1, asked_again: 1 });
    expect((await rows())[0]).toMatchObject({ state: 'pending', source: null });
    expect(await t.queued()).toEqual(['red lamp with 13 led']);
    expect(
      await t.owner.row(
        `select before_source, before_matched_key, after_source from product_changes where product_id = 1`,
      ),
    ).toEqual({ before_source: 'similar', before_matched_key: 'red lamp with 12 led', after_source: null });
    await t.claim('s');
    await t.owner.rows(`select settle_from_memory('s', array['red lamp with 13 led'])`);
    expect(await t.product(1)).toMatchObject({ category_id: lamps, matched_key: 'red lamp with 13 ledx' });
    await t.label('lamp of glass 1', Lamps);
    await similar('lamp of glass 2');
    await t.insert('lamp of glass 1');
    expect(await say('confirm(4)')).toMatchObject({ corrected: 0, asked_again: 0 });
  });

  test('the open check says which answer is meant, also after the LLM answered', async () => {
    await decide(t, model, [{ name: 'lamp', category_id: lamps, said: 0.1 }]);
    await draw();
    await llm('lamp', kettles);
    expect(await say('confirm(1)')).toMatchObject({
      verdict: true,
      label_before: Kettles,
      label_after: Lamps,
    });
    expect(await check()).toMatchObject({ verdict: true, truth: lamps });
  });

  test('another person gives a second opinion, the same one corrects himself', async () => {
    await decide(t, model, [{ name: 'lamp', category_id: kettles }]);
    await draw();
    await say('confirm(1)');
    await say('confirm(1, $1)', lamps);
    expect(await check()).toEqual({ verdict: false, truth: lamps, by: 'owner', ...nothing });
    const other = await t.connect('taxon_admin');
    await other.rows('select from taxon.confirm(1, $1)', kettles);
    expect(await check()).toEqual({
      ...{ verdict: false, truth: lamps, by: 'owner' },
      ...{ second_verdict: true, second_truth: kettles, second_by: 'login_taxon_admin' },
    });
    expect(await labels()).toMatchObject([{ id: kettles }]);
  });

  test('an open audit of the LLM is left to it, its verdict gets a second opinion', async () => {
    await t.owner.rows(
      `insert into checks (name_key, layer, strategy, weight, category_id, auditor) values ('lamp', 'local', 'audit', 1, $1, 'llm')`,
      kettles,
    );
    await t.insert('lamp');
    await say('confirm(1, $1)', lamps);
    expect(await check()).toMatchObject({ verdict: null, second_verdict: null });
    await t.owner.rows(
      `update checks set verdict = true, truth_category_id = $1, checked_by = 'owner', checked_at = now()`,
      kettles,
    );
    await say('confirm(1)');
    expect(await check()).toMatchObject({
      verdict: true,
      truth: kettles,
      second_verdict: false,
      second_truth: lamps,
    });
  });

  test('what it cannot do it says', async () => {
    await t.insertAll('lamp');
    await expect(say('confirm(99)')).rejects.toThrow('there is no product 99');
    await expect(say('confirm(1)')).rejects.toMatchObject({
      hint: expect.stringContaining('confirm(1, category_id'),
    });
    await expect(say('confirm(1, 99)')).rejects.toThrow('there is no category 99 in use');
    await t.owner.rows('update categories set retired_at = now() where category_id = $1', lamps);
    await expect(say('confirm(1, $1)', lamps)).rejects.toThrow('in use');
    await expect(say('reject(1)')).rejects.toThrow('no answer yet');
    await expect(say('judge(99, true)')).rejects.toThrow('there is no check 99');
    await expect(say('judge(99, true, 1)')).rejects.toThrow('a verdict is');
    await t.insert('');
    await expect(say('confirm(2, $1)', kettles)).rejects.toThrow('has no name');
  });
});

describe('reject', () => {
  test('sends the rows to the LLM with the whole tree and forgets a label that is not a person’s', async () => {
    await decide(t, model, [{ name: 'lamp', category_id: kettles, said: 0.1 }]);
    await llm('lamp', kettles);
    await t.insert('LAMP');
    await draw();
    expect(await say('reject(1)')).toEqual({
      ...{ product_id: 1, name: 'lamp', verdict: false, label_before: Kettles, label_after: null },
      ...{ corrected: 0, asked_again: 2, check_id: 1 },
    });
    expect(await check()).toEqual({ verdict: false, truth: null, by: 'owner', ...nothing });
    expect(await labels()).toEqual([]);
    expect(await rows()).toMatchObject([
      { state: 'pending', source: null, id: null },
      { state: 'pending', source: null, id: null },
    ]);
    expect(await t.owner.rows('select stage, name_key, branch, shortlist from queue')).toEqual([
      { stage: 'llm', name_key: 'lamp', branch: null, shortlist: null },
    ]);
    await llm('lamp', lamps);
    expect(await rows()).toMatchObject([{ id: lamps, source: 'llm' }, { id: lamps }]);
  });

  test('of what still waits: the LLM gets no shortlist, the lower layers are not asked again', async () => {
    await decide(t, model, [{ name: 'lamp', category_id: kettles, said: 0.1 }]);
    await t.insert('Lamp');
    await draw();
    expect(await say('reject(1)')).toMatchObject({ verdict: false, asked_again: 0 });
    expect(await t.owner.rows('select stage, shortlist from queue')).toEqual([
      { stage: 'llm', shortlist: null },
    ]);
  });

  test('leaves rows with another answer, and what a person said', async () => {
    await decide(t, model, [{ name: 'lamp', category_id: kettles, said: 0.1 }]);
    await draw();
    await llm('lamp', lamps);
    expect(await say('reject(1)')).toMatchObject({ label_before: Lamps, label_after: Lamps, asked_again: 0 });
    expect(await rows()).toMatchObject([{ id: lamps, source: 'llm' }]);
    await say('confirm(1)');
    expect(await say('reject(1)')).toMatchObject({ label_after: Lamps, asked_again: 0 });
    expect(await rows()).toMatchObject([{ id: lamps }]);
    expect(await t.queued('llm')).toEqual([]);
  });

  test('what took it by similarity is decided again', async () => {
    await t.label('red lamp with 12 led', Kettles);
    await similar('red lamp with 13 led');
    await t.insert('red lamp with 12 led');
    expect(await say('reject(2)')).toMatchObject({ asked_again: 2 });
    expect(await t.owner.rows('select stage, name_key from queue order by 1 desc')).toEqual(
      [
        { stage: 'local', name_key: 'red lamp with 13 led' },
        { stage: 'llm', name_key: 'red lamp with 12 led' },
      ].sort((a, b) => (a.stage < b.stage ? 1 : -1)),
    );
  });
});

describe('undo_check', () => {
  const everything = () =>
    t.owner.rows(`
      select to_jsonb(p) - 'classified_at' - 'inserted_xact' as r from products p
      union all select to_jsonb(l) from labels l
      union all select to_jsonb(c) from checks c order by 1`);

  test('brings label and rows back in every column and opens the check again', async () => {
    await t.label('near lamp with 12 led', Lamps);
    await decide(t, model, [{ name: 'lamp', category_id: kettles, said: 0.1 }]);
    await llm('lamp', kettles);
    await t.insert('LAMP');
    await draw();
    const before = await everything();
    for (const verdict of ['confirm(1)', `confirm(1, ${lamps})`, 'reject(1)']) {
      await say(verdict);
      expect(await everything()).not.toEqual(before);
      expect(await say('undo_check(1)')).toMatchObject({ label_after: Kettles, kept: 0 });
      expect(await everything()).toEqual(before);
      expect(await t.owner.value('select count(*) from queue')).toBe(0);
    }
    await expect(say('undo_check(1)')).rejects.toThrow('has no verdict to take back');
  });

  test('takes a change of mind back as a whole, to no label at all', async () => {
    await decide(t, model, [{ name: 'lamp', category_id: kettles }]);
    await draw();
    const before = await everything();
    await say('confirm(1, $1)', lamps);
    await say('confirm(1, $1)', kettles);
    expect(await say('undo_check(1)')).toEqual({
      ...{ name: 'lamp', label_before: Kettles, label_after: null, undone: 4, kept: 0 },
    });
    expect(await everything()).toEqual(before);
  });

  test('a row that waited waits again', async () => {
    await decide(t, model, [{ name: 'lamp', category_id: kettles, said: 0.1 }]);
    await draw();
    await say('confirm(1)');
    expect(await t.queued('llm')).toEqual([]);
    await say('undo_check(1)');
    expect(await rows()).toMatchObject([{ state: 'pending', id: null }]);
    expect(await t.queued('local')).toEqual(['lamp']);
  });

  test('keeps what was changed since', async () => {
    await decide(t, model, [{ name: 'lamp', category_id: kettles }]);
    await draw();
    await say('confirm(1, $1)', lamps);
    await t.owner.rows(`update labels set category_id = $1, updated_at = clock_timestamp()`, kettles);
    await t.owner.rows('update products set category_id = $1', kettles);
    expect(await say('undo_check(1)')).toMatchObject({ label_after: Kettles, undone: 0, kept: 2 });
    expect(await labels()).toEqual([{ name_key: 'lamp', id: kettles, source: 'human' }]);
  });

  test('the second opinion goes first', async () => {
    await decide(t, model, [{ name: 'lamp', category_id: kettles }]);
    await draw();
    await say('confirm(1)');
    const other = await t.connect('taxon_admin');
    await other.rows('select from taxon.confirm(1, $1)', lamps);
    expect(await say('undo_check(1)')).toMatchObject({ label_before: Lamps, label_after: Kettles });
    expect(await check()).toEqual({ verdict: true, truth: kettles, by: 'owner', ...nothing });
    expect(await rows()).toMatchObject([{ id: kettles, source: 'local' }]);
    expect(await say('undo_check(1)')).toMatchObject({ label_after: null });
    expect(await check()).toMatchObject({ verdict: null, by: null });
  });

  test('a cleaning that a verdict hid can still be reverted after it', async () => {
    await t.label('lamp', Lamps);
    await t.insert('lamp');
    await t.owner.rows(
      `insert into checks (name_key, product_id, layer, strategy, weight, category_id) values ('lamp', 1, 'exact', 'audit', 1, $1)`,
      lamps,
    );
    const run = await t.owner.value(`select start_run('{}')`);
    await t.owner.rows(
      'select from apply_cleaning($1, $2)',
      run,
      JSON.stringify([{ name_key: 'lamp', before: lamps, after: kettles, reason: 'r', confidence: 0.9 }]),
    );
    await say('confirm(1)');
    expect(await t.owner.row('select * from revert_cleaning($1)', run)).toEqual({ reverted: 0, kept: 1 });
    await say('undo_check(1)');
    expect(await t.owner.row('select * from revert_cleaning($1)', run)).toEqual({ reverted: 1, kept: 0 });
    expect(await labels()).toEqual([{ name_key: 'lamp', id: lamps, source: 'llm' }]);
  });
});

test('two people and two sidecars at the same names do not wait in a circle', async () => {
  const keys = Array.from({ length: 30 }, (_, i) => `lamp with led ${i}`);
  await t.label(keys[0] as string, Kettles);
  await t.insertAll(...keys, ...keys);
  const sessions: Session[] = await Promise.all([0, 1, 2, 3].map(() => t.connect()));
  const [a, b, c, d] = sessions as [Session, Session, Session, Session];
  const work = async (session: Session, one: (i: number) => [string, ...unknown[]]) => {
    for (let i = 0; i < 60; i++) {
      const [sql, ...values] = one(i);
      await session.rows(sql, ...values);
    }
  };
  await Promise.all([
    work(a, (i) => ['select from taxon.confirm($1, $2)', i + 1, i % 2 ? kettles : lamps]),
    work(b, (i) => ['select from taxon.confirm($1, $2)', 60 - i, i % 3 ? kettles : lamps]),
    ...[c, d].map((session, w) =>
      work(session, (i) =>
        i % 2 === 0
          ? [`select from taxon.claim('w${w}', 20)`]
          : [`select from taxon.settle_from_memory('w${w}', $1)`, w === 0 ? keys : [...keys].reverse()],
      ),
    ),
  ]);
  expect(await t.owner.value(`select count(*) from products where state <> 'done'`)).toBe(0);
  expect(
    await t.owner.value(
      `select count(*) from products p join labels l on l.name_key = p.name_key where l.category_id <> p.category_id`,
    ),
  ).toBe(0);
});
