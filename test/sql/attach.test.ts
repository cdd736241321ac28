import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { taxonDatabase } from '../support/sql.ts';

const t = taxonDatabase();

/** As a sidecar does: changes, then pages, until nothing is due. */
async function follow(): Promise<void> {
  for (let n = 1; n > 0; )
    n = await t.owner.value<number>('select take_in_attached() + write_answers() + walk_attached()');
}

const answers = (view = 'shop_goods') =>
  t.owner.rows(`select * from (select id, name, state, source, path from taxon.${view}) v order by id::text`);

beforeEach(async () => {
  await t.owner.rows('create schema shop');
  await t.owner.rows(
    'create table shop.goods (id bigint primary key, title text, price numeric, category_id int, active boolean default true)',
  );
});

afterEach(async () => {
  const admin = await t.superuser();
  await admin.rows('drop schema if exists shop cascade');
  await admin.rows(`do $$ declare o text; begin
    for o in select format('drop %s %s cascade', case relkind when 'v' then 'view' else 'table' end, oid::regclass) from pg_class
      where relnamespace in ('taxon'::regnamespace, 'taxon_internal'::regnamespace) and (relname like 'shop\\_%' or relname ~ '^attached_\\d+$') and relkind in ('v', 'r')
    loop execute o; end loop;
    for o in select format('drop function %s cascade', oid::regprocedure) from pg_proc where proname ~ '^attached_\\d+_note$'
    loop execute o; end loop; end $$`);
});

describe('a table that is attached', () => {
  test('has its rows taken in, those that come later too, and its answers in a view by its own key', async () => {
    await t.label('red kettle', 'Home > Kettles');
    await t.owner.rows(`insert into shop.goods (id, title) values (1, 'Red kettle'), (2, 'Blue mug')`);
    expect(await t.owner.row(`select * from attach('shop.goods', name => 'title')`)).toEqual({
      view_name: 'shop_goods',
      state: 'backfilling',
      rows_about: null,
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
    expect(
      await t.owner.row(
        'select table_name, key, name, state, waiting from attached_tables',
      ),
    ).toEqual({ table_name: 'shop.goods', key: 'id', name: 'title', state: 'following', waiting: 0 });
  });

  test('is followed: names, keys, deletes, truncates', async () => {
    await t.owner.rows(`insert into shop.goods (id, title) select i, 'name ' || i from generate_series(1, 5) i`);
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
      await t.owner.rows(`select relname from pg_class where relname ~ '^attached_\\d' union all select proname from pg_proc where proname ~ '^attached_\\d'`),
    ).toEqual([]);
  });
});
