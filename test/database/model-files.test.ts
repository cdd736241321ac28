import { createHash, randomBytes } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Database, openDatabase } from '../../src/database/connection/open.ts';
import { modelFiles } from '../../src/database/registry.ts';
import { taxonDatabase } from '../support/sql.ts';

const taxon = taxonDatabase();
let db: Database;
beforeAll(() => {
  db = openDatabase(taxon.database.url, { schema: 'taxon', poolSize: 1 });
});
afterAll(() => db.close());

test('files of many pieces, of just one and of none come back whole', async () => {
  const files = { 'letters.bin': 2_500_000, 'heads.onnx': 2 ** 20, 'manifest.json': 2 ** 20 + 1, empty: 0 };
  await db.rows(`select taxon_internal.register_encoder('e', 384), taxon_internal.save_model(1, null, '{}')`);
  const stored = new Map<string, Buffer>();
  for (const [name, bytes] of Object.entries(files)) {
    const content = randomBytes(bytes);
    stored.set(name, content);
    const sha256 = createHash('sha256').update(content).digest();
    await db.rows('select taxon_internal.save_model_file(1, $1, $2, $3)', [name, sha256, content]);
  }
  const read = await modelFiles(db, 1);
  expect(read.size).toBe(4);
  for (const [name, content] of stored) expect(content.equals(read.get(name) as Uint8Array)).toBe(true);
});
