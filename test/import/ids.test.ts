import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { undoRun } from '../../src/database/cleaning.ts';
import { type Database, openDatabase } from '../../src/database/connection/open.ts';
import { importLabels } from '../../src/import/labels.ts';
import { readRows } from '../../src/import/read.ts';
import { importTree } from '../../src/import/tree.ts';
import { taxonDatabase } from '../support/sql.ts';
import { failure, fileWith, given, memoryOf } from './files.ts';

const taxon = taxonDatabase();
let db: Database;
beforeAll(() => {
  db = openDatabase(taxon.database.url, { schema: 'taxon', poolSize: 3 });
});
afterAll(() => db.close());

/** The tree: path → the shop's id. */
const tree = async () =>
  Object.fromEntries(
    (
      await taxon.owner.rows<{ path: string; external_id: string | null }>(
        'select category_path(category_id) as path, external_id from categories where retired_at is null order by 1',
      )
    ).map((row) => [row.path, row.external_id]),
  );
const say = (sql: string, ...values: unknown[]) => taxon.owner.row(`select * from ${sql}`, ...values);

describe('a category is found by the shop’s own id', () => {
  test('when it was renamed here, and what differs is told', async () => {
    await importLabels(db, given(['pot', 'Home > Pots', 'import', '7']));
    await say(
      'rename_category((select category_id from categories where external_id = $1), $2)',
      '7',
      'Cookware',
    );
    const result = await importLabels(
      db,
      given(['pan', 'Home > Pots', 'import', '7'], ['lid', 'Home > Pots > Lids', 'import', '8']),
    );
    expect(await memoryOf(taxon)).toEqual({
      pot: 'Home > Cookware (import)',
      pan: 'Home > Cookware (import)',
      lid: 'Home > Cookware > Lids (import)',
    });
    expect(result).toMatchObject({
      ...{ categories: 1, elsewhere: 1, renamed: 0 },
      by_id: [{ external_id: '7', given: 'Home > Pots', kept: 'Home > Cookware', times: 1, line: 2 }],
    });
  });

  test('when the shop renamed or moved it, and another has its old name', async () => {
    await importLabels(
      db,
      given(['pot', 'Home > Pots', 'import', '7'], ['lamp', 'Home > Light', 'import', '8']),
    );
    await importLabels(
      db,
      given(['pan', 'Kitchen > Cookware', 'import', '7'], ['led', 'Home > Pots', 'import', '8']),
    );
    expect(await memoryOf(taxon)).toMatchObject({
      pan: 'Home > Pots (import)',
      led: 'Home > Light (import)',
    });
    expect(await tree()).toEqual({ Home: null, 'Home > Light': '8', 'Home > Pots': '7' });
  });

  test('by split and add too, which take ids', async () => {
    const pots = await taxon.category('Home > Pots');
    await say(`split_category($1, '{Iron,Clay}', external_ids => '{71,72}')`, pots);
    await say(`add_category('Lids', $1, external_id => '73')`, pots);
    await say(
      'rename_category((select category_id from categories where external_id = $1), $2)',
      '71',
      'Cast iron',
    );
    const result = await importLabels(
      db,
      given(['a', 'Shop > Iron', 'import', '71'], ['b', 'x', 'import', '72'], ['c', 'y', 'import', '73']),
    );
    expect(result).toMatchObject({ categories: 0, elsewhere: 3 });
    expect(await memoryOf(taxon)).toEqual({
      a: 'Home > Pots > Cast iron (import)',
      b: 'Home > Pots > Clay (import)',
      c: 'Home > Pots > Lids (import)',
    });
    await expect(say(`add_category('Spoons', external_id => '73')`)).rejects.toThrow(
      'your id "73" is that of category',
    );
    await expect(say(`split_category($1, '{A,B}', external_ids => '{1}')`, pots)).rejects.toThrow(
      '2 names and 1 external_ids',
    );
  });

  test('of a merged category it leads to the successor, of a retired one it is refused', async () => {
    await importLabels(
      db,
      given(['a', 'Pots', 'import', '7'], ['b', 'Pans', 'import', '8'], ['c', 'Lids', 'import', '9']),
    );
    const id = (own: string) =>
      taxon.owner.value<number>('select category_id from categories where external_id = $1', own);
    await say(`merge_categories(array[$1::bigint], ${await id('8')})`, await id('7'));
    await importLabels(db, given(['d', 'Pots', 'import', '7']));
    expect(await memoryOf(taxon)).toMatchObject({ d: 'Pans (import)' });
    await say('retire_category($1)', await id('9'));
    expect((await failure(importLabels(db, given(['e', 'Lids 2', 'import', '9'])))).message).toBe(
      'the category "Lids", whose id you call "9", is retired',
    );
  });

  test('--rename gives it the name of the file, and undo takes it back', async () => {
    await importLabels(
      db,
      given(['pot', 'Home > Pots', 'import', '7'], ['x', 'Home > Light', 'import', '8']),
    );
    const before = await tree();
    const { run_id, renamed } = await importLabels(
      db,
      given(['pan', 'Home > Cookware', 'import', '7'], ['led', 'Home > cookware', 'import', '7']),
      { rename: true },
    );
    expect(renamed).toBe(1);
    expect(await tree()).toEqual({ Home: null, 'Home > Cookware': '7', 'Home > Light': '8' });
    expect(await undoRun(db, run_id)).toMatchObject({ labels_restored: 2, note: null });
    expect(await tree()).toEqual(before);
  });

  test('ids that contradict each other in one file are refused with their lines', async () => {
    const error = await failure(
      importLabels(db, given(['a', 'Pots', 'import', '7'], ['b', 'Pans', 'import', '7'])),
    );
    expect(error.message).toBe('the category id "7" stands for "Pots" (line 2) and for "Pans" (line 3)');
    expect(await tree()).toEqual({});
  });
});

