import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { loadConfig } from '../../../src/config.ts';
import { type Database, openDatabase } from '../../../src/database/connection/open.ts';
import { saveEmbeddings } from '../../../src/database/queue.ts';
import { registerEncoder } from '../../../src/database/registry.ts';
import { readDataset } from '../../../src/train/data/dataset.ts';
import { taxonDatabase } from '../../support/sql.ts';

const t = taxonDatabase();
const signal = new AbortController().signal;
const dimension = 4;
let db: Database;
let encoderId: number;

beforeAll(() => {
  db = openDatabase(t.database.url, loadConfig({}, {}));
});
beforeEach(async () => {
  encoderId = await registerEncoder(db, 'test', dimension);
});
afterAll(() => db.close());

async function label(names: readonly string[], path: string): Promise<void> {
  for (const [i, name] of names.entries()) {
    await t.label(name, path);
    await saveEmbeddings(db, encoderId, [name], [Float32Array.of(i, 0.5, -i, 1)]);
  }
}
const read = () => readDataset(db, encoderId, dimension, signal);

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
