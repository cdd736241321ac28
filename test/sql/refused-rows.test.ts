import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { until } from '../support/processes.ts';
import { type Session, taxonDatabase } from '../support/sql.ts';

/** What a person decides is done although a trigger of the application refuses one row, and in no circle with its locks. */
const t = taxonDatabase();
let admin: Session;
let application: Session;
let home: number;
let food: number;

beforeEach(async () => {
  admin ??= await t.superuser();
  application ??= await t.connect(undefined, 'taxon, taxon_internal, extensions, public');
  home = await t.category('Home > Mugs');
  food = await t.category('Food > Tea');
});
afterEach(async () => {
  await admin.rows('drop trigger if exists refuse on taxon.products');
});

async function refuses(name: string): Promise<void> {
  await admin.rows(
    `create or replace function public.refuse() returns trigger language plpgsql as $$ begin raise exception 'not this one'; end $$`,
  );
  await admin.rows(
    `create trigger refuse before update on taxon.products for each row when (new.name = '${name}') execute function public.refuse()`,
  );
}
/** Rows that memory answered. */
async function answered(...names: string[]): Promise<void> {
  await t.label(names[0] as string, 'Home > Mugs');
  await t.insertAll(...names);
}
const rows = () =>
  t.owner.rows<{ name: string; id: number | null }>(
    'select name, category_id as id from products order by product_id',
  );

describe('one row that refuses', () => {
  test('keeps its answer when a person corrects the name; label and other rows are as he says', async () => {
    await answered('mug', 'MUG', 'Mug');
    await refuses('MUG');
    expect(await t.owner.row('select corrected from confirm(1, $1)', food)).toEqual({ corrected: 2 });
    expect(await rows()).toEqual([
      { name: 'mug', id: food },
      { name: 'MUG', id: home },
      { name: 'Mug', id: food },
    ]);
    expect(await t.owner.value('select count(*) from product_changes')).toBe(2);
    expect(await t.owner.value('select source from labels')).toBe('human');
  });

  test('keeps its answer when it is rejected; the others are asked again', async () => {
    await answered('mug', 'MUG');
    await refuses('MUG');
    expect(await t.owner.row('select asked_again from reject(1)')).toEqual({ asked_again: 1 });
    expect(await rows()).toEqual([
      { name: 'mug', id: null },
      { name: 'MUG', id: home },
    ]);
  });

  test('does not follow the taxonomy before it may; the others do at once', async () => {
    await answered('mug', 'MUG', 'Mug');
    await refuses('MUG');
    await t.owner.rows('select merge_categories(array[$1::bigint], $2)', home, food);
    expect((await rows()).map((row) => row.id)).toEqual([food, home, food]);
    expect(await t.owner.value('select mend_taxonomy()')).toBe(0);
    await admin.rows('drop trigger refuse on taxon.products');
    expect(await t.owner.value('select mend_taxonomy()')).toBe(1);
    expect((await rows()).map((row) => row.id)).toEqual([food, food, food]);
  });

  test('stays failed when dead letters are tried again; the others wait anew', async () => {
    await t.insertAll('mug', 'MUG');
    await t.claim('one');
    await t.owner.rows(`update queue set attempts = 5`);
    await t.owner.rows(`select give_back('one', '{mug}', 'local', 'broke')`);
    await refuses('MUG');
    expect(await t.owner.value('select products from decide_again(failed => true)')).toBe(1);
    expect(await t.owner.rows('select name, state from products order by product_id')).toEqual([
      { name: 'mug', state: 'pending' },
      { name: 'MUG', state: 'failed' },
    ]);
    expect(await t.queued()).toEqual(['mug']);
  });
});

describe('a person and an application that write the same rows', () => {
  test.each([
    ['confirm', () => t.owner.rows('select confirm(1, $1)', food)],
    ['forget', () => t.owner.rows(`select forget('mug')`)],
  ])('in another order: %s waits without holding one', async (_what, decide) => {
    await answered('mug', 'MUG');
    await application.rows('begin');
    await application.rows(`update products set external_id = 'x' where name = 'MUG'`);
    const decided = decide();
    await until(
      () =>
        admin.value<boolean>(
          `select exists (select from pg_stat_activity where datname = current_database() and state = 'active' and query ~ '^select (confirm|forget)')`,
        ),
      (waits) => waits,
    );
    await application.rows(`update products set external_id = 'x' where name = 'mug'`);
    await application.rows('commit');
    await decided;
    expect((await rows()).every((row) => row.id === food)).toBe(true);
  });

  test('for longer than 10 s: the person is told who', async () => {
    await answered('mug');
    await application.rows('begin');
    await application.rows(`update products set external_id = 'x'`);
    const pid = await application.value<number>('select pg_backend_pid()');
    await expect(t.owner.rows('select confirm(1, $1)', food)).rejects.toMatchObject({
      code: '55P03',
      detail: expect.stringContaining(`pid ${pid}`),
    });
    await application.rows('rollback');
  });
});
