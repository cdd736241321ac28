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
      { source: 'import', labels: 1, checked: 1, error: 0 },
      { source: 'llm', labels: 1, checked: 2, error: 0.5 },
    ]);
  });

  test('names that traffic asks for often do not count more', async () => {
    const lamps = await t.label('often', 'Home > Lamps', 'llm');
    await t.label('rare', 'Home > Lamps', 'llm');
    await t.owner.rows(`insert into products (name) select 'often' from generate_series(1, 1000)`);
    await t.insert('rare');
    await judged(1, 0, { layer: 'exact', name: 'often' });
    await judged(1, 1, { layer: 'exact', name: 'rare' });
    await t.owner.rows('update checks set category_id = $1', lamps);
    const { error } = await t.owner.row<{ error: number }>(
      `select error from memory_error() where source = 'llm'`,
    );
    expect(error).toBeCloseTo(100 / 101, 2); // a row in 100 is drawn: rare stands for 100 names, often for one
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