describe('undo of what an import made of the tree', () => {
  test('removes categories that nothing uses, and names those that are kept', async () => {
    await taxon.category('Home');
    const { run_id } = await importLabels(
      db,
      given(['pot', 'Home > Pots > Iron', 'import', '7'], ['lamp', 'Light > Lamps', 'import', '8']),
    );
    await taxon.label('led', 'Light > Lamps');
    const { note } = await undoRun(db, run_id);
    expect(note).toMatch(
      /^2 categories that it had made are removed; 2 categories that it had made are in use and stay: \d+ "Light", \d+ "Light > Lamps"$/,
    );
    expect(await tree()).toEqual({ Home: null, Light: null, 'Light > Lamps': '8' });
    // the same file, corrected, goes in again
    await importLabels(db, given(['pot', 'Home > Pots > Iron', 'import', '7']));
    expect(await tree()).toMatchObject({ 'Home > Pots > Iron': '7' });
  });

  test('gives ids back', async () => {
    await importLabels(db, given(['pot', 'Pots', 'import', '7']));
    const { run_id } = await importLabels(
      db,
      given(['pan', 'Pots', 'import', '70'], ['x', 'Lids', 'import', '71']),
    );
    expect(await tree()).toEqual({ Pots: '70', Lids: '71' });
    await undoRun(db, run_id);
    expect(await tree()).toEqual({ Pots: '7' });
  });
});

describe('a tree without names', () => {
  const imported = (content: string, options = {}) =>
    importTree(db, readRows(fileWith('tree.csv', content), { as: 'tree' }), options);

  test('as paths with ids: a run that is taken back', async () => {
    const { run_id, ...result } = await imported(
      'path,category_external_id\nHome,1\nHome > Pots,2\nhome > Pots > Iron > Small,\n',
      { reason: 'first tree', file: 'tree.csv' },
    );
    expect(result).toMatchObject({
      nodes: 3,
      depth: 4,
      categories: 4,
      elsewhere: 0,
      folded: 1,
      tree_levels: '1,2,deepest',
    });
    expect(result.folds).toEqual([
      { path: 'Home > Pots > Iron > Small', l1: 'Home', l2: 'Pots', l3: 'Small' },
    ]);
    expect(await tree()).toMatchObject({ Home: '1', 'Home > Pots': '2' });
    expect(await taxon.owner.row('select kind, reason, file from runs')).toEqual({
      ...{ kind: 'import', reason: 'first tree', file: 'tree.csv' },
    });
    await undoRun(db, run_id);
    expect(await tree()).toEqual({});
  });

  test('as an adjacency list: every node keeps its id, renames and moves follow, undo takes all of it back', async () => {
    expect(await imported('id,parent_id,name\n2,1,Pots\n1,,Home\n3,,Light\n')).toMatchObject({
      ...{ nodes: 3, categories: 3, known: 0, depth: 2, renamed: 0 },
    });
    const before = await tree();
    expect(before).toEqual({ Home: '1', 'Home > Pots': '2', Light: '3' });
    const { run_id, ...again } = await imported(
      'id,parent_id,name\n1,,House\n2,3,Pots\n3,,Light\n4,2,Lids\n',
    );
    expect(again).toMatchObject({ nodes: 4, categories: 1, known: 3, renamed: 2 });
    expect(await tree()).toEqual({ House: '1', Light: '3', 'Light > Pots': '2', 'Light > Pots > Lids': '4' });
    await undoRun(db, run_id);
    expect(await tree()).toEqual(before);
  });

  test('what is wrong with the nodes is told of all of them', async () => {
    const { message } = await failure(imported('id,parent_id,name\n1,2,A\n2,1,B\n3,9,C\n'));
    expect(message).toContain('2 on a cycle');
    expect(message).toContain('below a parent that is not there: 3 (below 9)');
  });
});
