import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Database, openDatabase } from '../../src/database/connection/open.ts';
import { importLabels } from '../../src/import/labels.ts';
import { readRows } from '../../src/import/read.ts';
import { taxonDatabase } from '../support/sql.ts';
import { failure, fileWith, given } from './files.ts';

const taxon = taxonDatabase();
let db: Database;
beforeAll(() => {
  db = openDatabase(taxon.database.url, { schema: 'taxon', poolSize: 3 });
});
afterAll(() => db.close());

/** A product of this name, as people read it. */
async function readable(name: string): Promise<Record<string, unknown>> {
  await taxon.insert(name);
  return taxon.owner.row(
    'select l1, l2, l3, path, category_external_id from products_readable where name = $1',
    name,
  );
}

describe('depth', () => {
  test('a deeper tree keeps every node; l3 is the deepest', async () => {
    const file = fileWith('deep.csv', 'name,path\nA,a > b > c > d\nB,a > b > c\nC,a\n');
    expect(await importLabels(db, readRows(file))).toMatchObject({ categories: 4 });
    expect(await readable('A')).toMatchObject({ l1: 'a', l2: 'b', l3: 'd', path: 'a > b > c > d' });
    expect(await readable('B')).toMatchObject({ l1: 'a', l2: 'b', l3: 'c', path: 'a > b > c' });
    expect(await readable('C')).toMatchObject({ l1: 'a', l2: null, l3: null, path: 'a' });
  });

  test('treeLevels chooses which nodes are l1, l2 and l3; the category stays the deepest', async () => {
    await importLabels(db, given(['A', 'a > b > c > d > e']), { treeLevels: '1,3,4' });
    expect(await readable('A')).toMatchObject({ l1: 'a', l2: 'c', l3: 'd', path: 'a > b > c > d > e' });
  });

  test('treeLevels moves what is there already', async () => {
    await importLabels(db, given(['A', 'a > b > c > d']));
    await readable('A');
    await importLabels(db, given(['B', 'a > b']), { treeLevels: '2,3,deepest' });
    expect(await taxon.owner.rows('select name, l1, l2, l3 from products_readable')).toEqual([
      { name: 'A', l1: 'b', l2: 'c', l3: 'd' },
    ]);
  });

  test('treeLevels that cannot be are refused before anything is read', async () => {
    let read = false;
    async function* rows() {
      read = true;
      yield* given(['A', 'a']);
    }
    const error = await failure(importLabels(db, rows(), { treeLevels: '3,2,1' }));
    expect(error.message).toBe('"3,2,1" is not a choice of tree levels');
    expect(error.hint).toContain('1,2,deepest');
    expect(read).toBe(false);
  });

  test('treeLevels stay as they were when the import fails', async () => {
    const file = fileWith('bad.csv', 'name,path\nA,a > b\nB,\n');
    await failure(importLabels(db, readRows(file), { treeLevels: '1,3,4' }));
    expect(await taxon.owner.value(`select setting('tree_levels')`)).toBe('1,2,deepest');
  });

  test('a flat and a two-level tree', async () => {
    await importLabels(db, readRows(fileWith('flat.csv', 'name,l1\nA,a\n')));
    await importLabels(db, readRows(fileWith('two.csv', 'name,l1,l2\nB,a,b\n')));
    expect(await readable('A')).toMatchObject({ l1: 'a', l2: null, l3: null });
    expect(await readable('B')).toMatchObject({ l1: 'a', l2: 'b', l3: null });
  });

  test('the same name below different parents is another category', async () => {
    expect(await importLabels(db, given(['A', 'a > other'], ['B', 'b > other']))).toMatchObject({
      categories: 4,
    });
  });
});

describe('the shop’s own ids of categories', () => {
  test('are kept and given back', async () => {
    const file = fileWith('ids.csv', 'name,l1,l2,category_external_id\nA,a,b,17\nB,a,,1\nC,a,c,\n');
    await importLabels(db, readRows(file));
    expect(await readable('A')).toMatchObject({ path: 'a > b', category_external_id: '17' });
    expect(await readable('B')).toMatchObject({ path: 'a', category_external_id: '1' });
    expect(await readable('C')).toMatchObject({ path: 'a > c', category_external_id: null });
  });

  test('come as external_id too; a new id of a category replaces the old one, none leaves it', async () => {
    await importLabels(db, readRows(fileWith('old.csv', 'name,l1,external_id\nA,a,old\n')));
    await importLabels(db, given(['B', 'a', null, 'new'], ['C', 'a']));
    expect(await readable('A')).toMatchObject({ category_external_id: 'new' });
  });

  test('two ids of one category are refused', async () => {
    const error = await failure(
      importLabels(db, given(['A', 'a > b', null, '1'], ['B', 'a > b'], ['C', 'a > b', null, '2'])),
    );
    expect(error.message).toBe('the category "a > b" comes with more than one id: 1, 2 (lines 2 to 4)');
    expect(error.hint).toContain('deepest category');
    expect(await taxon.owner.value('select count(*) from categories')).toBe(0);
  });

  test('one id of two categories is refused', async () => {
    const error = await failure(importLabels(db, given(['A', 'a', null, '1'], ['B', 'b', null, '1'])));
    expect(error.message).toBe('the category id "1" stands for "a" (line 2) and for "b" (line 3)');
  });
});
