import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { loadConfig } from '../../../src/config.ts';
import { type Database, openDatabase } from '../../../src/database/connection/open.ts';
import { saveEmbeddings } from '../../../src/database/queue.ts';
import { registerEncoder } from '../../../src/database/registry.ts';
import { readDataset } from '../../../src/train/data/dataset.ts';
import { type MatrixFacts, readMatrix, writeMatrix } from '../../../src/train/data/matrix-cache.ts';
import { taxonDatabase } from '../../support/sql.ts';

const taxon = taxonDatabase();
const never = new AbortController().signal;
let folder: string;
let path: string;
let said: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'taxon-matrix-'));
  path = join(folder, 'matrices', 'm.f32');
  said = '';
  vi.spyOn(process.stderr, 'write').mockImplementation((text) => {
    said += text;
    return true;
  });
});
afterEach(() => {
  vi.restoreAllMocks();
  rmSync(folder, { recursive: true });
});

const facts: MatrixFacts = { encoder: 'e', encoderId: 1, dimension: 3, count: 4, keysSha256: 'k' };
const matrix = Float32Array.from({ length: 12 }, (_, i) => i / 8 - 1);
const read = async (wanted: MatrixFacts = facts) => {
  const target = new Float32Array(wanted.count * wanted.dimension);
  return (await readMatrix(path, wanted, target)) ? [...target] : null;
};

describe('the cache of embeddings', () => {
  test('gives back what was written', async () => {
    expect(await read()).toBeNull();
    expect(said).toBe('');
    await writeMatrix(path, facts, matrix);
    expect(await read()).toEqual([...matrix]);
    expect(readdirSync(join(folder, 'matrices'))).toEqual(['m.f32']);
  });

  test.each([
    ['another encoder', { ...facts, encoder: 'f' }, 'of another encoder'],
    ['another id of it', { ...facts, encoderId: 2 }, 'of another encoder'],
    ['another dimension', { ...facts, dimension: 6, count: 2 }, '3 dimensions, not 6'],
    ['more names', { ...facts, count: 5 }, 'memory has changed'],
    ['other names', { ...facts, keysSha256: 'l' }, 'memory has changed'],
  ])('is not used for %s, and says why', async (_, wanted, why) => {
    await writeMatrix(path, facts, matrix);
    expect(await read(wanted)).toBeNull();
    expect(said).toContain(why);
  });

  test.each([
    ['cut off', () => truncateSync(path, 4096 + 40), 'cut off'],
    ['cut off in its header', () => truncateSync(path, 100), 'cut off'],
    [
      'changed in one bit',
      () => {
        const bytes = readFileSync(path);
        bytes.writeUInt8(bytes.readUInt8(4096 + 8) ^ 1, 4096 + 8);
        writeFileSync(path, bytes);
      },
      'sha256 differs',
    ],
    ['no cache at all', () => writeFileSync(path, Buffer.alloc(5000)), 'header is damaged'],
  ])('is not used when it is %s, and says so', async (_, spoil, why) => {
    await writeMatrix(path, facts, matrix);
    spoil();
    expect(await read()).toBeNull();
    expect(said).toContain(why);
  });

  test.each([Number.NaN, Number.POSITIVE_INFINITY])('is not used when it holds %d', async (bad) => {
    const spoilt = matrix.slice();
    spoilt[7] = bad;
    await writeMatrix(path, facts, spoilt);
    expect(await read()).toBeNull();
    expect(said).toContain('NaN');
  });

  test('a full disk leaves no half-written file and a warning', async () => {
    mkdirSync(join(folder, 'matrices'));
    // what is written to this device finds no room
    symlinkSync('/dev/full', `${path}.${process.pid}.part`);
    await writeMatrix(path, facts, matrix);
    expect(said).toMatch(/warn: no cache of embeddings.*the disk is full/);
    expect(readdirSync(join(folder, 'matrices'))).toEqual([]);
  });

  test('a folder that cannot be made is a warning too', async () => {
    writeFileSync(join(folder, 'matrices'), 'a file');
    await writeMatrix(path, facts, matrix);
    expect(said).toContain('warn: no cache of embeddings');
  });
});

describe('readDataset', () => {
  let db: Database;
  let encoderId: number;
  beforeAll(() => {
    db = openDatabase(taxon.database.url, loadConfig({}, {}));
  });
  afterAll(() => db.close());
  beforeEach(async () => {
    encoderId = await registerEncoder(db, 'e', 2);
    await remember('a', 'A > B');
    await remember('b', 'A > C');
  });

  async function remember(name: string, category: string): Promise<void> {
    await taxon.label(name, category);
    await saveEmbeddings(db, encoderId, [name], [Float32Array.of(name.length / 8, 0.5)]);
  }
  const cache = () => ({ folder: join(folder, 'matrices'), encoder: 'e' });
  /** Reads; `asked` tells whether embeddings came from the database. */
  async function load() {
    let asked = false;
    const watched: Database = {
      ...db,
      rows: (sql, values) => {
        asked ||= sql.includes('embeddings_of');
        return db.rows(sql, values);
      },
    };
    return { set: await readDataset(watched, encoderId, 2, never, cache()), asked };
  }
  const file = () => join(folder, 'matrices', readdirSync(join(folder, 'matrices'))[0] as string);

  test('reads the disk while memory holds the same names, and then the same rows', async () => {
    const first = await load();
    expect(first.asked).toBe(true);
    const second = await load();
    expect(second.asked).toBe(false);
    expect(second.set).toEqual(first.set);
    // another label of the same name needs no other embedding
    await taxon.owner.rows(`update labels set category_id = $1`, await taxon.category('A > C'));
    const third = await load();
    expect(third.asked).toBe(false);
    expect(third.set.paths[0]).toEqual(third.set.paths[1]);
  });

  test('makes it anew when memory has grown, when it is damaged, and works without', async () => {
    await load();
    await remember('ccc', 'A > B');
    const grown = await load();
    expect(grown.asked).toBe(true);
    expect(said).toContain('memory has changed');
    expect((await load()).asked).toBe(false);
    truncateSync(file(), 4100);
    const mended = await load();
    expect(mended.asked).toBe(true);
    expect(mended.set).toEqual(grown.set);
    expect((await load()).asked).toBe(false);
    rmSync(join(folder, 'matrices'), { recursive: true });
    writeFileSync(join(folder, 'matrices'), 'in the way');
    expect((await load()).set).toEqual(grown.set);
  });

  test('leaves no other cache on the disk, nor one of a memory without labels', async () => {
    await load();
    const matrices = join(folder, 'matrices');
    for (const name of ['0123456789abcdef.f32', '0123456789abcdef.f32.4711.part', 'mine.txt'])
      writeFileSync(join(matrices, name), 'x');
    expect((await load()).asked).toBe(false);
    expect(readdirSync(matrices)).toHaveLength(2);
    rmSync(join(matrices, 'mine.txt'));
    await taxon.owner.rows('delete from labels');
    await load();
    expect(readdirSync(matrices)).toEqual([]);
  });

  test('refuses an embedding of another length', async () => {
    await taxon.owner.rows(`update embeddings set embedding = '[1,0,0]' where name_hash = name_hash('b')`);
    await expect(load()).rejects.toMatchObject({
      name: 'TaxonError',
      message: 'the embedding of "b" has 3 dimensions, the encoder 2',
    });
  });
});
