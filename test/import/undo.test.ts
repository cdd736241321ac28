import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { undoRun } from '../../src/database/cleaning.ts';
import { type Database, openDatabase } from '../../src/database/connection/open.ts';
import { importLabels } from '../../src/import/labels.ts';
import type { Row } from '../../src/import/row.ts';
import { taxonDatabase } from '../support/sql.ts';
import { failure, given, memoryOf } from './files.ts';

const taxon = taxonDatabase();
let db: Database;
let lamps: number;
let kettles: number;
beforeAll(() => {
  db = openDatabase(taxon.database.url, { schema: 'taxon', poolSize: 3 });
});
afterAll(() => db.close());
beforeEach(async () => {
  lamps = await taxon.category('Home > Lamps');
  kettles = await taxon.category('Home > Kettles');
});

const everything = () =>
  taxon.owner.rows(`
    select to_jsonb(l) as r from labels l
    union all select to_jsonb(p) - 'classified_at' - 'inserted_xact' from products p order by 1`);
const rows = () =>
  taxon.owner.rows('select name, state, source, category_id as id from products order by product_id');
/** The queue may hold a name twice. */
const queued = async () => [...new Set(await taxon.queued())];
/** A row as if some layer had answered it. */
async function answered(name: string, source: string, category: number, matched?: string): Promise<number> {
  const { product_id } = await taxon.insert(name);
  await taxon.owner.rows(
    `update products set state = 'done', source = $2, category_id = c.category_id, l1 = c.l1, l2 = c.l2, l3 = c.l3, matched_key = $4,
       similarity = case when $4::text is null then null else 0.8 end
     from categories c where product_id = $1 and c.category_id = $3`,
    product_id,
    source,
    category,
    matched ?? null,
  );
  await taxon.owner.rows('delete from queue');
  return product_id;
}

describe('rows follow an import', () => {
  beforeEach(async () => {
    await taxon.label('lamp', 'Home > Kettles');
    await answered('lamp', 'exact', kettles);
    await answered('lamp', 'human', kettles);
    await answered('led lamp', 'similar', kettles, 'lamp');
    await answered('bulb', 'local', kettles);
    await answered('pot', 'llm', kettles);
  });

  test('an import’s word corrects what layers answered, never what a person said of a row', async () => {
    const result = await importLabels(db, given(['Lamp', 'Home > Lamps'], ['bulb', 'Home > Lamps']));
    expect(result).toMatchObject({ added: 1, changed: 1, corrected: 2, asked_again: 1, held: 0 });
    expect(await rows()).toEqual([
      { name: 'lamp', state: 'done', source: 'exact', id: lamps },
      { name: 'lamp', state: 'done', source: 'human', id: kettles },
      { name: 'led lamp', state: 'pending', source: null, id: null },
      { name: 'bulb', state: 'done', source: 'exact', id: lamps },
      { name: 'pot', state: 'done', source: 'llm', id: kettles },
    ]);
    expect(await queued()).toEqual(['led lamp']);
    expect(
      await taxon.owner.rows(
        'select product_id, run_id, reason, after_source from product_changes order by product_id',
      ),
    ).toEqual([
      { product_id: 1, run_id: result.run_id, reason: `run ${result.run_id}, import`, after_source: 'exact' },
      { product_id: 3, run_id: result.run_id, reason: `run ${result.run_id}, import`, after_source: null },
      { product_id: 4, run_id: result.run_id, reason: `run ${result.run_id}, import`, after_source: 'exact' },
    ]);
  });

  test('a person’s word corrects every row of the name', async () => {
    const result = await importLabels(db, given(['lamp', 'Home > Lamps', 'human']));
    expect(result).toMatchObject({ corrected: 2, asked_again: 1 });
    expect((await rows()).slice(0, 2)).toEqual([
      { name: 'lamp', state: 'done', source: 'exact', id: lamps },
      { name: 'lamp', state: 'done', source: 'exact', id: lamps },
    ]);
  });

  test('a label that only becomes a person’s word mends the rows that say otherwise', async () => {
    await taxon.label('pot', 'Home > Lamps');
    expect(await importLabels(db, given(['pot', 'Home > Lamps', 'human']))).toMatchObject({ corrected: 1 });
  });

  test('a row that refuses keeps its answer, and the others follow', async () => {
    await taxon.owner.rows(`
      create function refuse() returns trigger language plpgsql as $$ begin raise exception 'no'; end $$`);
    await taxon.owner.rows(
      'create trigger refuse before update on products for each row when (old.product_id = 4) execute function refuse()',
    );
    try {
      const result = await importLabels(db, given(['lamp', 'Home > Lamps'], ['bulb', 'Home > Lamps']));
      expect(result).toMatchObject({ corrected: 1, asked_again: 1 });
      expect(await undoRun(db, result.run_id)).toMatchObject({ rows_restored: 2 });
    } finally {
      await taxon.owner.rows('drop trigger refuse on products');
      await taxon.owner.rows('drop function refuse()');
    }
  });

  test('a row that somebody holds is left, and the next import takes it along', async () => {
    const other = await taxon.connect();
    await other.rows('begin');
    await other.rows('select from taxon.products where product_id = 4 for update');
    const result = await importLabels(db, given(['bulb', 'Home > Lamps']));
    expect(result).toMatchObject({ corrected: 0, held: 1 });
    await other.rows('commit');
    expect(await importLabels(db, given(['x', 'Home']))).toMatchObject({ corrected: 1, held: 0 });
    expect((await rows())[3]).toMatchObject({ id: lamps, source: 'exact' });
  });
});

