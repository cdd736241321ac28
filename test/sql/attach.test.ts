import { beforeEach, describe, expect, test } from 'vitest';
import { clearAttached, followAttached } from '../support/attached.ts';
import { taxonDatabase } from '../support/sql.ts';

const t = taxonDatabase();

const follow = () => followAttached(t);

const answers = (view = 'shop_goods') =>
  t.owner.rows(`select * from (select id, name, state, source, path from taxon.${view}) v order by id::text`);

beforeEach(async () => {
  await clearAttached(t);
  await t.owner.client.query(`
    create schema shop;
    create table shop.goods (id bigint primary key, title text, price numeric, category_id int, active boolean default true)`);
});

describe('a table that is attached', () => {
  test('has its rows taken in, those that come later too, and its answers in a view by its own key', async () => {
    await t.label('red kettle', 'Home > Kettles');
    await t.owner.rows(`insert into shop.goods (id, title) values (1, 'Red kettle'), (2, 'Blue mug')`);
    expect(await t.owner.row(`select * from attach('shop.goods', name => 'title')`)).toEqual({
      view_name: 'shop_goods',
      state: 'backfilling',
      rows_about: 2,
      note: 'a sidecar takes its rows in, newest first; select * from attached_tables shows how far it is',
    });
    await follow();
    await t.owner.rows(`insert into shop.goods (id, title) values (3, 'red KETTLE'), (4, '')`);
    await follow();
    expect(await answers()).toEqual([
      { id: 1, name: 'Red kettle', state: 'done', source: 'exact', path: 'Home > Kettles' },
      { id: 2, name: 'Blue mug', state: 'pending', source: null, path: null },
      { id: 3, name: 'red KETTLE', state: 'done', source: 'exact', path: 'Home > Kettles' },
      { id: 4, name: '', state: 'failed', source: null, path: null },
    ]);
    expect(await t.owner.row('select table_name, key, name, state, waiting from attached_tables')).toEqual({
      table_name: 'shop.goods',
      key: 'id',
      name: 'title',
      state: 'following',
      waiting: 0,
    });
  });

  test('is followed: names, keys, deletes, truncates', async () => {
    await t.owner.rows(
      `insert into shop.goods (id, title) select i, 'name ' || i from generate_series(1, 5) i`,
    );
    await t.owner.rows(`select attach('shop.goods', name => 'title')`);
    await follow();
    const before = await t.owner.value(`select product_id from taxon.shop_goods where id = 2`);
    await t.owner.rows(`update shop.goods set title = 'another' where id = 2`);
    await t.owner.rows(`update shop.goods set id = 30 where id = 3`);
    await t.owner.rows('delete from shop.goods where id in (4, 5)');
    await t.owner.rows('update shop.goods set price = 7');
    expect(await t.owner.value('select count(*) from attached_changes')).toBe(5);
    await follow();
    expect((await answers()).map(({ id, name }) => [id, name])).toEqual([
      [1, 'name 1'],
      [2, 'another'],
      [30, 'name 3'],
    ]);
    expect(await t.owner.value(`select product_id from taxon.shop_goods where id = 2`)).toBe(before);
    await t.owner.rows('truncate shop.goods');
    await t.owner.rows(`insert into shop.goods (id, title) values (9, 'new')`);
    await follow();
    expect((await answers()).map(({ id }) => id)).toEqual([9]);
    expect(await t.owner.value('select count(*) from products')).toBe(1);
  });

  test('is let go without a trace', async () => {
    await t.owner.rows(`insert into shop.goods (id, title) values (1, 'Red kettle')`);
    await t.owner.rows(`insert into products (name) values ('mine')`);
    await t.owner.rows(`select attach('shop.goods', name => 'title')`);
    await follow();
    expect(await t.owner.rows(`select * from detach('shop.goods', preview => true)`)).toEqual([
      { what: 'rows of products', removed: 1 },
      { what: 'view shop_goods', removed: 1 },
      { what: 'triggers', removed: 4 },
    ]);
    await t.owner.rows(`select * from detach('shop.goods')`);
    expect(await t.owner.rows('select name from products')).toEqual([{ name: 'mine' }]);
    expect(await t.owner.rows(`select from pg_trigger where tgrelid = 'shop.goods'::regclass`)).toEqual([]);
    expect(await t.owner.rows('select from attachments union all select from attached_changes')).toEqual([]);
    expect(
      await t.owner.rows(
        `select relname from pg_class where relname ~ '^attached_\\d' union all select proname from pg_proc where proname ~ '^attached_\\d'`,
      ),
    ).toEqual([]);
  });
});

