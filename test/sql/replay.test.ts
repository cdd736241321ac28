import { expect, test } from 'vitest';
import { taxonDatabase } from '../support/sql.ts';

const t = taxonDatabase();

/** Gives a name a label as of a day, and moves the moment of its row there. */
async function labelOn(day: string, name: string, path: string): Promise<void> {
  await t.label(name, path);
  await t.owner.rows('update labels set created_at = $1 where name_key = $2', day, name);
}

/** Changes a label as of a day. */
async function changeOn(day: string, name: string, path: string): Promise<void> {
  await t.owner.rows('update labels set category_id = $1 where name_key = $2', await t.category(path), name);
  await t.owner.rows(
    'update label_changes set changed_at = $1 where change_id = (select max(change_id) from label_changes)',
    day,
  );
}

const memoryAt = async (day: string) =>
  Object.fromEntries(
    (
      await t.owner.rows<{ name_key: string; path: string }>(
        'select name_key, category_path(category_id) as path from memory_at($1)',
        day,
      )
    ).map((row) => [row.name_key, row.path]),
  );

test('memory_at: what was there by then, as it was then', async () => {
  await labelOn('2026-01-10', 'kettle', 'a');
  await changeOn('2026-02-10', 'kettle', 'b');
  await changeOn('2026-03-10', 'kettle', 'c');
  await labelOn('2026-02-15', 'cup', 'a');
  expect(await memoryAt('2026-01-10')).toEqual({});
  expect(await memoryAt('2026-02-01')).toEqual({ kettle: 'a' });
  expect(await memoryAt('2026-03-01')).toEqual({ kettle: 'b', cup: 'a' });
  expect(await memoryAt('2026-04-01')).toEqual({ kettle: 'c', cup: 'a' });
});

test('memory_at: an imported history goes by labelled_at, and corrections of it are no past', async () => {
  await t.label('kettle', 'wrong');
  await t.owner.rows(`update labels set labelled_at = '2020-01-10'`);
  await t.owner.rows('update labels set category_id = $1', await t.category('right'));
  expect(await memoryAt('2020-01-01')).toEqual({});
  expect(await memoryAt('2020-02-01')).toEqual({ kettle: 'right' });
});

test('repeats_by: rows inserted after their label, and those that got another category than memory holds', async () => {
  await labelOn('2026-01-10', 'kettle', 'a');
  await changeOn('2026-03-10', 'kettle', 'b');
  await t.owner.rows(
    `insert into products (name, created_at)
       select n, d::timestamptz from (values ('Kettle', '2026-01-09'), ('Kettle', '2026-01-31 23:59Z'), ('KETTLE', '2026-03-02'),
         ('kettle', '2026-03-20'), ('unknown', '2026-03-20')) v(n, d)`,
  );
  const periods = (unit: string) =>
    t.owner.rows(
      `select to_char(period at time zone 'UTC', 'YYYY-MM-DD') as period, repeats, changed from repeats_by($1) order by 1`,
      unit,
    );
  expect(await periods('month')).toEqual([
    { period: '2026-01-01', repeats: 1, changed: 1 },
    { period: '2026-03-01', repeats: 2, changed: 1 },
  ]);
  expect((await periods('week')).map((row) => row.period)).toEqual([
    '2026-01-26',
    '2026-03-02',
    '2026-03-16',
  ]);
});
