import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadConfig } from '../../src/config.ts';
import { type Database, openDatabase } from '../../src/database/connection/open.ts';
import { readOnly } from '../../src/database/connection/read-only.ts';
import { likelyShapes } from '../../src/database/shop/guess.ts';
import { shapeNamed } from '../../src/database/shop/read.ts';
import { readFile, readQuery, readTable } from '../../src/xray/rows.ts';
import { type TestDatabase, testDatabase } from '../support/database.ts';

describe('a file', () => {
  const folder = mkdtempSync(join(tmpdir(), 'taxon-rows-'));
  afterAll(() => rmSync(folder, { recursive: true }));
  const read = (name: string, text: string, said = {}) => {
    writeFileSync(join(folder, name), text);
    return readFile(join(folder, name), said, () => {});
  };

  it('keeps rows without a label, counts those without a name, and says where', async () => {
    const input = await read(
      'shop.csv',
      'name,path,labelled_at\nKettle,Home > Kettles,2026-02-01\n,Home > Lamps,2026-02-01\nLamp,,2026-01-01\n  ,,\nPot,NULL,2026-03-01\n',
    );
    expect(input).toMatchObject({ read: 5, ordered: 'time' });
    expect(input.rows.map(({ where, name, path }) => [where, name, path])).toEqual([
      ['line 4', 'Lamp', []],
      ['line 2', 'Kettle', ['Home', 'Kettles']],
      ['line 6', 'Pot', []],
    ]);
    expect(input.faults).toEqual([
      { what: 'rows without a name', times: 2, places: ['line 3', 'line 5'] },
      { what: 'rows without a label', times: 2, places: ['line 4: Lamp', 'line 6: Pot'] },
    ]);
  });

  it('takes other words for the columns, and those that are said', async () => {
    const guessed = await read('a.csv', 'id;title;category\n1;Kettle;Home > Kettles\n2;Lamp;Home > Lamps\n');
    expect(guessed.rows.map(({ name, path }) => [name, path])).toEqual([
      ['Kettle', ['Home', 'Kettles']],
      ['Lamp', ['Home', 'Lamps']],
    ]);
    expect(guessed.notes).toContain('The column "title" is taken for name.');
    expect(guessed.ordered).toBe('as read');
    const said = await read('b.csv', 'name,what,path\nignored,Kettle,Home > Kettles\n', { name: 'what' });
    expect(said.rows.map(({ name }) => name)).toEqual(['Kettle']);
  });

  it('of names alone is read as such', async () => {
    const input = await read('names.tsv', 'name\nKettle 27" steel\nLamp\n\n');
    expect(input.rows.map(({ name }) => name)).toEqual(['Kettle 27" steel', 'Lamp']);
    expect(input.faults).toEqual([]);
  });

  it('counts rows that cannot be read, with the reason and the place, and reads the others', async () => {
    const input = await read(
      'bad.csv',
      'name,l1,l2,l3\nKettle,Home,Kitchen,Kettles\nLamp,Home,,Lamps\nPot,Home\nSalt &amp; pepper,Food,Spices,\n',
    );
    expect(input.rows.map(({ where, name }) => [where, name])).toEqual([
      ['line 2', 'Kettle'],
      ['line 5', 'Salt & pepper'],
    ]);
    expect(input.read).toBe(4);
    expect(input.faults).toEqual([
      {
        what: 'a hole in the path',
        times: 1,
        places: ['line 3: Lamp | Home |  | Lamps'],
      },
      { what: '2 fields where the header has 4', times: 1, places: ['line 4: Pot | Home'] },
      { what: 'HTML entities in names', times: 1, places: ['line 5: Salt &amp; pepper'] },
    ]);
  });

  it('without a column of names is refused with its header', async () => {
    await expect(read('c.csv', 'sku,price\n1,2\n')).rejects.toThrow(
      /no column "name"; its header is: sku, price/,
    );
  });
});

