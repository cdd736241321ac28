import { beforeEach, describe, expect, test } from 'vitest';
import { clearAttached, followAttached } from '../support/attached.ts';
import { taxonDatabase } from '../support/sql.ts';

const t = taxonDatabase();
const follow = () => followAttached(t);

beforeEach(async () => {
  await clearAttached(t);
  await t.owner.client.query(`
    create schema shop;
    create table shop.categories (id int primary key, parent_id int references shop.categories, name text);
    insert into shop.categories values (1, null, 'Home'), (2, 1, 'Kitchen'), (3, 2, 'Electric'), (4, 3, 'Kettles'), (5, 2, 'Mugs'), (6, null, 'Music');
    create table shop.goods (id bigint primary key, title text, category_id int, since timestamptz, path text, state text)`);
});

const attach = () =>
  t.owner.rows(
    `select * from attach('shop.goods', name => 'title', labels => 'category_id', labelled_at => 'since', categories => 'shop.categories')`,
  );
const labels = () =>
  t.owner.rows(
    `select l.name_key, c.external_id as category, l.source, l.labelled_at::date::text as since
       from labels l join categories c using (category_id) order by 1`,
  );
const rows = () =>
  t.owner.rows(
    'select id, state, source, category_external_id as category from taxon.shop_goods order by id',
  );

describe('categories of the shop', () => {
  test('as history leave no list of new entries in the index of similar look-up', async () => {
    await t.owner.rows(
      `insert into shop.goods (id, title, category_id) select i, 'kettle ' || i, 4 from generate_series(1, 20) i`,
    );
    await attach();
    await follow();
    expect(await t.owner.value('select count(*) from labels')).toBe(20);
    expect(await t.owner.value(`select gin_clean_pending_list('labels_trigrams')`)).toBe(0);
  });

  test('come with their ids, each node of a deep tree, and are followed', async () => {
    await attach();
    const tree = () =>
      t.owner.rows(
        `select external_id as id, category_path(category_id) as path from categories where retired_at is null order by external_id::int`,
      );
    expect(await tree()).toEqual([
      { id: '1', path: 'Home' },
      { id: '2', path: 'Home > Kitchen' },
      { id: '3', path: 'Home > Kitchen > Electric' },
      { id: '4', path: 'Home > Kitchen > Electric > Kettles' },
      { id: '5', path: 'Home > Kitchen > Mugs' },
      { id: '6', path: 'Music' },
    ]);
    await t.owner.rows(
      `update shop.categories set name = 'Cups' where id = 5; update shop.categories set parent_id = 1 where id = 3; insert into shop.categories values (7, 6, 'Violins')`,
    );
    expect(await t.owner.value('select follow_trees()')).toBe(3);
    expect((await tree()).map(({ path }) => path)).toEqual([
      'Home',
      'Home > Kitchen',
      'Home > Electric',
      'Home > Electric > Kettles',
      'Home > Kitchen > Cups',
      'Music',
      'Music > Violins',
    ]);
    await t.owner.rows(`insert into shop.categories values (8, 6, 'violins')`);
    expect(await t.owner.value('select follow_trees()')).toBe(0);
    expect(await t.owner.value(`select detail from health() where item = 'attached categories'`)).toContain(
      'of the same name below the same parent: 7 ("Violins"), 8 ("violins")',
    );
  });

  test('may stand in columns of other names, and are refused where they cannot be found', async () => {
    await t.owner.client.query(
      `create table shop.tree (cat int, up int, label text); insert into shop.tree values (1, 0, 'Home'), (2, 1, 'Kitchen')`,
    );
    await t.owner.rows(`select attach('shop.goods', categories => 'shop.tree(cat, up, label)')`);
    expect(
      await t.owner.value('select string_agg(external_id, $1 order by external_id) from categories', ','),
    ).toBe('1,2');
    await expect(t.owner.rows(`select attach('shop.goods', categories => 'shop.tree')`)).rejects.toThrow(
      'which columns of shop.tree hold id, parent and name? Not found: id, parent, name',
    );
    await expect(t.owner.rows(`select attach('shop.goods', categories => 'shop.none')`)).rejects.toThrow(
      'there is no such table',
    );
  });
});

