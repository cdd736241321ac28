import { beforeEach, describe, expect, test } from 'vitest';
import { taxonDatabase } from '../support/sql.ts';
import { makeModel } from '../support/trust.ts';

const t = taxonDatabase();
let pots: number;
let pans: number;
let old: number;
beforeEach(async () => {
  pots = await t.category('Home > Pots');
  pans = await t.category('Home > Pans');
  old = await makeModel(t);
});

/** Names that a model has decided: it says the same of all three levels. */
async function decided(model: number, confidence: number, ...names: string[]): Promise<void> {
  await t.insertAll(...names);
  await t.claim('w', names.length);
  const results = names.map((name_key) => ({
    name_key,
    category_id: pots,
    confidence: [confidence, confidence, confidence],
    shortlist: [pots, pans],
    probabilities: [0.5, 0.4],
  }));
  await t.owner.rows(`select settle_local('w', $1, $2)`, model, JSON.stringify(results));
}

/** What the champion says of the rows that it is to look at. */
async function look(model: number, says: Record<string, [number, number]>): Promise<string[]> {
  const rows = await t.owner.rows<{ product_id: number; name_key: string }>(
    'select * from rows_to_look_at(2)',
  );
  const looks = rows.map(({ product_id, name_key }) => {
    const [category_id, sure] = says[name_key] as [number, number];
    return { product_id, category_id, confidence: [sure, sure, sure] };
  });
  if (looks.length > 0) await t.owner.rows('select save_second_looks($1, $2)', model, JSON.stringify(looks));
  return rows.map(({ name_key }) => name_key);
}

describe('a promotion', () => {
  test('gives names that wait for the LLM to the local layers again, once', async () => {
    await decided(old, 0.1, 'pot', 'pan');
    expect(await t.queued('llm')).toEqual(['pan', 'pot']);
    const next = await makeModel(t);
    expect(await t.queued('llm')).toEqual([]);
    expect(await t.claim('w')).toEqual(['pan', 'pot']);
    const row = { category_id: pots, confidence: [0.9, 0.9, 0.9] };
    await t.owner.rows(
      `select settle_local('w', $1, $2)`,
      next,
      JSON.stringify([
        { ...row, name_key: 'pot' },
        { ...row, name_key: 'pan', confidence: [0.1, 0.1, 0.1] },
      ]),
    );
    expect(await t.owner.rows('select name, source, state, model_id from products order by 1')).toEqual([
      { name: 'pan', source: null, state: 'pending', model_id: next },
      { name: 'pot', source: 'local', state: 'done', model_id: next },
    ]);
    expect(await t.owner.value('select try_waiting()')).toBe(0);
    expect(await t.queued('llm')).toEqual(['pan']);
  });

  test('leaves names that the LLM has in hand, and those that a person sent there', async () => {
    await decided(old, 0.1, 'pot', 'pan');
    await decided(old, 0.9, 'lid');
    const lid = await t.owner.value<number>(`select product_id from products where name = 'lid'`);
    await t.owner.rows('select reject($1)', lid);
    await t.owner.rows(
      `update queue set worker = 'other', available_at = now() + interval '1 minute' where name_key = 'pan'`,
    );
    await makeModel(t);
    expect(await t.queued('local')).toEqual(['pot']);
    expect(await t.queued('llm')).toEqual(['lid', 'pan']);
  });
});

describe('try_waiting', () => {
  test('waits while as many wait for the local layer, and does nothing while the champion may not answer', async () => {
    await decided(old, 0.1, 'pot', 'pan');
    await t.owner.rows(`select set_setting('local_layer', '"shadow"')`);
    await makeModel(t);
    expect(await t.queued('llm')).toEqual(['pan', 'pot']);
    expect(await t.owner.value('select try_waiting()')).toBe(0);
    await t.owner.rows(`select set_setting('local_layer', '"on"')`);
    await t.insertAll('fresh');
    expect(await t.owner.value('select try_waiting(1)')).toBeNull();
    expect(await t.owner.value('select try_waiting(2)')).toBe(2);
    expect(await t.owner.value('select try_waiting()')).toBe(0);
  });
});

