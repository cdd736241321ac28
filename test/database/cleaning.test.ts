import { createHash } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { applyCleaning, confidentMistakes, saveOutOfFold, undoRun } from '../../src/database/cleaning.ts';
import type { Database } from '../../src/database/connection/open.ts';
import { startRun } from '../../src/database/runs.ts';
import { type TestDatabase, testDatabase } from '../support/database.ts';
import { look } from '../support/rows.ts';

let database: TestDatabase;
let db: Database;
beforeAll(async () => {
  database = await testDatabase();
  db = look(database.url);
});
afterAll(async () => {
  await db.close();
  await database.drop();
});

test('a cleaning from its evidence to its way back, through the typed calls', async () => {
  const make = async (path: string) =>
    (await db.row<{ id: number }>('select taxon_internal.make_category($1) as id', [[path]])).id;
  const [tea, coffee] = [await make('Tea'), await make('Coffee')];
  await db.rows(`insert into taxon.labels (name_key, category_id, source) values ('espresso', $1, 'llm')`, [
    tea,
  ]);
  const before = await db.rows('select * from taxon.labels');
  const run = await startRun(db, {}, 'w', 60);
  await saveOutOfFold(db, run, {
    hashes: [createHash('sha256').update('espresso').digest()],
    labels: [tea],
    predicted: [coffee],
    l1: [0.9],
    l2: [0.9],
    l3: [0.9],
    voices: [3],
  });
  const [mistake] = await confidentMistakes(db, 10);
  expect(mistake).toEqual({
    name: 'espresso',
    label: 'Tea',
    predicted: 'Coffee',
    level: 'l1',
    confidence: expect.closeTo(0.9),
    voices: 3,
    source: 'llm',
    run_id: run,
  });
  const change = { name_key: 'espresso', before: tea, after: coffee, reason: 'out of fold', confidence: 0.9 };
  expect(await applyCleaning(db, run, [change])).toEqual({
    run_id: 1,
    asked: 1,
    changed: 1,
    human: 0,
    moved_on: 0,
    done_before: 0,
  });
  expect(await undoRun(db, 1)).toMatchObject({
    labels_restored: 1,
    labels_kept: 0,
    rows_restored: 0,
    rows_kept: 0,
  });
  expect(await db.rows('select * from taxon.labels')).toEqual(before);
  await expect(applyCleaning(db, 4711, [change])).rejects.toMatchObject({
    name: 'TaxonError',
    message: expect.stringContaining('run 4711 cannot change labels'),
    hint: expect.any(String),
  });
});
