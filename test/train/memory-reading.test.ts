import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { loadConfig } from '../../src/config.ts';
import { type Database, openDatabase } from '../../src/database/open.ts';
import { saveEmbeddings } from '../../src/database/queue.ts';
import { registerEncoder } from '../../src/database/registry.ts';
import { normalise } from '../../src/normalise.ts';
import { cacheMisses } from '../../src/train/cache-misses.ts';
import { readDataset } from '../../src/train/dataset.ts';
import { datasetFacts, scriptOf } from '../../src/train/facts.ts';
import { partOf } from '../../src/train/split.ts';
import { taxonDatabase } from '../support/sql.ts';

const t = taxonDatabase();
const signal = new AbortController().signal;
const dimension = 4;
let db: Database;
let encoderId: number;
let folder: string;

beforeAll(() => {
  db = openDatabase(t.database.url, loadConfig({}, {}));
});
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'matrix-'));
  encoderId = await registerEncoder(db, 'test', dimension);
});
afterEach(() => rmSync(folder, { recursive: true }));
afterAll(() => db.close());

const vector = (i: number) => Float32Array.of(i, 0.5, -i, 1);

async function label(names: readonly string[], path = 'A > B > C'): Promise<void> {
  for (const [i, name] of names.entries()) {
    await t.label(name, path);
    await saveEmbeddings(db, encoderId, [normalise(name)], [vector(i)]);
  }
}
const read = () => readDataset(db, encoderId, dimension, signal, { folder, encoder: 'test' });
const file = () => join(folder, readdirSync(folder)[0] as string);

describe('the matrix cache', () => {
  test('gives back what the database has, also when the database has lost it', async () => {
    await label(['one', 'two', 'three']);
    const first = await read();
    expect(readdirSync(folder)).toHaveLength(1);
    await t.owner.rows(`update embeddings set embedding = '[9,9,9,9]'`);
    expect(await read()).toEqual(first);
  });

  test.each([
    ['a bit that turned', (bytes: Buffer) => bytes.writeUInt8(bytes.readUInt8(4100) ^ 1, 4100)],
    ['a number that is none', (bytes: Buffer) => bytes.writeFloatLE(Number.NaN, 4096)],
    ['another encoder', (bytes: Buffer) => bytes.write('{"format":1,"encoder":"other"}', 0)],
  ])('is made anew after %s', async (_, damage) => {
    await label(['one', 'two', 'three']);
    const first = await read();
    const good = readFileSync(file());
    const bytes = Buffer.from(good);
    damage(bytes);
    writeFileSync(file(), bytes);
    expect(await read()).toEqual(first);
    expect(readFileSync(file())).toEqual(good);
  });

  test('is made anew when memory has other names, and cut off', async () => {
    await label(['one', 'two']);
    await read();
    writeFileSync(file(), readFileSync(file()).subarray(0, 4100));
    expect((await read()).keys).toHaveLength(2);
    await label(['four']);
    const { keys, embeddings } = await read();
    expect(keys).toHaveLength(3);
    expect(embeddings).toHaveLength(3 * dimension);
  });

  test('is done without where it cannot be written', async () => {
    await label(['one', 'two']);
    const blocked = join(folder, 'file');
    writeFileSync(blocked, '');
    const set = await readDataset(db, encoderId, dimension, signal, { folder: blocked, encoder: 'test' });
    expect(set.keys).toHaveLength(2);
  });
});

describe('labels that cleaning changed', () => {
  test('train as they were given, and are known as they are', async () => {
    await label(['one', 'two'], 'A > B > C');
    const given = await t.category('A > B > C');
    const other = await t.category('A > B > D');
    const run = await t.owner.value<number>(`select start_run('{}', 'test')`);
    const change = { name_key: 'one', before: given, after: other, reason: 'test', confidence: 0.9 };
    await t.owner.rows('select * from apply_cleaning($1, $2)', run, JSON.stringify([change]));
    const cleaned = await read();
    const one = cleaned.keys.indexOf('one');
    expect(cleaned.paths[one]?.[2]).toBe(given);
    expect(cleaned.categories[one]).toBe(other);
    // a person's later word is what it is
    await t.owner.rows(
      `update labels set source = 'human', category_id = $1, updated_at = now() where name_key = 'one'`,
      other,
    );
    const human = await read();
    expect(human.paths[human.keys.indexOf('one')]?.[2]).toBe(other);
  });
});

describe('what training would use', () => {
  test('is counted, without an embedding', async () => {
    for (const [name, path] of [
      ['Чайник електричний', 'Дом > Кухня > Чайники'],
      ['kettle чайник', 'Дом > Кухня'],
      ['lamp', 'Дом'],
    ] as const)
      await t.label(name, path);
    await t.label('old', 'Gone > G > G');
    await t.owner.rows('update categories set retired_at = now() where name = $1', 'G');
    await t.owner.rows(
      `update labels set category_id = $1 where name_key = 'lamp'`,
      await t.category('Дом > Сад'),
    );
    const facts = await datasetFacts(db, null, { signal });
    expect(facts).toMatchObject({
      labels: 4,
      usable: 3,
      retired: 1,
      unencoded: 3,
      depths: { l1: 0, l2: 2, l3: 1 },
      scripts: { latin: 1, cyrillic: 1, mixed: 1, other: 0 },
      conflicts: { count: 1, latest: [{ name_key: 'lamp', before_path: 'Дом', after_path: 'Дом > Сад' }] },
    });
    expect(facts.levels.l1).toMatchObject({ classes: 1, rows: 3 });
    expect(facts.parts.train + facts.parts.valid + facts.parts.test).toBe(3);
  });

  test('a script is told by letters alone', () => {
    expect(['iPhone 15', 'чай 100г', 'чай Lipton', '100 %', 'ελιά'].map(scriptOf)).toEqual([
      'latin',
      'cyrillic',
      'mixed',
      'other',
      'other',
    ]);
  });
});

describe('cacheMisses', () => {
  test('leaves out what the similar layer would answer from the training part alone', async () => {
    const names = Array.from({ length: 400 }, (_, i) => `steel kettle model ${i}`);
    const held = names.filter((name) => partOf(name) !== 'train').slice(0, 2);
    const train = names.filter((name) => partOf(name) === 'train').slice(0, 1);
    // near only to each other: no help from a name that is held out too
    const apart = Array.from({ length: 400 }, (_, i) => `зелёный чай листовой ${i}`)
      .filter((name) => partOf(name) !== 'train')
      .slice(0, 2);
    await label([...held, ...train, ...apart]);
    const misses = await cacheMisses(db, [...held, ...apart]);
    expect([...misses].sort()).toEqual([...apart].sort());
  });
});