describe('stale_answers', () => {
  const stale = (where = '') =>
    t.owner.rows(`select name, path, would_be, would from stale_answers(${where})`);

  test('lists what the champion would answer otherwise or not at all, and changes nothing', async () => {
    await decided(old, 0.9, 'pot', 'pan', 'lid');
    expect(await look(old, {})).toEqual([]);
    const next = await makeModel(t);
    const says: Record<string, [number, number]> = { pot: [pots, 0.95], pan: [pans, 0.8], lid: [pots, 0.1] };
    expect(await look(next, says)).toEqual(['lid', 'pan']);
    expect(await look(next, says)).toEqual(['pot']);
    expect(await look(next, says)).toEqual([]);
    expect(await stale()).toEqual([
      { name: 'pan', path: 'Home > Pots', would_be: 'Home > Pans', would: 'answer otherwise' },
      { name: 'lid', path: 'Home > Pots', would_be: 'Home > Pots', would: 'ask the LLM' },
    ]);
    expect(await stale(`branch => ${pans}`)).toEqual([]);
    expect(await stale(`since => now() + interval '1 hour'`)).toEqual([]);
    expect(
      await t.owner.value(`select count(*) from products where source = 'local' and model_id = ${old}`),
    ).toBe(3);
    expect(await t.owner.value('select count(*) from product_changes')).toBe(0);
  });

  test('know branches that are in shadow, and categories that the champion does not know', async () => {
    await decided(old, 0.9, 'pot', 'pan');
    const next = await makeModel(t);
    await look(next, { pot: [pots, 0.95], pan: [pots, 0.95] });
    expect(await stale()).toEqual([]);
    await t.owner.rows(`select add_category('Steel pots', $1)`, pots);
    expect(await stale()).toMatchObject([{ would: 'ask the LLM' }, { would: 'ask the LLM' }]);
    await t.owner.rows(`select set_setting('local_layer', '"shadow"')`);
    await expect(t.owner.rows('select * from decide_again(preview => true)')).rejects.toThrow(
      'the local layer answers nothing now, so the LLM would be asked about all of these rows',
    );
  });

  test('a champion that comes back looks anew, and what another one said is gone', async () => {
    await decided(old, 0.9, 'pot');
    const next = await makeModel(t);
    expect(await look(next, { pot: [pans, 0.9] })).toEqual(['pot']);
    const third = await makeModel(t);
    expect(await look(third, { pot: [pots, 0.9] })).toEqual(['pot']);
    expect(await stale()).toEqual([]);
    await t.owner.rows('select roll_back_model()');
    expect(await look(next, { pot: [pans, 0.9] })).toEqual(['pot']);
    expect(await stale()).toMatchObject([{ name: 'pot', would_be: 'Home > Pans' }]);
    expect(await t.owner.value('select count(*) from second_looks')).toBe(1);
  });

  test('as many rows are looked at as second_looks_most says, and none while names wait', async () => {
    await decided(old, 0.9, 'pot', 'pan', 'lid');
    const next = await makeModel(t);
    await t.insertAll('waits');
    expect(await look(next, {})).toEqual([]);
    await t.owner.rows('delete from queue');
    await t.owner.rows(`select set_setting('second_looks_most', '1')`);
    expect(await look(next, { lid: [pans, 0.9] })).toEqual(['lid']);
    expect(await look(next, {})).toEqual([]);
  });
});

describe('decide_again', () => {
  const again = (given: string) =>
    t.owner.row(
      `select products, answered_otherwise, asked_of_llm, not_looked_at from decide_again(${given})`,
    );
  let next: number;
  beforeEach(async () => {
    await decided(old, 0.9, 'pot', 'pan', 'lid');
    next = await makeModel(t);
    await look(next, { pan: [pans, 0.8], lid: [pots, 0.1] });
  });

  test('with preview says what would come of it, and changes nothing', async () => {
    expect(await again('preview => true')).toEqual({
      products: 2,
      answered_otherwise: 1,
      asked_of_llm: 1,
      not_looked_at: 0,
    });
    expect(await again('stale_only => false, preview => true')).toEqual({
      products: 3,
      answered_otherwise: 1,
      asked_of_llm: 1,
      not_looked_at: 1,
    });
    expect(await t.queued()).toEqual([]);
  });

  test('takes the answers back, keeps them in the history, and has the names decided anew', async () => {
    expect(await again(`branch => ${pots}`)).toMatchObject({ products: 2 });
    expect(await t.queued('local')).toEqual(['lid', 'pan']);
    expect(
      await t.owner.rows(
        'select name, before_source, reason from product_changes join products using (product_id) order by 1',
      ),
    ).toEqual([
      { name: 'lid', before_source: 'local', reason: 'decide_again()' },
      { name: 'pan', before_source: 'local', reason: 'decide_again()' },
    ]);
    expect(await again('preview => true')).toMatchObject({ products: 0 });
  });

  test.each([
    [`source => 'human'`, 'rows answered by "human" are not decided again here'],
    [`source => 'llm'`, 'rows answered by "llm" are not decided again here'],
    [`source => 'similar'`, 'only local answers are known to be stale'],
    ['branch => 99', 'there is no category 99'],
  ])('refuses %s', async (given, message) => {
    await expect(again(given)).rejects.toThrow(message);
  });
});
