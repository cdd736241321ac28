import { expect, test } from 'vitest';
import { taxonDatabase } from '../support/sql.ts';
import { makeModel } from '../support/trust.ts';

const t = taxonDatabase();

test.each([
  ['set_llm_price', `'openai', 'own', 1, 1, 1, `, `select reason from llm_prices where model = 'own'`],
  ['adopt_deployment', `'mine', `, `select reason from all_settings where key = 'llm_deployment'`],
  ['set_tree_levels', `'1,2,4', `, `select reason from taxonomy_history where kind = 'levels'`],
  ['roll_back_model', '', 'select forced from promotions order by promotion_id desc limit 1'],
  ['mark_urgent', '1, ', 'select reason from urgent_names'],
  ['never_send', 'product_id => 1, ', 'select reason from never_send_marks'],
  ['pin_answer', `'lamp', 1, `, 'select reason from regression_names'],
  ['decide_again', '1, ', 'select reason from product_changes'],
])('%s keeps why', async (name, before, kept) => {
  await makeModel(t);
  await makeModel(t);
  await t.label('lamp', 'Home');
  await t.insert('lamp');
  await t.owner.rows(`update products set source = 'similar'`);
  await t.owner.rows(`select ${name}(${before}reason => 'because of the returns')`);
  expect(await t.owner.value(kept)).toContain('because of the returns');
});

test('a choice of tree levels is in the history, and says how it is taken back', async () => {
  await t.owner.rows(`select set_tree_levels('1,2,4')`);
  await t.owner.rows(`select set_tree_levels('1,2,4')`); // no change
  expect(await t.owner.rows('select kind, path, note from taxonomy_history')).toEqual([
    { kind: 'levels', path: null, note: 'levels 1,2,deepest became 1,2,4' },
  ]);
  await expect(
    t.owner.rows('select undo_taxonomy_change((select taxonomy_change_id from taxonomy_changes))'),
  ).rejects.toMatchObject({ code: '55000', hint: "select set_tree_levels('1,2,deepest');" });
});

test('an answer is pinned, pinned anew, and pinned no more', async () => {
  const [home, garden] = [await t.category('Home'), await t.category('Garden')];
  expect(await t.owner.value(`select pin_answer('Red  Lamp', $1, 'seen daily')`, home)).toBe(1);
  expect(await t.owner.value(`select pin_answer('red lamp', $1)`, garden)).toBe(1);
  expect(await t.owner.rows('select name_key, category_id, reason from regression_names')).toEqual([
    { name_key: 'red lamp', category_id: garden, reason: null },
  ]);
  expect(await t.owner.value(`select pin_answer('RED LAMP', null)`)).toBe(0);
  await expect(t.owner.rows(`select pin_answer('red lamp', null)`)).rejects.toMatchObject({ code: 'P0002' });
  await expect(t.owner.rows(`select pin_answer('red lamp', 987654321)`)).rejects.toMatchObject({
    code: 'P0002',
  });
  await expect(t.owner.rows(`select pin_answer(' ', $1)`, home)).rejects.toMatchObject({ code: '22023' });
});

test('what is decided again is chosen in one way', async () => {
  for (const both of ['1, branch => 1', 'failed => true, branch => 1', 'failed => true, since => now()'])
    await expect(t.owner.rows(`select decide_again(${both})`)).rejects.toMatchObject({ code: '22023' });
  await expect(t.owner.rows('select decide_again(987654321, failed => true)')).rejects.toMatchObject({
    code: 'P0002',
  });
});