describe('keys', () => {
  test.each([
    [
      'uuid',
      'k uuid primary key',
      ["'2b1c0e64-0000-4000-8000-00000000000a'", "'2b1c0e64-0000-4000-8000-00000000000b'"],
    ],
    ['text', 'k text primary key', ["'a, b'", `'{"x"}'`]],
    ['text of another collation', 'k text collate "C" primary key', ["'ä'", "'z'"]],
    ['numeric', 'k numeric primary key', ['1.50', '20']],
    ['a time', 'k timestamptz primary key', ["'2026-03-29 01:30:00.25+02'", "'2026-01-01 00:00:00+00'"]],
  ])('of type %s are taken in, changed and removed', async (_, column, [one, two]) => {
    await t.owner.rows(`create table shop.things (${column}, title text)`);
    await t.owner.rows(`insert into shop.things values (${one}, 'first')`);
    await t.owner.rows(`select attach('shop.things')`);
    await follow();
    // what a session has set changes no key
    await t.owner.rows(`set datestyle = 'German'; set timezone = 'Asia/Tokyo'`);
    await t.owner.rows(`insert into shop.things values (${two}, 'second')`);
    await t.owner.rows(`update shop.things set title = 'other' where k = ${one}`);
    await t.owner.rows('reset datestyle; reset timezone');
    await follow();
    const found = `select name from taxon.shop_things where k = $1`;
    expect(await t.owner.rows(found.replace('$1', one as string))).toEqual([{ name: 'other' }]);
    expect(await t.owner.rows(found.replace('$1', two as string))).toEqual([{ name: 'second' }]);
    await t.owner.rows(`delete from shop.things where k = ${one}`);
    await follow();
    expect(await t.owner.rows('select name from taxon.shop_things')).toEqual([{ name: 'second' }]);
  });

  test('of several columns, in the order that is given', async () => {
    await t.owner.client.query(`create table shop.offers (shop_id int, sku text, "Day" date, title text, primary key (shop_id, sku, "Day"));
      insert into shop.offers select i % 3, 'sku "' || i || '", {}', date '2026-01-01' + i, 'offer ' || i from generate_series(1, 50) i`);
    await t.owner.rows(`select attach('shop.offers', key => 'sku, "Day", shop_id')`);
    await t.owner.rows(`select walk_attached(7)`);
    await follow();
    await t.owner.rows(`update shop.offers set title = 'new' where shop_id = 1 and sku like '%"4"%'`);
    await follow();
    expect(
      await t.owner.row(
        `select count(*), count(distinct product_id) as products, min("Day")::text as first, string_agg(sku, '') filter (where name = 'new') as new from taxon.shop_offers`,
      ),
    ).toEqual({ count: 50, products: 50, first: '2026-01-02', new: 'sku "4", {}' });
    expect(await t.owner.value('select external_id from products where name = $1', 'offer 5')).toBe(
      `{"sku \\"5\\", {}",2026-01-06,2}`,
    );
  });

  test('of a column whose name is an attack are a name and nothing else', async () => {
    const attack = `$body$"; '); drop table shop.goods; -- %1$s $make$`;
    const quoted = `"${attack.replaceAll('"', '""')}"`;
    await t.owner.rows(`create table shop.odd (${quoted} int primary key, "na me %s" text)`);
    await t.owner.rows(`insert into shop.odd values (1, 'one')`);
    await t.owner.rows(`select attach('shop.odd', key => $1, name => '"na me %s"')`, quoted);
    await t.owner.rows(`insert into shop.odd values (2, 'two')`);
    await follow();
    expect(await t.owner.rows(`select ${quoted} as id, name from taxon.shop_odd order by 1`)).toEqual([
      { id: 1, name: 'one' },
      { id: 2, name: 'two' },
    ]);
    expect(await t.owner.value(`select to_regclass('shop.goods') is not null`)).toBe(true);
  });

  test.each([
    ['no key', 'a int, title text', {}, 'has no primary key'],
    ['a key without an index', 'a int not null, title text', { key: 'a' }, 'no unique index'],
    ['a key that may be NULL', 'a int unique, title text', { key: 'a' }, 'a may be NULL'],
    ['no such column', 'a int primary key, title text', { key: 'b' }, 'there is no column b'],
    ['a type without order', 'a jsonb primary key, title text', {}, 'a is of type jsonb'],
  ])(
    'are refused where they tell nothing apart: %s',
    async (_, columns, { key }: { key?: string }, error) => {
      await t.owner.rows(`create table shop.things (${columns})`);
      await expect(t.owner.rows(`select attach('shop.things', key => $1)`, key ?? null)).rejects.toThrow(
        error,
      );
    },
  );
});

