import { describe, expect, test } from 'vitest';
import { taxonDatabase } from '../support/sql.ts';
import { waitsForLock } from '../support/waits-for-lock.ts';

const t = taxonDatabase();

const paths = () =>
  t.owner.rows(
    `select category_path(category_id) as path, level, (select name from categories x where x.category_id = c.l1) as l1,
            (select name from categories x where x.category_id = c.l2) as l2, (select name from categories x where x.category_id = c.l3) as l3
       from categories c order by path_ids`,
  );

describe('make_category', () => {
  test('makes what is missing, finds what is there, and fills path and levels', async () => {
    const leaf = await t.category('Home > Kitchen > Kettles');
    expect(await t.category('Home > Kitchen > Kettles')).toBe(leaf);
    await t.category('Home > Garden');
    expect(await paths()).toEqual([
      { path: 'Home', level: 1, l1: 'Home', l2: null, l3: null },
      { path: 'Home > Kitchen', level: 2, l1: 'Home', l2: 'Kitchen', l3: null },
      { path: 'Home > Kitchen > Kettles', level: 3, l1: 'Home', l2: 'Kitchen', l3: 'Kettles' },
      { path: 'Home > Garden', level: 2, l1: 'Home', l2: 'Garden', l3: null },
    ]);
  });

  test('the same name in two places is two categories', async () => {
    expect(await t.category('Home > Other')).not.toBe(await t.category('Food > Other'));
  });

  test('keeps every node of a deeper tree; the deepest is l3', async () => {
    await t.category('a > b > c > d > e');
    expect((await paths()).at(-1)).toEqual({
      path: 'a > b > c > d > e',
      level: 5,
      l1: 'a',
      l2: 'b',
      l3: 'e',
    });
  });

  test("notes the shop's own id, which products_readable gives back", async () => {
    await t.owner.rows(`select make_category(array['Home', 'Kettles'], 'shop-7')`);
    await t.label('kettle', 'Home > Kettles');
    await t.insert('Kettle');
    expect(
      await t.owner.row('select l1, l2, l3, path, category_external_id as id from products_readable'),
    ).toEqual({
      l1: 'Home',
      l2: 'Kettles',
      l3: null,
      path: 'Home > Kettles',
      id: 'shop-7',
    });
    await t.category('Home > Kettles'); // without an id: the noted one stays
    expect(await t.owner.value(`select external_id from categories where name = 'Kettles'`)).toBe('shop-7');
  });

  test.each([
    ['an empty name', ['Home', '']],
    ['a name with blanks around it', ['Home ', 'x']],
    ['a name of 501 characters', ['x'.repeat(501)]],
  ])('refuses %s', async (_what, path) => {
    await expect(t.owner.rows('select make_category($1)', path)).rejects.toMatchObject({ code: '23514' });
    expect(await t.owner.value('select count(*) from categories')).toBe(0);
  });

  test('of two transactions that make the same path, both get one id', async () => {
    const other = await t.connect();
    await other.rows('begin');
    const first = await other.value(`select taxon_internal.make_category(array['Home', 'Kettles'])`);
    const second = t.category('Home > Kettles'); // waits for the other
    await waitsForLock(t.owner, other);
    await other.rows('commit');
    expect(await second).toBe(first);
    expect(await t.owner.value('select count(*) from categories')).toBe(2);
  });
});

describe('a category', () => {
  test('cannot be moved', async () => {
    await t.category('Home > Kettles');
    const food = await t.category('Food');
    await expect(
      t.owner.rows(`update categories set parent_id = $1 where name = 'Kettles'`, food),
    ).rejects.toThrow('cannot be moved by UPDATE');
  });

  test('can be renamed and retired; paths follow', async () => {
    await t.category('Home > Kettles');
    await t.owner.rows(`update categories set name = 'House', retired_at = now() where name = 'Home'`);
    expect((await paths()).map((row) => row.path)).toEqual(['House', 'House > Kettles']);
  });

  test('cannot be deleted while a label points at it', async () => {
    await t.label('kettle', 'Home');
    await expect(t.owner.rows('delete from categories')).rejects.toMatchObject({ code: '23503' });
  });

  test('needs a parent that exists', async () => {
    await expect(
      t.owner.rows(
        `insert into categories (parent_id, name, path_ids, level, l1) values (99, 'x', '{}', 0, 0)`,
      ),
    ).rejects.toMatchObject({ code: '23503' });
  });
});

describe('set_tree_levels', () => {
  test.each([
    ['1,2,deepest', ['a', 'b', 'e']],
    ['1,2,3', ['a', 'b', 'c']],
    ['1,3,5', ['a', 'c', 'e']],
    ['2,3,4', ['b', 'c', 'd']],
    ['1,4,deepest', ['a', 'd', 'e']],
    ['1,5,deepest', ['a', 'e', null]],
    ['1,2,9', ['a', 'b', null]],
  ])('%s chooses %j of a > b > c > d > e', async (levels, [l1, l2, l3]) => {
    await t.category('a > b > c > d > e');
    await t.owner.rows('select set_tree_levels($1)', levels);
    expect((await paths()).at(-1)).toMatchObject({ l1, l2, l3 });
    expect((await paths())[0]).toMatchObject({ l1: 'a', l2: null, l3: null }); // l1 is never missing
    await t.category('a > b > c > d > e > f'); // made afterwards: the same rule
    expect((await paths()).at(-1)).toMatchObject({ l1 });
  });

  test('flat and two-level trees', async () => {
    await t.category('Books');
    await t.category('Food > Tea');
    expect(await paths()).toEqual([
      { path: 'Books', level: 1, l1: 'Books', l2: null, l3: null },
      { path: 'Food', level: 1, l1: 'Food', l2: null, l3: null },
      { path: 'Food > Tea', level: 2, l1: 'Food', l2: 'Tea', l3: null },
    ]);
  });

  test('moves the answers of products along, category_id stays the deepest', async () => {
    const deepest = await t.label('x', 'a > b > c > d');
    const { product_id } = await t.insert('x');
    await t.owner.rows(`select set_tree_levels('1,2,3')`);
    const c = await t.owner.value(`select category_id from categories where name = 'c'`);
    expect(await t.product(product_id)).toMatchObject({ category_id: deepest, l3: c });
    expect(await t.insert('X')).toMatchObject({ category_id: deepest, l3: c });
  });

  test.each(['1,2', '2,1,3', '1,2,2', '0,1,2', '1,2,deep', '1,2,3,4', '', 'deepest,2,3'])(
    'refuses %j',
    async (levels) => {
      await expect(t.owner.rows('select set_tree_levels($1)', levels)).rejects.toThrow(
        'is not a choice of tree levels',
      );
    },
  );
});

test('categories_readable shows each category with its path, and whether it is in use', async () => {
  const kettles = await t.category('Home > Kitchen > Kettles');
  const pans = await t.category('Home > Pans');
  await t.owner.rows('select retire_category($1)', pans);
  expect(
    await t.owner.rows(
      'select path, l1, l2, l3, level, in_use from categories_readable where category_id = any ($1) order by category_id',
      [kettles, pans],
    ),
  ).toEqual([
    { path: 'Home > Kitchen > Kettles', l1: 'Home', l2: 'Kitchen', l3: 'Kettles', level: 3, in_use: true },
    { path: 'Home > Pans', l1: 'Home', l2: 'Pans', l3: null, level: 2, in_use: false },
  ]);
});
