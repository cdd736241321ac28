import { mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { asyncBufferFromFile, parquetMetadataAsync, parquetReadObjects } from 'hyparquet';
import { compressors } from 'hyparquet-compressors';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type Database, openDatabase } from '../../src/database/connection/open.ts';
import type { ExportKind } from '../../src/database/export.ts';
import { saveEmbeddings } from '../../src/database/queue.ts';
import { registerEncoder } from '../../src/database/registry.ts';
import { exportFile } from '../../src/export/export.ts';
import { readRows } from '../../src/import/read.ts';
import { findEncoder } from '../../src/model/encoder-source.ts';
import { taxonHere } from '../support/command.ts';
import { testConfig } from '../support/config.ts';
import { taxonDatabase } from '../support/sql.ts';

const taxon = taxonDatabase();
const config = testConfig();
let folder: string;
let db: Database;

beforeAll(() => {
  db = openDatabase(taxon.database.url, config);
});
afterAll(() => db.close());
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'taxon-export-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const at = (name: string) => join(folder, name);
const write = (
  name: string,
  what: ExportKind = 'labels',
  embeddings = false,
  signal = new AbortController().signal,
) => exportFile(db, config, at(name), { what, embeddings, signal });
async function rowsOf(name: string): Promise<Record<string, unknown>[]> {
  return parquetReadObjects({ file: await asyncBufferFromFile(at(name)), compressors });
}

const labels = [
  { name: 'чайник "bosch", 1,7 л', path: ['Дом, сад', 'Кухня', 'Чайники "электро"'], source: 'human' },
  { name: 'kabel usb', path: ['Elektronika'], source: 'llm' },
  { name: "o'neill", path: ['A', 'B'], source: 'import' },
];

async function fill(): Promise<void> {
  for (const { name, path, source } of labels) await taxon.label(name, path.join(' > '), source);
  await taxon.owner.rows(`update labels set confidence = 0.5 where source = 'llm'`);
}

describe('labels', () => {
  test.each(['x.csv', 'x.tsv', 'x.parquet'])('in %s are what import reads', async (file) => {
    await fill();
    expect(await write(file)).toMatchObject({
      rows: 3,
      columns: ['name', 'l1', 'l2', 'l3', 'source', 'confidence'],
    });
    const read = [];
    for await (const { name, path, source } of readRows(at(file))) read.push({ name, path, source });
    const byName = (a: { name: string }, b: { name: string }) => (a.name < b.name ? -1 : 1);
    expect(read.sort(byName)).toEqual([...labels].sort(byName));
    expect(readdirSync(folder)).toEqual([file]);
  });

  test('survive export, an empty memory and import', async () => {
    await fill();
    const memory = () =>
      taxon.owner.rows('select name_key, category_path(category_id), source from labels order by 1');
    const before = await memory();
    await write('x.csv');
    await taxon.owner.rows('truncate labels, categories cascade');
    const { code } = await taxonHere(['import', at('x.csv')], { DATABASE_URL: taxon.database.url });
    expect(code).toBe(0);
    expect(await memory()).toEqual(before);
  });

  test('are of one moment, though more than one page is read', async () => {
    const id = await taxon.category('A > B > C');
    const add = (prefix: string) =>
      taxon.owner.rows(
        `insert into labels (name_key, category_id, source) select $1 || i, $2, 'llm' from generate_series(1, 6000) i`,
        prefix,
        id,
      );
    await add('early ');
    let pages = 0;
    const busy: Database = {
      ...db,
      transaction: (work) =>
        db.transaction((client) => {
          const query = client.query.bind(client) as (sql: string, values?: unknown[]) => Promise<unknown>;
          const watched = async (sql: string, values?: unknown[]) => {
            const result = await query(sql, values);
            if (sql.includes('export_labels') && pages++ === 0) await add('late ');
            return result;
          };
          return work(Object.assign(Object.create(client), { query: watched }));
        }),
    };
    const signal = new AbortController().signal;
    await exportFile(busy, config, at('x.parquet'), { what: 'labels', embeddings: false, signal });
    expect(pages).toBe(3);
    const names = new Set((await rowsOf('x.parquet')).map((row) => String(row.name)));
    expect(names.size).toBe(6000);
    expect([...names].every((name) => name.startsWith('early '))).toBe(true);
  });

  test('have the embedding of the configured encoder, null where it has not seen the name', async () => {
    await fill();
    const { identity } = await findEncoder(config);
    const encoder = await registerEncoder(db, identity, 3);
    await saveEmbeddings(db, encoder, ['kabel usb'], [Float32Array.of(0.5, -0.25, 0.125)]);
    const other = await registerEncoder(db, 'other', 3);
    await saveEmbeddings(db, other, ["o'neill"], [Float32Array.of(1, 0, 0)]);
    expect(await write('x.parquet', 'labels', true)).toMatchObject({ encoder: identity });
    const rows = await rowsOf('x.parquet');
    const embedding = (name: string) => rows.find((row) => row.name === name)?.embedding ?? null;
    expect(embedding('kabel usb')).toEqual([0.5, -0.25, 0.125]);
    expect(embedding("o'neill")).toBeNull();
    const { key_value_metadata } = await parquetMetadataAsync(await asyncBufferFromFile(at('x.parquet')));
    expect(key_value_metadata).toContainEqual({ key: 'pgtaxon.encoder', value: identity });
    await write('x.tsv', 'labels', true);
    expect(readFileSync(at('x.tsv'), 'utf8')).toContain(
      'kabel usb\tElektronika\t\t\tllm\t0.5\t[0.5,-0.25,0.125]\n',
    );
    await write('e.parquet', 'embeddings');
    expect(await rowsOf('e.parquet')).toEqual([
      { name: 'kabel usb', labelled: true, embedding: [0.5, -0.25, 0.125] },
    ]);
  });

  test('of an empty memory make a file with a header alone', async () => {
    expect((await write('x.csv')).rows).toBe(0);
    expect(readFileSync(at('x.csv'), 'utf8')).toBe('name,l1,l2,l3,source,confidence\n');
    await write('x.parquet');
    expect(await rowsOf('x.parquet')).toEqual([]);
  });
});