describe('what is read of a row', () => {
  test('may be an expression over several columns, of those rows that count', async () => {
    await t.owner.rows('alter table shop.goods add brand text');
    await t.owner.rows(
      `insert into shop.goods (id, brand, title, active) values (1, 'Bosch', 'kettle', true), (2, 'Bosch', 'mug', false)`,
    );
    await t.owner.rows(
      `select attach('shop.goods', name => 'concat_ws('' '', brand, nullif(btrim(title), ''''))', "where" => 'active and price is null')`,
    );
    await follow();
    expect((await answers()).map(({ id, name }) => [id, name])).toEqual([[1, 'Bosch kettle']]);
    await t.owner.rows(`update shop.goods set active = not active`);
    await follow();
    expect((await answers()).map(({ id, name }) => [id, name])).toEqual([[2, 'Bosch mug']]);
    await t.owner.rows(`update shop.goods set brand = 'Kasta' where id = 2`);
    await follow();
    expect((await answers()).map(({ name }) => name)).toEqual(['Kasta mug']);
    // called again it changes what is given
    await t.owner.rows(`select attach('shop.goods', "where" => '')`);
    await follow();
    expect((await answers()).map(({ id, name }) => [id, name])).toEqual([
      [1, 'Bosch kettle'],
      [2, 'Kasta mug'],
    ]);
  });

  test.each([
    ['(select rolname from pg_authid limit 1)', /permission denied|one row's own columns/],
    ['max(title)', /one row's own columns|aggregate/],
    ['title; drop table shop.goods', 'one expression, without a semicolon'],
    ['title) from shop.goods x union all select (title', /cannot be read|one row's own columns/],
    ['titel', 'column "titel" does not exist'],
    ['generate_series(1, 2)', "one row's own columns"],
  ])('is refused where it is more than that: %s', async (name, error) => {
    await expect(t.owner.rows(`select attach('shop.goods', name => $1)`, name)).rejects.toThrow(error);
    expect(await t.owner.rows(`select from pg_class where relname = 'attach_probe'`)).toEqual([]);
  });
});

describe('partitioned tables', () => {
  test('are followed in all partitions, one that comes later and one that is truncated alone too', async () => {
    await t.owner.client.query(`create table shop.sales (id bigint, day date, title text, primary key (id, day)) partition by range (day);
      create table shop.sales_1 partition of shop.sales for values from ('2026-01-01') to ('2026-02-01');
      create table shop.sales_2 partition of shop.sales for values from ('2026-02-01') to ('2026-03-01');
      insert into shop.sales values (1, '2026-01-05', 'one'), (2, '2026-02-05', 'two')`);
    await t.owner.rows(`select attach('shop.sales')`);
    await follow();
    const ids = async () =>
      (await t.owner.rows<{ id: number }>('select id from taxon.shop_sales order by id')).map(({ id }) => id);
    await t.owner.client.query(`create table shop.sales_3 partition of shop.sales for values from ('2026-03-01') to ('2026-04-01');
      insert into shop.sales values (3, '2026-03-05', 'three'); insert into shop.sales_1 values (4, '2026-01-06', 'four');
      update shop.sales set day = '2026-03-07' where id = 2`);
    await follow();
    expect(await ids()).toEqual([1, 2, 3, 4]);
    await t.owner.rows('truncate shop.sales_1');
    await follow();
    expect(await ids()).toEqual([2, 3]);
    await t.owner.rows('alter table shop.sales detach partition shop.sales_3');
    await t.owner.rows(`select sweep_attached('shop.sales')`);
    await follow();
    expect(await ids()).toEqual([]);
    await t.owner.rows(`select detach('shop.sales')`);
    expect(await t.owner.rows(`select from pg_trigger where tgname like 'taxon\\_attached%'`)).toEqual([]);
  });

  test('a partition, a view and a table with rules are refused', async () => {
    await t.owner.client.query(`create table shop.sales (id bigint primary key, title text) partition by range (id);
      create table shop.sales_1 partition of shop.sales default;
      create view shop.seen as select * from shop.goods;
      create table shop.ruled (id bigint primary key, title text);
      create rule nothing as on delete to shop.ruled do instead nothing`);
    for (const [table, why] of [
      ['sales_1', 'it is a partition; attach the whole table: shop.sales'],
      ['seen', 'it is no table'],
      ['ruled', 'it has rules'],
    ])
      await expect(t.owner.rows(`select attach('shop.${table}')`)).rejects.toThrow(why);
  });
});
