import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Database, openDatabase } from '../../src/database/connection/open.ts';
import { importLabels } from '../../src/import/labels.ts';
import { readMoment } from '../../src/import/moment.ts';
import { queryRows, type Row, readRows } from '../../src/import/read.ts';
import { taxonHere } from '../support/command.ts';
import { taxonDatabase } from '../support/sql.ts';
import { failure, fileWith, memoryOf } from './files.ts';

const taxon = taxonDatabase();
let db: Database;
beforeAll(() => {
  db = openDatabase(taxon.database.url, { schema: 'taxon', poolSize: 3 });
});
afterAll(() => db.close());

/** Rows from [name, path, labelled_at, source]; their lines count from 2. */
async function* dated(
  ...rows: [name: string, path: string, at: string | null, source?: Row['source']][]
): AsyncGenerator<Row> {
  for (const [i, [name, path, at, source]] of rows.entries())
    yield {
      line: i + 2,
      name,
      path: path.split(' > '),
      source: source ?? null,
      ...(at === null ? {} : { labelledAt: at }),
    };
}

const moments = async () =>
  Object.fromEntries(
    (
      await taxon.owner.rows<{ name_key: string; labelled_at: Date | null }>(
        'select name_key, labelled_at from labels',
      )
    ).map((row) => [row.name_key, row.labelled_at?.toISOString() ?? null]),
  );

describe('a moment', () => {
  test.each([
    ['2026-03-31', '2026-03-31T00:00:00.000Z'],
    ['2024-02-29', '2024-02-29T00:00:00.000Z'],
    ['2026-03-31T08:15', '2026-03-31T08:15:00.000Z'],
    ['2026-03-31 08:15:30.123456+00', '2026-03-31T08:15:30.123Z'],
    ['2026-03-31T08:15:30+05:30', '2026-03-31T02:45:30.000Z'],
    ['2026-03-31 23:30:00-0300', '2026-04-01T02:30:00.000Z'],
  ])('%s', (text, iso) => expect(readMoment(text)).toBe(iso));

  test.each([
    'yesterday',
    '31.03.2026',
    '2026-02-30',
    '2025-02-29',
    '2026-13-01',
    '2026-03-31T24:01',
    '2026-03-31T08:60',
    '2026-03-31T08:15+99',
    '20260331',
    '0000-01-01',
  ])('%s is none', (text) => expect(readMoment(text)).toBeNull());
});

describe('import', () => {
  test('keeps labelled_at of a file; an empty one stays unknown', async () => {
    const file = fileWith(
      'dated.csv',
      'name,l1,Labelled_At\nA,x,2026-01-05\nB,x,2026-01-05 12:00:00+02:00\nC,x,\n',
    );
    await importLabels(db, readRows(file));
    expect(await moments()).toEqual({
      a: '2026-01-05T00:00:00.000Z',
      b: '2026-01-05T10:00:00.000Z',
      c: null,
    });
  });

  test('takes a timestamptz of --query as it comes', async () => {
    const sql = "select 'A' as name, 'x' as path, timestamptz '2026-01-05 10:11:12.5+01' as labelled_at";
    await importLabels(db, queryRows(db, sql));
    expect(await moments()).toEqual({ a: '2026-01-05T09:11:12.500Z' });
  });

  test('a bad date: named by line and content, exit code 1, nothing imported', async () => {
    const file = fileWith('bad-date.csv', 'name,l1,labelled_at\nA,x,2026-01-05\nB,x,2026-02-30\n');
    const { code, stdout, stderr } = await taxonHere(['import', file], { DATABASE_URL: taxon.database.url });
    expect([code, stdout]).toEqual([1, '']);
    expect(stderr).toContain(`${file}, line 3: labelled_at is no date and no timestamp`);
    expect(stderr).toContain('2026-02-30: B | x | 2026-02-30');
    expect(await memoryOf(taxon)).toEqual({});
    const error = await failure(
      importLabels(db, queryRows(db, "select 'A' as name, 'x' as path, 'soon' as labelled_at")),
    );
    expect(error.message).toContain('--query, row 1: labelled_at is no date');
  });
});

