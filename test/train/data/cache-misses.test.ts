import { afterAll, beforeAll, expect, test } from 'vitest';
import { loadConfig } from '../../../src/config.ts';
import { type Database, openDatabase } from '../../../src/database/connection/open.ts';
import { learnGuard } from '../../../src/database/memory.ts';
import { cacheMisses, judgedNames } from '../../../src/train/data/cache-misses.ts';
import { partOf } from '../../../src/train/data/split.ts';
import { taxonDatabase } from '../../support/sql.ts';

const taxon = taxonDatabase();
let db: Database;

beforeAll(() => {
  db = openDatabase(taxon.database.url, loadConfig({}, {}));
});
afterAll(() => db.close());

const kinds = ['кабель usb', 'чехол для телефона', 'milk chocolate', 'herbata czarna'];

/** Names of which many are near each other; each kind has its category. */
async function fillMemory(): Promise<string[]> {
  const names: string[] = [];
  for (const [k, kind] of kinds.entries()) {
    for (let i = 0; i < 60; i++) {
      const name = `${kind} ${['norvel', 'kasta', 'bravix'][i % 3]} ${String.fromCharCode(97 + (i % 26))}${i * 37}`;
      names.push(name);
      await taxon.label(name, `A > B > ${k}`);
    }
    await taxon.label(`${kind} case`, 'A > B > cases');
  }
  return [...names, ...kinds.map((kind) => `${kind} case`), 'nothing like it at all'];
}

/** What layer 2 itself says once memory holds the training part alone; everything is undone. */
async function missesByDefinition(keys: string[]): Promise<string[]> {
  const { owner } = taxon;
  const all = await owner.rows<{ name_key: string }>('select name_key from labels');
  const out = all.map((row) => row.name_key).filter((key) => partOf(key) !== 'train');
  await owner.rows('begin');
  try {
    await owner.rows('delete from labels where name_key = any ($1)', out);
    const left = await owner.rows<{ n: string }>(
      'select n from unnest($1::text[]) n where not exists (select from exact(n)) and not exists (select from similar_label(n))',
      keys,
    );
    return left.map((row) => row.n).sort();
  } finally {
    await owner.rows('rollback');
  }
}

test('are what layers 1 and 2 leave when memory holds the training part alone', async () => {
  const keys = (await fillMemory()).filter((key) => partOf(key) !== 'train');
  await learnGuard(db);
  const misses = await cacheMisses(db, keys);
  expect([...misses].sort()).toEqual(await missesByDefinition(keys));
  // both kinds are there, or the test shows nothing
  expect(misses.size).toBeGreaterThan(0);
  expect(misses.size).toBeLessThan(keys.length);
});

test('follow the settings of the layer', async () => {
  const keys = (await fillMemory()).filter((key) => partOf(key) !== 'train');
  const few = (await cacheMisses(db, keys)).size;
  await taxon.owner.rows(`select set_setting('similarity_threshold', '0.95')`);
  const more = await cacheMisses(db, keys);
  expect(more.size).toBeGreaterThan(few);
  expect([...more].sort()).toEqual(await missesByDefinition(keys));
  await taxon.owner.rows(`select set_setting('similar_layer', 'false')`);
  expect((await cacheMisses(db, keys)).size).toBe(keys.length);
});

test('a name is not near to itself or to another held-out name', async () => {
  const held = Array.from({ length: 200 }, (_, i) => `ноутбук lenovo ideapad ${i}`).filter(
    (key) => partOf(key) !== 'train',
  );
  for (const name of held) await taxon.label(name, 'A > B');
  expect(held.length).toBeGreaterThan(5);
  expect((await cacheMisses(db, held)).size).toBe(held.length);
  // with no test part and less held out, some of them train
  expect((await cacheMisses(db, held, { testShare: 0 })).size).toBeLessThan(held.length);
});

test('can be stopped', async () => {
  await expect(cacheMisses(db, ['a'], { signal: AbortSignal.abort(new Error('enough')) })).rejects.toThrow(
    'enough',
  );
  expect(await cacheMisses(db, [])).toEqual(new Set());
});

test('are looked for among 20,000 held-out names at most, evenly spread', () => {
  const held = Array.from({ length: 50_000 }, (_, i) => `name ${i}`);
  expect(judgedNames(held.slice(0, 20_000))).toEqual(held.slice(0, 20_000));
  const judged = judgedNames(held);
  expect(new Set(judged).size).toBe(20_000);
  const places = judged.map((name) => Number(name.slice(5)));
  expect(places[0]).toBeLessThan(3);
  expect(places.at(-1)).toBeGreaterThan(49_990);
  expect(Math.max(...places.slice(1).map((place, i) => place - (places[i] as number)))).toBe(3);
  expect(judgedNames(held, 7)).toHaveLength(7);
  expect(judgedNames([])).toEqual([]);
});