describe('labels of the shop', () => {
  test('that are there at first are history, with their times, and answer at once', async () => {
    await t.owner.rows(`insert into shop.goods (id, title, category_id, since) values
      (1, 'Red kettle', 4, '2025-01-01'), (2, 'red kettle', 5, '2024-01-01'), (3, 'Mug', 5, null), (4, 'Violin', null, null),
      (5, 'RED KETTLE', null, null), (6, 'Vase', 99, null)`);
    await t.label('mug', 'Music', 'human');
    await attach();
    await follow();
    expect(await labels()).toEqual([
      { name_key: 'mug', category: '6', source: 'human', since: null },
      { name_key: 'red kettle', category: '4', source: 'import', since: '2025-01-01' },
    ]);
    expect(await rows()).toEqual([
      { id: 1, state: 'done', source: 'exact', category: '4' },
      { id: 2, state: 'done', source: 'exact', category: '4' },
      { id: 3, state: 'done', source: 'exact', category: '6' },
      { id: 4, state: 'pending', source: null, category: null },
      { id: 5, state: 'done', source: 'exact', category: '4' },
      { id: 6, state: 'pending', source: null, category: null },
    ]);
  });

  test('that the shop changes later are a person’s word, and correct other rows', async () => {
    await t.owner.rows(
      `insert into shop.goods (id, title, category_id) values (1, 'Kettle', 5), (2, 'kettle', 5), (3, 'Violin', null)`,
    );
    await attach();
    await follow();
    await t.owner.rows('update shop.goods set category_id = 4 where id = 1');
    await t.owner.rows('update shop.goods set category_id = 6 where id = 3');
    await follow();
    expect(await labels()).toMatchObject([
      { name_key: 'kettle', category: '4', source: 'human' },
      { name_key: 'violin', category: '6', source: 'human' },
    ]);
    expect(await rows()).toEqual([
      { id: 1, state: 'done', source: 'human', category: '4' },
      { id: 2, state: 'done', source: 'exact', category: '4' },
      { id: 3, state: 'done', source: 'human', category: '6' },
    ]);
  });

  test('of a category that comes later are history all the same', async () => {
    await t.owner.rows(`insert into shop.goods (id, title, category_id) values (1, 'Violin', 7)`);
    await attach();
    await follow();
    expect(await labels()).toEqual([]);
    await t.owner.rows(`insert into shop.categories values (7, 6, 'Violins')`);
    await t.owner.rows('select follow_trees()');
    await follow();
    expect(await labels()).toMatchObject([{ name_key: 'violin', category: '7', source: 'import' }]);
    expect(await rows()).toEqual([{ id: 1, state: 'done', source: 'exact', category: '7' }]);
  });

  test('what pgtaxon has answered and somebody has copied is no label', async () => {
    await t.owner.rows(`insert into shop.goods (id, title) values (1, 'Kettle')`);
    await attach();
    await follow();
    await t.owner.rows(
      `update products set state = 'done', source = 'local', category_id = c.category_id, l1 = c.l1 from categories c where c.external_id = '4'`,
    );
    await t.owner.rows('update shop.goods set category_id = 4');
    await follow();
    expect(await labels()).toEqual([]);
    await t.owner.rows('update shop.goods set category_id = 5');
    await follow();
    expect(await labels()).toMatchObject([{ category: '5', source: 'human' }]);
  });

  test('two tables share memory', async () => {
    await t.owner.client.query(
      `create table shop.offers (sku text primary key, title text); insert into shop.offers values ('a', 'KETTLE')`,
    );
    await t.owner.rows(`insert into shop.goods (id, title, category_id) values (1, 'Kettle', 4)`);
    await attach();
    await t.owner.rows(`select attach('shop.offers')`);
    await follow();
    expect(await t.owner.row('select name, source, path from taxon.shop_offers')).toEqual({
      name: 'KETTLE',
      source: 'exact',
      path: 'Home > Kitchen > Electric > Kettles',
    });
    await t.owner.rows(`select detach('shop.goods')`);
    expect(await labels()).toHaveLength(1);
    expect(await t.owner.value('select count(*) from products')).toBe(1);
  });

  test('go with the table where that is asked for, but those that others have', async () => {
    await t.owner.rows(
      `insert into shop.goods (id, title, category_id) values (1, 'Kettle', 4), (2, 'Mug', 5)`,
    );
    await t.owner.rows(`insert into products (name) values ('mug')`);
    await attach();
    await follow();
    expect(
      await t.owner.row(`select * from detach('shop.goods', forget_labels => true, preview => true) limit 1`),
    ).toEqual({ what: 'labels', removed: 1 });
    await t.owner.rows(`select detach('shop.goods', forget_labels => true)`);
    expect(await labels()).toMatchObject([{ name_key: 'mug' }]);
  });
});

