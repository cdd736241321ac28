import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Database } from '../../src/database/open.ts';
import { readRows } from '../../src/import/read.ts';
import { type TestDatabase, testDatabase } from '../support/database.ts';
import { runTaxon } from '../support/processes.ts';
import { insert, look } from '../support/rows.ts';

const folder = mkdtempSync(join(tmpdir(), 'export-'));
let database: TestDatabase;
let db: Database;

beforeAll(async () => {
  database = await testDatabase();
  db = look(database.url);
  for (const [name, path] of [
    ['чайник, "белый"', ['Дом', 'Кухня', 'Чайники']],
    ['tab\there', ['Дом', 'Кухня']],
    ['lamp', ['Дом']],
  ] as const)
    await db.rows(
      `insert into taxon.labels (name_key, category_id, source, confidence) values (taxon.normalise($1), taxon.make_category($2), 'llm', .5)`,
      [name, path],
    );
  await insert(db, ['LAMP', 'something new']);
});
afterAll(async () => {
  await db?.close();
  await database?.drop();
  rmSync(folder, { recursive: true });
});

const taxon = (...args: string[]) => runTaxon(['export', ...args], { DATABASE_URL: database.url });

describe('taxon export', () => {
  it.each(['labels.csv', 'labels.tsv', 'labels.parquet'])('%s is what import reads', async (name) => {
    const file = join(folder, name);
    const { code, stdout } = await taxon(file, '--json');
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ rows: 3 });
    const rows: string[] = [];
    for await (const { name, path } of readRows(file)) rows.push(`${name} = ${path.join(' > ')}`);
    expect(rows.sort()).toEqual(
      ['lamp = Дом', 'tab here = Дом > Кухня', 'чайник, "белый" = Дом > Кухня > Чайники'].sort(),
    );
    expect(readdirSync(folder).filter((each) => !each.startsWith('labels.'))).toEqual([]);
  });

  it('products come with their answers', async () => {
    const file = join(folder, 'labels.products.csv');
    expect((await taxon(file, '--what', 'products')).code).toBe(0);
    const text = readFileSync(file, 'utf8');
    expect(text).toContain('LAMP');
    expect(text).toContain('exact');
    expect(text.trim().split('\n')).toHaveLength(3);
  });

  it('refuses what it cannot write, and leaves nothing', async () => {
    expect(await taxon(join(folder, 'a.xlsx'))).toMatchObject({ code: 2, stdout: '' });
    const { code, stderr } = await taxon(join(folder, 'nowhere', 'a.csv'));
    expect(code).toBe(1);
    expect(stderr).toContain('nowhere');
  });
});
