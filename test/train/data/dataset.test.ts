import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { loadConfig } from '../../../src/config.ts';
import { type Database, openDatabase } from '../../../src/database/connection/open.ts';
import { saveEmbeddings } from '../../../src/database/queue.ts';
import { registerEncoder } from '../../../src/database/registry.ts';
import { type Encoder, openEncoder } from '../../../src/model/encoder.ts';
import { encodeLabels, readDataset } from '../../../src/train/data/dataset.ts';
import { partOf } from '../../../src/train/data/split.ts';
import { writeTinyEncoder } from '../../model/tiny-encoder.ts';
import { taxonDatabase } from '../../support/sql.ts';

const taxon = taxonDatabase();
const never = new AbortController().signal;
const folder = mkdtempSync(join(tmpdir(), 'taxon-encoder-'));
const config = loadConfig({ encoder: folder, encoderThreads: 1 }, {});
let db: Database;
let encoder: Encoder;
let encoderId: number;

beforeAll(async () => {
  writeTinyEncoder(folder);
  encoder = await openEncoder(config);
  db = openDatabase(taxon.database.url, config);
});
beforeEach(async () => {
  encoderId = await registerEncoder(db, encoder.identity, encoder.dimension);
});
afterAll(async () => {
  await db.close();
  await encoder.close();
  rmSync(folder, { recursive: true });
});

const encodeAll = (signal = never) => encodeLabels(db, encoder, encoderId, signal);
const read = () => readDataset(db, encoderId, encoder.dimension, never);
const stored = () => taxon.owner.value<number>('select count(*) from embeddings');

/** Puts numbered names into memory in one statement. */
async function labelMany(count: number, prefix: string): Promise<void> {
  const id = await taxon.category('A > B > C');
  await taxon.owner.rows(
    `insert into labels (name_key, category_id, source) select $1 || i, $2, 'llm' from generate_series(1, $3::int) i`,
    prefix,
    id,
    count,
  );
}

describe('encodeLabels', () => {
  test('encodes each labelled name once, ever', async () => {
    await taxon.label('Чайник', 'Дом > Кухня > Чайники');
    await taxon.label('kabel usb', 'Elektronika');
    expect(await encodeAll()).toBe(2);
    expect(await encodeAll()).toBe(0);
    await taxon.label('etui', 'Elektronika');
    expect(await encodeAll()).toBe(1);
    expect(await stored()).toBe(3);
  });

  test('goes on where it was stopped', async () => {
    await labelMany(2500, 'товар ');
    const controller = new AbortController();
    const stopsAfterOnePage: Encoder = {
      ...encoder,
      dimension: encoder.dimension,
      encode: async (names, options) => {
        const vectors = await encoder.encode(names, options);
        controller.abort(new Error('enough'));
        return vectors;
      },
    };
    await expect(encodeLabels(db, stopsAfterOnePage, encoderId, controller.signal)).rejects.toThrow('enough');
    expect(await stored()).toBe(2048);
    expect(await encodeAll()).toBe(2500 - 2048);
    expect((await read()).keys).toHaveLength(2500);
  });
});

describe('readDataset', () => {
  test('has one row a name key, with its path, source and embedding', async () => {
    const deep = await taxon.label('Чайник  BOSCH', 'Дом > Кухня > Чайники', 'human');
    const flat = await taxon.label('kabel usb', 'Elektronika', 'import');
    await expect(taxon.label('ЧАЙНИК Bosch', 'Elektronika')).rejects.toMatchObject({ code: '23505' });
    await encodeAll();
    const { keys, paths, sources, embeddings, dimension } = await read();
    expect([...keys].sort()).toEqual(['kabel usb', 'чайник bosch']);
    const at = (key: string) => keys.indexOf(key);
    const l1 = await taxon.category('Дом');
    const l2 = await taxon.category('Дом > Кухня');
    expect(paths[at('чайник bosch')]).toEqual([l1, l2, deep]);
    expect(paths[at('kabel usb')]).toEqual([flat, null, null]);
    expect(sources).toEqual({ human: 1, import: 1 });
    const [expected] = await encoder.encode(['kabel usb']);
    for (let j = 0; j < dimension; j++) {
      // half precision keeps 11 bits
      expect(embeddings[at('kabel usb') * dimension + j]).toBeCloseTo(
        (expected as Float32Array)[j] as number,
        3,
      );
    }
  });

  test('leaves out what has no embedding of this encoder or a category out of use', async () => {
    await taxon.label('used', 'A > B > C');
    await taxon.label('retired', 'A > B > D');
    await encodeAll();
    await taxon.label('of another encoder', 'A > B > C');
    const other = await registerEncoder(db, 'another', encoder.dimension);
    await saveEmbeddings(db, other, ['of another encoder'], [Float32Array.of(1, 0, 0, 0)]);
    await taxon.owner.rows(`update categories set retired_at = now() where name = 'D'`);
    expect(await read()).toMatchObject({ keys: ['used'], retired: 1, sealed: 0 });
    await taxon.owner.rows(
      `insert into checks (name_key, layer, strategy, weight) values ('used', 'local', 'surer', 1), ('retired', 'local', 'surer', 1)`,
    );
    expect(await read()).toMatchObject({ keys: [], retired: 1, sealed: 1 });
  });

  test('reads more than one page, and stops when told to', async () => {
    await labelMany(5003, 'n');
    await encodeAll();
    const { keys, embeddings } = await read();
    expect(new Set(keys).size).toBe(5003);
    expect(embeddings).toHaveLength(5003 * encoder.dimension);
    await expect(
      readDataset(db, encoderId, encoder.dimension, AbortSignal.abort(new Error('enough'))),
    ).rejects.toThrow('enough');
  });

  test('loses no name to labels that arrive while it reads', async () => {
    await labelMany(300, 'early ');
    await encodeAll();
    let late = 0;
    const busy: Database = {
      ...db,
      rows: async <T>(sql: string, values?: unknown[]) => {
        const read = await db.rows<T>(sql, values);
        if (late++ === 0) {
          await labelMany(300, 'late ');
          await encodeAll();
        }
        return read;
      },
    };
    const { keys } = await readDataset(busy, encoderId, encoder.dimension, never);
    expect(keys.filter((key) => key.startsWith('early '))).toHaveLength(300);
  });

  test('keeps a name in its part whatever joins memory or changes in it', async () => {
    await labelMany(300, 'name ');
    await encodeAll();
    const heldOut = async () => (await read()).keys.filter((key) => partOf(key) === 'test');
    const before = await heldOut();
    expect(before.length).toBeGreaterThan(5);
    await labelMany(300, 'another ');
    await taxon.label('Z', 'Z');
    await taxon.owner.rows(`update labels set category_id = $1, source = 'human'`, await taxon.category('Z'));
    await encodeAll();
    const after = await heldOut();
    expect(after.filter((key) => key.startsWith('name '))).toEqual(before);
    expect(after.length).toBeGreaterThan(before.length);
  });
});