describe('columns of the table', () => {
  test('get the answers, and say nothing back', async () => {
    await t.owner.rows(
      `insert into shop.goods (id, title, category_id) values (1, 'Kettle', 4), (2, 'Violin', null)`,
    );
    await attach();
    await t.owner.rows(`select attach('shop.goods', columns => '{"path": "path", "state": "state"}')`);
    await follow();
    const written = () => t.owner.rows('select id, path, state from shop.goods order by id');
    expect(await written()).toEqual([
      { id: 1, path: 'Home > Kitchen > Electric > Kettles', state: 'done' },
      { id: 2, path: null, state: null },
    ]);
    expect(await t.owner.value('select count(*) from attached_changes')).toBe(0);
    await t.owner.rows(
      `select confirm(product_id, (select category_id from categories where external_id = '6')) from taxon.shop_goods where id = 2`,
    );
    await follow();
    expect((await written())[1]).toEqual({ id: 2, path: 'Music', state: 'done' });
    await t.owner.rows(`select detach('shop.goods')`);
    expect((await written())[1]).toEqual({ id: 2, path: 'Music', state: 'done' });
    expect(await t.owner.rows(`select from pg_trigger where tgname like 'note\\_answers%'`)).toEqual([]);
  });

  test('a row that somebody holds gets its answer later, one that refuses is left', async () => {
    await t.owner.client.query(`alter table shop.goods add check (id <> 3 or state is null)`);
    await t.owner.rows(
      `insert into shop.goods (id, title, category_id) values (1, 'Kettle', 4), (2, 'Mug', 5), (3, 'Flute', 6)`,
    );
    await attach();
    await t.owner.rows(`select attach('shop.goods', columns => '{"state": "state"}')`);
    const other = await t.connect();
    await other.rows('begin');
    await other.rows('select from shop.goods where id = 2 for update');
    await follow();
    const written = () =>
      t.owner.value(`select string_agg(coalesce(state, '-'), ' ' order by id) from shop.goods`);
    expect(await written()).toBe('done - -');
    await other.rows('commit');
    await follow();
    expect(await written()).toBe('done done -');
    expect(await t.owner.value(`select detail from health() where detail like '%refused%'`)).toMatch(
      /^1 rows were refused, .* violates check constraint/,
    );
  });

  test.each([
    ['the one of the labels', { category_id: 'category_id' }, 'holds your own categories'],
    ['one of the name', { title: 'path' }, 'title is part of key, name or where'],
    ['one that is not there', { nothing: 'path' }, 'there is no column nothing'],
    ['what is no answer', { path: 'colour' }, '"colour" is no answer'],
  ])('%s is refused', async (_, columns, error) => {
    await attach();
    await expect(
      t.owner.rows(`select attach('shop.goods', columns => $1)`, JSON.stringify(columns)),
    ).rejects.toThrow(error);
  });
});

describe('rights', () => {
  test('the table’s owner attaches it, and is told what the schema’s owner needs', async () => {
    const admin = await t.superuser();
    await admin.client.query(`drop role if exists shopkeeper; create role shopkeeper login in role taxon_admin;
      create schema theirs authorization shopkeeper; set role shopkeeper;
      create table theirs.goods (id int primary key, title text, note text); insert into theirs.goods values (1, 'Kettle'); reset role`);
    try {
      const keeper = await t.connect('shopkeeper');
      const attach = (more = '') => keeper.rows(`select taxon.attach('theirs.goods'${more})`);
      await expect(attach()).rejects.toThrow('owner may not read theirs.goods');
      await keeper.rows(
        'grant usage on schema theirs to owner; grant select, update on theirs.goods to owner',
      );
      await expect(attach(`, columns => '{"note": "path"}'`)).rejects.toThrow(
        'would run with the rights of owner',
      );
      await keeper.rows(`create function theirs.own(text) returns text language sql immutable return $1`);
      await expect(attach(`, name => 'theirs.own(title)'`)).rejects.toThrow(
        /would run with the rights|permission denied/,
      );
      await attach();
      await follow();
      expect(await keeper.rows('select name from taxon.theirs_goods')).toEqual([{ name: 'Kettle' }]);
      await expect(t.owner.rows(`select detach('theirs.goods')`)).rejects.toThrow('must be owner');
      await expect(keeper.rows(`select taxon.attach('shop.goods')`)).rejects.toThrow(
        /must be owner|permission denied/,
      );
      await keeper.rows('alter table theirs.goods enable row level security');
      await keeper.rows('insert into theirs.goods values (2, $1)', 'Mug');
      await follow();
      // nothing is taken for gone that is only hidden
      expect(await t.owner.row('select state, failure from attached_tables')).toEqual({
        state: 'stopped',
        failure: expect.stringContaining('row-level security'),
      });
      await keeper.rows('alter table theirs.goods disable row level security');
      await keeper.rows(`select taxon.detach('theirs.goods')`);
      await keeper.close();
    } finally {
      await admin.client.query('drop schema theirs cascade; drop owned by shopkeeper; drop role shopkeeper');
    }
  });
});
