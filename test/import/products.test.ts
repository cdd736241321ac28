import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Database, openDatabase } from '../../src/database/connection/open.ts';
import { importProducts } from '../../src/import/products.ts';
import { readRows } from '../../src/import/read.ts';
import { taxonDatabase } from '../support/sql.ts';
import { failure, fileWith } from './files.ts';

const taxon = taxonDatabase();
const config = { schema: 'taxon', poolSize: 2 };
let db: Database;
beforeAll(() => {
  db = openDatabase(taxon.database.url, config);
});
afterAll(() => db.close());

test('rows are routed as an INSERT is: known names at once, others queued once a name', async () => {
  await taxon.insert('from before');
  await taxon.label('Kettle', 'home > kitchen');
  const file = fileWith('new.tsv', 'external_id\tname\n1\tKETTLE \n2\tnew thing\n3\tNew  Thing\n4\t \n');
  expect(await importProducts(db, readRows(file, { as: 'products' }))).toEqual({
    rows: 4,
    done: 1,
    pending: 2,
    failed: 1,
  });
  expect(
    await taxon.owner.rows(
      `select external_id, name, state, source from products where name <> 'from before' order by 1`,
    ),
  ).toEqual([
    { external_id: '1', name: 'KETTLE ', state: 'done', source: 'exact' },
    { external_id: '2', name: 'new thing', state: 'pending', source: null },
    { external_id: '3', name: 'New  Thing', state: 'pending', source: null },
    { external_id: '4', name: ' ', state: 'failed', source: null },
  ]);
  expect(await taxon.queued()).toEqual(['from before', 'new thing']);
});

test('a bad line imports nothing', async () => {
  const file = fileWith('bad.csv', `external_id,name\n${'1,A\n'.repeat(20_000)}2,B,C\n`);
  const error = await failure(importProducts(db, readRows(file, { as: 'products' })));
  expect(error.message).toBe(`${file}, line 20002: 3 fields where the header has 2: 2 | B | C`);
  expect(await taxon.owner.value('select count(*) from products')).toBe(0);
  expect(await taxon.queued()).toEqual([]);
});

test('an application’s login can do it', async () => {
  const writer = openDatabase(await taxon.database.urlFor('taxon_writer'), config);
  try {
    const file = fileWith('one.csv', 'name\nA\n');
    expect(await importProducts(writer, readRows(file, { as: 'products' }))).toMatchObject({
      rows: 1,
      pending: 1,
    });
  } finally {
    await writer.close();
  }
});
