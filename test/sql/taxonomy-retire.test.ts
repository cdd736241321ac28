import { describe, expect, test } from 'vitest';
import { taxonDatabase } from '../support/sql.ts';
import { changing, strays } from '../support/taxonomy.ts';

const t = taxonDatabase();
const change = changing(t);

describe('retire_category', () => {
  test('forgets its labels, asks its rows again, and says which labels were of people', async () => {
    const kettles = await t.label('kettle', 'Home > Kettles');
    await t.label('my kettle', 'Home > Kettles', 'human');
    await t.insertAll('kettle', 'my kettle');
    await t.owner.rows('delete from queue');
    const { note } = await change(`retire_category($1, reason => 'sold no more')`, kettles);
    expect(
      await t.owner.rows('select name, state, category_id, l1, source from products order by 1'),
    ).toEqual(
      ['kettle', 'my kettle'].map((name) => ({
        name,
        state: 'pending',
        category_id: null,
        l1: null,
        source: null,
      })),
    );
    // once for the rows asked again, and once where take_in() had not looked at them yet: a claim takes a name once
    expect([...new Set(await t.queued())]).toEqual(['kettle', 'my kettle']);
    expect(await t.owner.rows((note ?? '').replace(/^.*?: /, ''))).toEqual([{ name_key: 'my kettle' }]);
    expect(await t.owner.value('select count(*) from product_changes where taxonomy_change_id = 1')).toBe(2);
    expect(await strays(t)).toEqual([]);
  });

  test('with a successor it is a merge; with something below it is refused', async () => {
    const [a, b] = [await t.label('a', 'A'), await t.category('B')];
    await t.category('A > X');
    await expect(change('retire_category($1)', a)).rejects.toThrow('1 categories in use lie below "A"');
    expect(await change('retire_category($1, instead => $2)', a, b)).toMatchObject({
      kind: 'merge',
      category_id: b,
      labels: 1,
    });
    await expect(change('retire_category($1)', a)).rejects.toThrow('is retired');
  });

  test('its name is free again, and a path that was merged leads to its successor', async () => {
    const [a, b] = [await t.category('A'), await t.category('B')];
    await change('retire_category($1)', a);
    await expect(t.category('A')).rejects.toThrow('the category "A" is retired');
    await change(`add_category('A')`);
    expect(await t.category('A')).not.toBe(a);
    await change('retire_category($1, instead => $2)', await t.category('A'), b);
    expect(await t.category('A')).toBe(b);
  });
});