describe('undo_run of an import', () => {
  test('brings labels and rows back in every column, and is harmless twice', async () => {
    await taxon.label('lamp', 'Home > Kettles');
    await taxon.owner.rows(
      `update labels set confidence = .5, labelled_at = '2024-01-01', created_at = '2024-01-02', updated_at = '2024-01-03'`,
    );
    await answered('lamp', 'exact', kettles);
    await answered('led lamp', 'similar', kettles, 'lamp');
    await answered('bulb', 'local', kettles);
    const before = await everything();
    async function* dated(): AsyncGenerator<Row> {
      for await (const row of given(
        ['lamp', 'Home > Lamps'],
        ['bulb', 'Home > Lamps', 'human'],
        ['new', 'Garden > Hoses'],
      ))
        yield { ...row, labelledAt: '2026-01-01T00:00:00Z' };
    }
    const { run_id } = await importLabels(db, dated(), { reason: 'spring list', file: 'labels.csv' });
    expect(await everything()).not.toEqual(before);
    expect(await taxon.owner.row('select * from runs')).toMatchObject({
      ...{
        run_id,
        kind: 'import',
        reason: 'spring list',
        file: 'labels.csv',
        made_by: 'owner',
        undone_at: null,
      },
      ...{ labels_added: 2, labels_changed: 1, labels_removed: 0, rows_corrected: 2, rows_asked_again: 1 },
    });
    expect(await undoRun(db, run_id)).toMatchObject({
      ...{ labels_restored: 3, labels_kept: 0, rows_restored: 3, rows_kept: 0, rows_followed: 0 },
    });
    expect(await everything()).toEqual(before);
    expect(await undoRun(db, run_id)).toMatchObject({ labels_restored: 0, rows_restored: 0, rows_kept: 0 });
    expect(await everything()).toEqual(before);
    expect(
      await taxon.owner.rows(
        'select name_key, run_id, reason from label_changes where run_id is null order by change_id',
      ),
    ).toEqual(
      expect.arrayContaining([{ name_key: 'new', run_id: null, reason: `run ${run_id} taken back` }]),
    );
  });

  test('keeps what was changed since, and counts it', async () => {
    await answered('bulb', 'local', kettles);
    const { run_id } = await importLabels(db, given(['lamp', 'Home > Lamps'], ['bulb', 'Home > Lamps']));
    await taxon.owner.rows(`select confirm(1, $1)`, kettles);
    expect(await undoRun(db, run_id)).toMatchObject({
      ...{ labels_restored: 1, labels_kept: 1, rows_restored: 0, rows_kept: 1 },
    });
    expect(await memoryOf(taxon)).toEqual({ bulb: 'Home > Kettles (human)' });
  });

  test('rows that came since and took its answer follow memory', async () => {
    const { run_id } = await importLabels(db, given(['lamp', 'Home > Lamps']));
    expect(await taxon.insert('LAMP')).toMatchObject({ source: 'exact', category_id: lamps });
    expect(await undoRun(db, run_id)).toMatchObject({
      labels_restored: 1,
      rows_restored: 0,
      rows_followed: 1,
    });
    expect(await rows()).toEqual([{ name: 'LAMP', state: 'pending', source: null, id: null }]);
    expect(await queued()).toEqual(['lamp']);
  });

  test('of two imports one upon the other works from the last to the first', async () => {
    const first = await importLabels(db, given(['lamp', 'Home > Lamps']));
    const second = await importLabels(db, given(['lamp', 'Home > Kettles']));
    expect(await undoRun(db, first.run_id)).toMatchObject({ labels_restored: 0, labels_kept: 1 });
    await undoRun(db, second.run_id);
    expect(await memoryOf(taxon)).toEqual({ lamp: 'Home > Lamps (import)' });
    expect(await undoRun(db, first.run_id)).toMatchObject({ labels_restored: 1, labels_kept: 0 });
    expect(await memoryOf(taxon)).toEqual({});
  });

  test('a date that an import added to a label goes again', async () => {
    await taxon.label('lamp', 'Home > Lamps');
    const before = await everything();
    async function* dated(): AsyncGenerator<Row> {
      yield {
        line: 2,
        name: 'lamp',
        path: ['Home', 'Lamps'],
        source: null,
        labelledAt: '2020-01-01T00:00:00Z',
      };
    }
    const { run_id, dated: n } = await importLabels(db, dated());
    expect(n).toBe(1);
    await undoRun(db, run_id);
    expect(await everything()).toEqual(before);
  });

  test('a cleaning is trained as it was given, an import as it says', async () => {
    await taxon.label('lamp', 'Home > Kettles');
    await importLabels(db, given(['lamp', 'Home > Lamps']));
    expect(await taxon.owner.value(`select l2 from training_labels(null, '', 10)`)).toBe(lamps);
  });

  test('of a run that is none is refused', async () => {
    expect(await failure(undoRun(db, 4711))).toMatchObject({
      message: 'there is no run 4711',
      hint: expect.stringContaining('runs'),
    });
  });
});