describe('tables of a database', () => {
  let database: TestDatabase;
  let raw: Database;
  let db: Database;

  beforeAll(async () => {
    database = await testDatabase({ template: false });
    raw = openDatabase(database.superUrl, loadConfig({}, {}), 'test');
    db = readOnly(raw);
    await raw.rows(`create schema "Mein Shop"`);
    await raw.rows(
      `create table "Mein Shop"."Gruppen" ("Nr" text primary key, "parent Nr" text, "Titel" text)`,
    );
    await raw.rows(
      `insert into "Mein Shop"."Gruppen" values ('a', null, 'Haus'), ('b', 'a', 'Küche'), ('c', 'b', 'Töpfe'), ('x', 'y', 'im Kreis'), ('y', 'x', 'im Kreis')`,
    );
    await raw.rows(`create table "Mein Shop"."Ware" (land text, nr integer, code text, "Artikel Name" text, category_nr text, primary key (land, nr))
      partition by list (land)`);
    await raw.rows(`create table "Mein Shop".ware_de partition of "Mein Shop"."Ware" for values in ('de')`);
    await raw.rows(
      `insert into "Mein Shop"."Ware" select 'de', i, md5(i::text), 'Topf aus Stahl ' || i, case i % 4 when 0 then 'c' when 1 then 'b' when 2 then 'x' end from generate_series(1, 40) i`,
    );
    await raw.rows('create table public.log (id bigint primary key, line text)');
  });
  afterAll(async () => {
    await raw?.close();
    await database?.drop();
  });

  it('composite keys, partitions, names in quotes, a tree without foreign keys: as it is said', async () => {
    const shape = await shapeNamed(db, '"Mein Shop"."Ware"', {
      labels: 'category_nr',
      categories: '"Mein Shop"."Gruppen"',
    });
    expect(shape).toMatchObject({
      key: ['land', 'nr'],
      name: 'Artikel Name',
      categories: { id: 'Nr', parent: 'parent Nr', name: 'Titel' },
      at: null,
    });
    const input = await readTable(db, shape);
    expect(input.read).toBe(40);
    expect(input.rows[3]).toEqual({
      ...{
        where: 'de, 4',
        name: 'Topf aus Stahl 4',
        path: ['Haus', 'Küche', 'Töpfe'],
        category: 'c',
        at: null,
      },
    });
    expect(Object.fromEntries(input.faults.map(({ what, times }) => [what, times]))).toEqual({
      'rows without a label': 10,
      // in a circle, which no root leads to
      'labels that no category of the tree has': 10,
    });
    expect(input.categories).toHaveLength(5);
  });

  it('the likeliest comes first, trees and partitions are not offered', async () => {
    const likely = await likelyShapes(db);
    expect(likely.map(({ table }) => table.name)).not.toContain('ware_de');
    expect(likely[0]?.table.name).toBe('Ware');
  });

  it('a column, table or flag that is not there is named', async () => {
    await expect(shapeNamed(db, 'public.log', { name: 'line', labels: 'nothing' })).rejects.toThrow(
      /has no such column/,
    );
    await expect(shapeNamed(db, 'public.log', { name: 'line', categories: 'nothing' })).rejects.toThrow(
      /there is no table nothing/,
    );
    await expect(shapeNamed(db, 'nothing', {})).rejects.toThrow(/there is no table nothing/);
  });

  it('a query is read in a transaction that may not write', async () => {
    const input = await readQuery(
      db,
      `select "Artikel Name" as title from "Mein Shop"."Ware" where nr <= 3`,
      {},
    );
    expect(input.rows.map(({ where, path }) => [where, path])).toEqual([
      ['row 1', []],
      ['row 2', []],
      ['row 3', []],
    ]);
    await expect(readQuery(db, `delete from public.log returning line as name`, {})).rejects.toThrow(
      /read-only|--query/,
    );
  });
});
