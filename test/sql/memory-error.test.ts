import { describe, expect, test } from 'vitest';
import { answered, type Judged, judgedChecks } from '../support/audits.ts';
import { taxonDatabase } from '../support/sql.ts';

const t = taxonDatabase();

const judged = (checks: number, wrong: number, facts: Judged = {}) => judgedChecks(t, checks, wrong, facts);

describe('memory_error', () => {
  test('tells the sources apart, each name once, by what the label was when it was judged', async () => {
    const lamps = await t.label('a', 'Home > Lamps', 'import');
    await t.label('b', 'Home > Lamps', 'llm');
    await t.label('c', 'Home > Lamps', 'llm');
    for (const name of ['a', 'a', 'b', 'c']) {
      await judged(1, name === 'c' ? 1 : 0, { layer: 'exact', name });
      await t.owner.rows('update checks set category_id = $1', lamps);
    }
    // the person corrects the label that was wrong, and its source with it
    await t.owner.rows(
      `update labels set source = 'human', category_id = $1 where name_key = 'c'`,
      await t.category('Home > Kettles'),
    );
    expect(await t.owner.rows('select source, labels, checked, error from memory_error()')).toEqual([
      { source: 'human', labels: 1, checked: 0, error: null },
      { source: 'import', labels: 1, checked: 1, error: null },
      { source: 'llm', labels: 1, checked: 2, error: null },
    ]);
  });

  test('names that traffic asks for often do not count more', async () => {
    const lamps = await t.label('often', 'Home > Lamps', 'llm');
    const rare = Array.from({ length: 40 }, (_, i) => `rare ${i}`);
    for (const name of rare) await t.label(name, 'Home > Lamps', 'llm');
    await t.owner.rows(`insert into products (name) select 'often' from generate_series(1, 1000)`);
    await t.insertAll(...rare);
    await judged(1, 0, { layer: 'exact', name: 'often' });
    for (const [i, name] of rare.entries()) await judged(1, i % 2, { layer: 'exact', name });
    await t.owner.rows('update checks set category_id = $1', lamps);
    const { error } = await t.owner.row<{ error: number }>(
      `select error from memory_error() where source = 'llm'`,
    );
    // a row in 100 is drawn: a rare one stands for 100 names, often for one
    expect(error).toBeCloseTo((20 * 100) / (40 * 100 + 1), 4);
  });
});

test('corrected_rows counts rows and names by the layer that had answered', async () => {
  await answered(t, 'local', 'Home', ['a', 'A ', 'b']);
  await t.owner.rows(
    `insert into product_changes (product_id, before_source, reason) select product_id, 'local', 'check' from products`,
  );
  await t.owner.rows(
    `insert into product_changes (product_id, before_source, reason, changed_at) values (1, 'exact', 'x', now() - interval '2 days')`,
  );
  expect(await t.owner.rows('select * from corrected_rows()')).toEqual([
    { layer: 'exact', corrected: 1, names: 1 },
    { layer: 'local', corrected: 3, names: 2 },
  ]);
  expect(await t.owner.rows(`select layer from corrected_rows('1 day')`)).toEqual([{ layer: 'local' }]);
});
