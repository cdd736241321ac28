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

describe('what triggers missed', () => {
  test('is found by a sweep: missing, changed, gone', async () => {
    await t.owner.rows(
      `insert into shop.goods (id, title) select i, 'name ' || i from generate_series(1, 20) i`,
    );
    await t.owner.rows(`select attach('shop.goods')`);
    await follow();
    await t.owner.rows('alter table shop.goods disable trigger user');
    await t.owner.rows(
      `delete from shop.goods where id in (1, 7, 20); update shop.goods set title = 'other' where id = 5; insert into shop.goods (id, title) values (21, 'new')`,
    );
    expect(
      await t.owner.row(`select status, value, detail from health() where item = 'attached table'`),
    ).toMatchObject({
      status: 'warn',
      value: 'shop.goods',
      detail: expect.stringContaining('triggers are switched off'),
    });
    await t.owner.rows('alter table shop.goods enable trigger user');
    await follow();
    expect(await answers()).toHaveLength(20);
    expect(await t.owner.value('select sweep_attached()')).toBe(1);
    await t.owner.value('select walk_attached(4)');
    expect(await t.owner.row('select state, seen from attached_tables')).toMatchObject({ state: 'sweeping' });
    for (let n = 1; n > 0; ) n = await t.owner.value('select walk_attached(4)');
    const rows = await answers();
    expect(rows).toHaveLength(18);
    expect(rows.filter(({ name }) => !/^name/.test(name as string)).map(({ id }) => id)).toEqual([21, 5]);
    expect(await t.owner.row('select state, found from attached_tables')).toEqual({
      state: 'following',
      found: 5,
    });
  });

  test('of a fault does not reach the shop, is counted, and is made good', async () => {
    await t.owner.rows(`select attach('shop.goods')`);
    await t.owner.rows('select walk_attached()');
    const before = await t.owner.value<number>(`select coalesce(pg_sequence_last_value('attach_faults'), 0)`);
    await t.owner.rows('alter table attached_changes rename to elsewhere');
    await t.owner.rows(`insert into shop.goods (id, title) values (1, 'missed'), (2, 'too')`);
    await t.owner.rows('alter table elsewhere rename to attached_changes');
    expect(await t.owner.value(`select coalesce(pg_sequence_last_value('attach_faults'), 0)`)).toBe(
      before + 1,
    );
    expect(
      await t.owner.row(`select status, detail from health() where item = 'attached triggers'`),
    ).toMatchObject({ status: 'warn', detail: expect.stringContaining('a sidecar sweeps') });
    expect(await t.owner.value('select sweep_after_faults()')).toBe(1);
    expect(await t.owner.value('select sweep_after_faults()')).toBe(0);
    await follow();
    expect((await answers()).map(({ name }) => name)).toEqual(['missed', 'too']);
    expect(await t.owner.value(`select status from health() where item = 'attached triggers'`)).toBe('ok');
  });

  test('a product that was removed by hand comes back', async () => {
    await t.owner.rows(`insert into shop.goods (id, title) values (1, 'one')`);
    await t.owner.rows(`select attach('shop.goods')`);
    await follow();
    await t.owner.rows('delete from products');
    await t.owner.rows('select sweep_attached()');
    await follow();
    expect((await answers()).map(({ name }) => name)).toEqual(['one']);
  });
});

describe('the backfill', () => {
  const fill = () =>
    t.owner.rows(`insert into shop.goods (id, title) select i, 'name ' || i from generate_series(1, 10) i`);
  const ids = async () => (await answers()).map(({ id }) => Number(id)).sort((a, b) => a - b);

  test.each([
    ['newest first', [7, 8, 9, 10]],
    ['oldest first', [1, 2, 3, 4]],
    ['none', []],
  ])('goes by the key, %s', async (order, first) => {
    await fill();
    await t.owner.rows(`select attach('shop.goods', backfill => $1)`, order);
    await t.owner.rows('select walk_attached(4)');
    expect(await ids()).toEqual(first);
    await t.owner.rows(`insert into shop.goods (id, title) values (11, 'later')`);
    await t.owner.rows('select sweep_attached()');
    await follow();
    expect(await ids()).toEqual(order === 'none' ? [11] : [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]);
  });

  test('is paused and goes on, and says how far it is', async () => {
    await fill();
    await t.owner.rows(`analyze shop.goods`);
    await t.owner.rows(`select attach('shop.goods')`);
    await t.owner.rows('select walk_attached(4)');
    expect(
      await t.owner.row(
        'select state, rows_about, seen, rate > 0 as rate, time_left is not null as left from attached_tables',
      ),
    ).toEqual({ state: 'backfilling', rows_about: 10, seen: 4, rate: true, left: true });
    await t.owner.rows(`select attach('shop.goods', backfill => 'paused')`);
    expect(await t.owner.value('select walk_attached(4)')).toBe(0);
    await t.owner.rows(`update shop.goods set title = 'changed' where id = 1`);
    await follow();
    // what changes is followed meanwhile
    expect(await ids()).toEqual([1, 7, 8, 9, 10]);
    expect(await t.owner.value('select state from attached_tables')).toBe('paused');
    await t.owner.rows(`select attach('shop.goods', backfill => 'newest first')`);
    await follow();
    expect(await ids()).toHaveLength(10);
    expect(await t.owner.value('select count(*) from products')).toBe(10);
  });
});