test('products have their answer, and their type in Parquet', async () => {
  await fill();
  await taxon.insertAll('Kabel USB', 'never\tseen\nbefore');
  expect((await write('p.parquet', 'products')).rows).toBe(2);
  const [known, unknown] = await rowsOf('p.parquet');
  expect(known).toMatchObject({
    product_id: 1n,
    name: 'Kabel USB',
    l1: 'Elektronika',
    source: 'exact',
    state: 'done',
    created_at: expect.any(Date),
  });
  expect(unknown).toMatchObject({ name: 'never\tseen\nbefore', state: 'pending' });
  await write('p.tsv', 'products');
  expect(readFileSync(at('p.tsv'), 'utf8')).toContain('\tnever seen before\t');
});

test('for a spreadsheet, what begins like a formula has an apostrophe before it, and a number has none', async () => {
  const names = ['=cmd|/c calc', '+1-2', '-2+3', '@sum(1)', '-5', '5 = 5'];
  await taxon.insertAll(...names);
  const options = { what: 'products', embeddings: false, signal: new AbortController().signal } as const;
  await exportFile(db, config, at('safe.csv'), { ...options, spreadsheetSafe: true });
  await exportFile(db, config, at('plain.csv'), options);
  const shown = (file: string) =>
    readFileSync(at(file), 'utf8')
      .split('\n')
      .slice(1, -1)
      .map((line) => line.split(',')[2]);
  expect(shown('plain.csv').sort()).toEqual([...names].sort());
  expect(shown('safe.csv').sort()).toEqual(
    ["'=cmd|/c calc", "'+1-2", "'-2+3", "'@sum(1)", '-5', '5 = 5'].sort(),
  );
  await expect(
    exportFile(db, config, at('x.parquet'), { ...options, spreadsheetSafe: true }),
  ).rejects.toMatchObject({ exitCode: 2 });
});

describe('what goes wrong', () => {
  test.each(['x.csv', 'x.parquet'])('a full disk: %s that was there stays', async (file) => {
    await fill();
    writeFileSync(at(file), 'before');
    // what is written to this device finds no room
    symlinkSync('/dev/full', at(`${file}.${process.pid}.part`));
    await expect(write(file)).rejects.toMatchObject({
      name: 'TaxonError',
      message: `${at(file)} cannot be written: the disk is full`,
    });
    expect(readdirSync(folder)).toEqual([file]);
    expect(readFileSync(at(file), 'utf8')).toBe('before');
  });

  test('an interruption leaves nothing', async () => {
    await fill();
    const stopped = AbortSignal.abort(new Error('enough'));
    await expect(write('x.csv', 'labels', false, stopped)).rejects.toThrow('enough');
    expect(readdirSync(folder)).toEqual([]);
  });

  test('is said in words', async () => {
    await expect(write('x.json')).rejects.toMatchObject({
      exitCode: 2,
      hint: expect.stringContaining('.tsv'),
    });
    await expect(write('x.csv', 'products', true)).rejects.toMatchObject({ exitCode: 2 });
    await expect(write('no/x.csv')).rejects.toThrow('there is no such folder');
    await expect(write('x.parquet', 'embeddings')).rejects.toMatchObject({
      message: expect.stringContaining('no name was ever encoded here'),
      hint: expect.stringContaining('taxon train'),
    });
  });
});

test('taxon export --json prints one object alone', async () => {
  await fill();
  const { code, stdout } = await taxonHere(['export', at('x.csv'), '--json'], {
    DATABASE_URL: taxon.database.url,
  });
  expect(code).toBe(0);
  expect(JSON.parse(stdout)).toMatchObject({ file: at('x.csv'), what: 'labels', rows: 3, encoder: null });
});
