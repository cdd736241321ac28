import { beforeEach, describe, expect, test } from 'vitest';
import { decide } from '../support/decided.ts';
import { taxonDatabase } from '../support/sql.ts';
import { makeModel } from '../support/trust.ts';

const t = taxonDatabase();
let model: number;
let kettles: number;
let lamps: number;
const Kettles = 'Home > Kitchen > Kettles';
const Lamps = 'Home > Light > Lamps';

beforeEach(async () => {
  model = await makeModel(t);
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
const draw = () => t.owner.rows('select * from draw_checks(100)');

/** The LLM's answer to a name that waits for it. */
async function llm(name: string, category: number): Promise<void> {
  await t.owner.rows(`select claim_llm('w', 10, '0 s')`);
  await t.owner.rows(
    `select settle_llm('w', start_call('w', 'answer', 'r', 'p', 'm', true, 1, 1, 1, 0, null, name_keys => array[$2]), $1, '[]', 1, 0, 1, 0, 'v', 'r')`,
    JSON.stringify([{ name_key: name, category_id: category, confidence: 0.6 }]),
    name,
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
