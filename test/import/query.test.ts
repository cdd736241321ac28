import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Database, openDatabase } from '../../src/database/connection/open.ts';
import { importLabels } from '../../src/import/labels.ts';
import { importProducts } from '../../src/import/products.ts';
import { queryRows } from '../../src/import/read.ts';
import { taxonDatabase } from '../support/sql.ts';
import { collect, failure } from './files.ts';

const taxon = taxonDatabase();
let db: Database;
beforeAll(async () => {
  db = openDatabase(taxon.database.url, { schema: 'taxon', poolSize: 1 });
  await taxon.owner.rows('create schema shop');
  await taxon.owner.rows('create table shop.categories (id int primary key, parent int, name text)');
  await taxon.owner.rows(
    'create table shop.order_products (id int primary key, title text, category_id int)',
  );
  await taxon.owner.rows(
    `insert into shop.categories values (1, null, 'Home'), (2, 1, 'Kitchen'), (3, 2, 'Kettles')`,
  );
  await taxon.owner.rows(`insert into shop.order_products values
    (1, 'Kettle 1,7 l', 3), (2, 'Line' || chr(10) || 'break "27"', 2), (3, 'Чайник', 3), (4, null, 3)`);
});
afterAll(() => db.close());

const joined = `
  with recursive tree as (
    select id, name as path from shop.categories where parent is null
    union all
    select c.id, t.path || ' > ' || c.name from shop.categories c join tree t on t.id = c.parent
  )
  select p.title as name, t.path, t.id as category_external_id
    from shop.order_products p join tree t on t.id = p.category_id`;

describe('labels from a query', () => {
  test('order_products joined with categories, with the shop’s own ids', async () => {
    const rows = queryRows(db, `${joined} where p.title is not null order by p.id -- all`);
    expect(await importLabels(db, rows, { source: 'llm' })).toMatchObject({
      rows: 3,
      added: 3,
      categories: 3,
    });
    await taxon.insert('чайник');
    await taxon.insert('line break "27"');
    expect(
      await taxon.owner.rows(
        'select name, path, category_external_id from products_readable order by product_id',
      ),
    ).toEqual([
      { name: 'чайник', path: 'Home > Kitchen > Kettles', category_external_id: '3' },
      { name: 'line break "27"', path: 'Home > Kitchen', category_external_id: '2' },
    ]);
  });

  test('a bad row is named by number and content', async () => {
    const error = await failure(importLabels(db, queryRows(db, `${joined} order by p.id`)));
    expect(error.message).toBe('--query, row 4: the name is empty:  | Home > Kitchen > Kettles | 3');
    expect(await taxon.owner.value('select count(*) from labels')).toBe(0);
  });

  test('columns that are missing', async () => {
    const error = await failure(collect(queryRows(db, 'select title from shop.order_products')));
    expect(error.message).toBe('--query: there is no column "name"; its header is: title');
  });

  test('no rows are no error', async () => {
    expect(await importLabels(db, queryRows(db, `${joined} where false;\n`))).toMatchObject({
      rows: 0,
      added: 0,
    });
  });

  test('many rows, read while others are written, on one pooled connection', async () => {
    const rows = queryRows(db, `select 'name ' || i as name, 'x' as l1 from generate_series(1, 30000) i`);
    expect(await importLabels(db, rows)).toMatchObject({ rows: 30_000, added: 30_000 });
  });

  test('given up half-way, its connection ends', async () => {
    for await (const row of queryRows(db, `select 'a' as name, 'x' as l1 from generate_series(1, 1000000)`)) {
      expect(row.line).toBe(1);
      break;
    }
    const open = () =>
      taxon.owner.value<number>(
        `select count(*) from pg_stat_activity where application_name = 'taxon import'`,
      );
    await expect.poll(open).toBe(0);
  });
});

describe('a query that cannot be', () => {
  test('an error is shown at its place', async () => {
    const error = await failure(
      collect(queryRows(db, 'select name,\n  pathh as path\nfrom shop.categories')),
    );
    expect(error.message).toBe(
      '--query, line 2, column 3: column "pathh" does not exist\n    pathh as path\n    ^',
    );
    expect(error.exitCode).toBe(2);
  });
  test.each([
    ['insert into taxon.products (name) values ($$x$$) returning name, name as l1', 'read-only transaction'],
    ['delete from taxon.products', 'COPY query must have a RETURNING clause'],
    ['select 1 as name, 2 as l1; select 2', 'syntax error'],
    [
      `select 'a' as name) to stdout; commit; insert into taxon.products (name) values ('x'); copy (select 'a' as name`,
      'cannot insert multiple commands',
    ],
    ['select 1) to stdout; set transaction read write; copy (select 1', 'cannot insert multiple commands'],
    ['', 'syntax error'],
  ])('%s', async (sql, says) => {
    expect((await failure(collect(queryRows(db, sql)))).message).toContain(says);
    expect(await taxon.owner.value('select count(*) from products')).toBe(0);
  });
});

test('a lost connection fails the import', async () => {
  const cut = async () =>
    taxon.owner.rows(
      `select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'taxon import'`,
    );
  async function* rows() {
    const all = queryRows(db, `select 'name ' || i as name, 'x' as l1 from generate_series(1, 500000) i`);
    for await (const row of all) {
      if (row.line === 1000) await cut();
      yield row;
    }
  }
  const error = await failure(importLabels(db, rows()));
  // the server's last words, or none, as the socket ends at the same moment
  expect(error.message).toMatch(/terminating connection|Connection terminated/);
  expect(await taxon.owner.value('select count(*) from labels')).toBe(0);
});

test('products from a query', async () => {
  const rows = queryRows(
    db,
    'select title as name, id as external_id from shop.order_products order by id',
    'products',
  );
  expect(await importProducts(db, rows)).toEqual({ rows: 4, done: 0, pending: 3, failed: 1 });
  expect(await taxon.owner.rows('select external_id, state from products order by product_id')).toEqual([
    { external_id: '1', state: 'pending' },
    { external_id: '2', state: 'pending' },
    { external_id: '3', state: 'pending' },
    { external_id: '4', state: 'failed' },
  ]);
});