describe('conflicts', () => {
  test('the newest by labelled_at wins whatever the line; a dated row is newer than one without', async () => {
    const result = await importLabels(
      db,
      dated(
        ['by date', 'x > new', '2026-03-01'],
        ['by date', 'x > old', '2026-01-01'],
        ['by line', 'x > first', '2026-01-01'],
        ['by line', 'x > last', '2026-01-01'],
        ['half', 'x > dated', '2026-01-01'],
        ['half', 'x > not dated', null],
        ['people', 'x > new', '2026-03-01', 'human'],
        ['people', 'x > old', '2026-01-01', 'human'],
        ['people', 'x > machine', '2026-05-01', 'llm'],
        ['most', 'x > two', '2026-01-01'],
        ['most', 'x > two', '2026-02-01'],
        ['most', 'x > one', '2026-03-01'],
      ),
    );
    expect(await memoryOf(taxon)).toEqual({
      'by date': 'x > new (import)',
      'by line': 'x > last (import)',
      half: 'x > dated (import)',
      people: 'x > new (human)',
      most: 'x > two (import)',
    });
    expect(Object.fromEntries(result.losers.map((l) => [`${l.name}: ${l.lost}`, l.reason]))).toMatchObject({
      'by date: x > old': 'a newer row says otherwise',
      'by line: x > first': 'a later line says otherwise',
      'half: x > not dated': 'a newer row says otherwise',
      'most: x > one': 'most lines say otherwise',
    });
    // since when: the first time that the answer which stands was given
    expect((await moments()).most).toBe('2026-01-01T00:00:00.000Z');
  });

  test('memory stands where both are dated and it is newer; a person still beats it', async () => {
    const labels = (...rows: Parameters<typeof dated>) => importLabels(db, dated(...rows));
    await labels(
      ['newer', 'x > a', '2026-05-01'],
      ['older', 'x > a', '2026-01-01'],
      ['undated', 'x > a', '2026-05-01'],
      ['person', 'x > a', '2026-05-01'],
    );
    const result = await labels(
      ['newer', 'x > b', '2026-03-01'],
      ['older', 'x > b', '2026-03-01'],
      ['undated', 'x > b', null],
      ['person', 'x > b', '2026-03-01', 'human'],
    );
    expect(await memoryOf(taxon)).toEqual({
      newer: 'x > a (import)',
      older: 'x > b (import)',
      undated: 'x > b (import)',
      person: 'x > b (human)',
    });
    expect(result).toMatchObject({ changed: 3, unchanged: 1 });
    expect(result.losers).toContainEqual(
      expect.objectContaining({ name: 'newer', lost: 'x > b', reason: 'memory has a newer label' }),
    );
    expect(await moments()).toMatchObject({ undated: null, older: '2026-03-01T00:00:00.000Z' });
  });

  test('the same answer again tells since when, and is no change of memory', async () => {
    await importLabels(db, dated(['a', 'x', null], ['b', 'x', '2026-02-01'], ['c', 'x', '2026-02-01']));
    const again = () =>
      importLabels(db, dated(['a', 'x', '2026-04-01'], ['b', 'x', '2026-01-01'], ['c', 'x', '2026-03-01']));
    expect(await again()).toMatchObject({ added: 0, changed: 0, unchanged: 3, dated: 2 });
    expect(await moments()).toEqual({
      a: '2026-04-01T00:00:00.000Z',
      b: '2026-01-01T00:00:00.000Z',
      c: '2026-02-01T00:00:00.000Z',
    });
    expect(await again()).toMatchObject({ unchanged: 3, dated: 0 });
    expect(
      await taxon.owner.rows(
        'select name_key from label_changes where (before_category_id, before_source) <> (after_category_id, after_source)',
      ),
    ).toEqual([]);
    // the history knows of the dates alone, so that the run can be taken back
    expect(await taxon.owner.rows('select labels_added, labels_changed from runs')).toEqual([
      { labels_added: 0, labels_changed: 0 },
      { labels_added: 0, labels_changed: 0 },
      { labels_added: 3, labels_changed: 0 },
    ]);
  });
});

test('an answer of the LLM is dated when it is settled', async () => {
  const category = await taxon.category('x > y');
  await taxon.insert('Kettle');
  await taxon.owner.rows(
    `select settle_llm('w', start_call('w', 'answer', 'tree', 'openai', 'm', true, 1, 9, 9, 0, null, name_keys => '{kettle}'),
       jsonb_build_array(jsonb_build_object('name_key', 'kettle', 'category_id', $1::bigint, 'confidence', .9)), '[]', 9, 0, 9, 0, 'm', 'r')`,
    category,
  );
  expect(
    await taxon.owner.value(
      'select labelled_at = created_at and labelled_at > now() - interval $$1 min$$ from labels',
    ),
  ).toBe(true);
});
