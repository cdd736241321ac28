import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { version } from '../../src/config.ts';
import type { Database } from '../../src/database/connection/open.ts';
import { champion, listModels, modelFiles } from '../../src/database/registry.ts';
import { readModelFile, writeModelFile } from '../../src/registry/model-file.ts';
import { exportModel, importModel } from '../../src/registry/move.ts';
import { taxonHere } from '../support/command.ts';
import { testConfig } from '../support/config.ts';
import { type TestDatabase, testDatabase } from '../support/database.ts';
import { look } from '../support/rows.ts';
import { shopDatabase } from '../support/shop.ts';
import { labelled, newNames } from '../support/shop-names.ts';

const config = testConfig();
const folder = mkdtempSync(join(tmpdir(), 'move-'));
const file = join(folder, 'm.taxon');
/** Where the model comes from, and a database of the same taxonomy with other ids. */
let from: { database: TestDatabase; db: Database };
let to: { database: TestDatabase; db: Database };

const paths = [...new Map(labelled.map(({ path }) => [path.join('>'), path])).values()];

beforeAll(async () => {
  const database = await shopDatabase();
  from = { database, db: look(database.url) };
  await exportModel(from.db, file);
});
beforeEach(async () => {
  await to?.db.close();
  await to?.database.drop();
  const database = await testDatabase();
  to = { database, db: look(database.url) };
  await to.db.rows(`select taxon_internal.make_category('{Garden,Tools}')`);
  for (const path of [...paths].reverse())
    await to.db.rows('select taxon_internal.make_category($1)', [path]);
});
afterAll(async () => {
  for (const each of [from, to]) {
    await each?.db.close();
    await each?.database.drop();
  }
  rmSync(folder, { recursive: true });
});

describe('a model that moved', () => {
  test('answers as where it comes from, though no category has the same id', async () => {
    expect(await importModel(to.db, config, file, true)).toEqual({
      model_id: 1,
      imported_from: 1,
      promoted: true,
    });
    const input = `${newNames(20, 80_000)
      .map(({ name }) => name)
      .join('\n')}\n`;
    const answers = async (url: string) =>
      (await taxonHere(['classify', '--layers', 'local'], { DATABASE_URL: url }, input)).stdout
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as { category_id: number; path: string; confidence: number[] });
    // the other database has no labels, so no neighbours either
    for (const { db } of [from, to]) await db.rows(`select taxon.set_setting('neighbours', '"off"')`);
    const [there, here] = [await answers(from.database.url), await answers(to.database.url)];
    const told = (rows: typeof here) => rows.map(({ path, confidence }) => ({ path, confidence }));
    expect(told(here)).toEqual(told(there));
    expect(here.filter((row) => row.path !== null).length).toBeGreaterThan(5);
    for (const [i, row] of here.entries())
      if (row.category_id !== null) expect(row.category_id).not.toBe(there[i]?.category_id);
  });

  test('keeps what made it, and its files but for the ids', async () => {
    await importModel(to.db, config, file, false);
    expect(await champion(to.db)).toBeNull();
    const [original] = await listModels(from.db);
    const [copy] = await listModels(to.db);
    expect(original).toMatchObject({
      labels: labelled.length,
      code_version: version,
      seed: 1,
      data: { sha256: expect.stringMatching(/^[0-9a-f]{64}$/), newest_change: null },
    });
    expect(copy).toMatchObject({
      state: 'candidate',
      run_id: null,
      labels: labelled.length,
      metrics: original?.metrics,
      settings: original?.settings,
      code_version: version,
      seed: 1,
      data: { ...original?.data, imported_from: 1 },
    });
    const [a, b] = [await modelFiles(from.db, 1), await modelFiles(to.db, 1)];
    expect([...b.keys()].sort()).toEqual([...a.keys()].sort());
    for (const [name, content] of a)
      if (name !== 'manifest.json') expect(Buffer.compare(content, b.get(name) as Buffer)).toBe(0);
    expect(
      await to.db.row(
        `select m.manifest = convert_from(f.content, 'UTF8')::jsonb as same
           from taxon_internal.models m join taxon_internal.model_files f using (model_id) where f.name = 'manifest.json'`,
      ),
    ).toEqual({ same: true });
  });
});

describe('is refused, and nothing is stored,', () => {
  const refused = async (says: string, settings = config, path = file) => {
    await expect(importModel(to.db, settings, path, true)).rejects.toMatchObject({
      name: 'TaxonError',
      message: expect.stringContaining(says),
      hint: expect.any(String),
    });
    expect(await listModels(to.db)).toEqual([]);
  };

  test('where names are encoded by another encoder', async () => {
    await refused('here names are encoded with', testConfig({ encoderPrefix: 'query: ' }));
  });

  test('where a category is missing or retired, the first of them named', async () => {
    await to.db.rows(`update taxon.categories set name = 'Pots' where name = 'Kettles'`);
    await refused(
      "1 of the model's 18 categories are not in the taxonomy here, or retired: Home > Kitchen > Kettles",
    );
    await to.db.rows('update taxon.categories set retired_at = now()');
    await refused("18 of the model's 18 categories");
    await refused('and 13 more');
  });

  test('where l1, l2 and l3 are other depths', async () => {
    await to.db.rows(`select taxon.set_tree_levels('1,2,4')`);
    await refused('here they are 1,2,4');
  });

  test('where the model in it cannot be loaded', async () => {
    const broken = join(folder, 'broken.taxon');
    const moved = await readModelFile(file);
    const [name] = [...moved.files.keys()].filter((each) => each !== 'manifest.json');
    writeModelFile(broken, { ...moved, files: new Map(moved.files).set(name ?? '', Buffer.from('x')) });
    await refused(name ?? '', config, broken);
  });
});

test('what there is none of cannot be exported', async () => {
  await expect(exportModel(to.db, file)).rejects.toThrow('there is no champion to export');
  await expect(exportModel(to.db, file, 5)).rejects.toThrow('there is no model 5');
});
