import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Database, openDatabase } from '../../src/database/connection/open.ts';
import { importLabels } from '../../src/import/labels.ts';
import { type Row, readRows } from '../../src/import/read.ts';
import { taxonDatabase } from '../support/sql.ts';
import { waitsForLock } from '../support/waits-for-lock.ts';
import { failure, fileWith, fixture, given, memoryOf } from './files.ts';

const taxon = taxonDatabase();
const config = { schema: 'taxon', poolSize: 3 };
let db: Database;
beforeAll(() => {
  db = openDatabase(taxon.database.url, config);
});
afterAll(() => db.close());

const memory = () => memoryOf(taxon);
const categories = () => taxon.owner.value<number>('select count(*) from categories');

describe('a file', () => {
  test('makes labels and the categories that it meets, with the source of the row or of the command', async () => {
    await taxon.category('x > y');
    const file = fileWith('labels.csv', 'name,l1,l2,l3,source\nКефир 1 Л,x,y,z,\nB,x,y,,human\nC,w,,,\n');
    expect(await importLabels(db, readRows(file), { source: 'llm' })).toMatchObject({
      rows: 3,
      names: 3,
      added: 3,
      changed: 0,
      unchanged: 0,
      categories: 2,
      lost: 0,
      losers: [],
    });
    expect(await memory()).toEqual({ 'кефир 1 л': 'x > y > z (llm)', b: 'x > y (human)', c: 'w (llm)' });
  });

  test('what COPY and arrays treat specially goes through unchanged', async () => {
    const name = 'back\\slash \\N "quotes" {braces} \\. 27"';
    const level = 'a "b", {c} \\d \\N';
    await importLabels(db, given([name, `${level} > e`], ['tab\there\r\nthere', 'x'], ['\\.', 'NULL']));
    expect(await memory()).toEqual({
      [name.toLowerCase()]: `${level} > e (import)`,
      'tab here there': 'x (import)',
      '\\.': 'NULL (import)',
    });
  });

  test('that makes memory large is signed for similar look-up, and one that leaves it small is not', async () => {
    const signed = () => taxon.owner.value<number>('select count(*) from label_signatures');
    await taxon.owner.rows(`select set_setting('signatures_from', '3')`);
    await importLabels(db, given(['red kettle', 'x'], ['blue kettle', 'x']));
    expect(await signed()).toBe(0);
    await importLabels(db, given(['green kettle', 'x'], ['steel kettle', 'x']));
    expect(await signed()).toBe(4);
  });

  test('leaves no list of new entries in the index of similar look-up, which each look-up would read', async () => {
    await importLabels(db, given(['yellow kettle', 'x'], ['black kettle', 'x']));
    // how many pages of it there still were
    expect(await taxon.owner.value(`select gin_clean_pending_list('labels_trigrams')`)).toBe(0);
  });

  test('parquet', async () => {
    expect(await importLabels(db, readRows(fixture('levels.parquet')))).toMatchObject({
      added: 5,
      categories: 7,
    });
    expect(await memory()).toMatchObject({ 'szal wełniany': 'Moda (import)' });
  });

  test('a bad line imports nothing, and the connection goes on', async () => {
    const good = Array.from({ length: 6000 }, (_, i) => `name ${i},x,y`).join('\n');
    const file = fileWith('bad.csv', `name,l1,l2\n${good}\nbad,,y\ngood,x,y\n`);
    const error = await failure(importLabels(db, readRows(file)));
    expect(error.message).toBe(
      `${file}, line 6002: a hole in the path: level 1 is empty and level 2 is not: bad |  | y`,
    );
    expect(await memory()).toEqual({});
    expect(await categories()).toBe(0);
    expect(await taxon.owner.value('select count(*) from import_rows')).toBe(0);
    expect(await importLabels(db, given(['A', 'x']))).toMatchObject({ added: 1 });
  });

  test('an interruption imports nothing', async () => {
    const controller = new AbortController();
    async function* endless(): AsyncGenerator<Row> {
      for (let line = 1; ; line++) {
        if (line === 10_000) controller.abort(new Error('enough'));
        yield { line, name: `name ${line}`, path: ['x'], source: null };
      }
    }
    const error = await failure(importLabels(db, endless(), { signal: controller.signal }));
    expect(error.message).toBe('enough');
    expect(await memory()).toEqual({});
  });

  test('what somebody left in import_rows is not imported along', async () => {
    await taxon.owner.rows(
      `insert into import_rows (line, name, path, source) values (1, 'left', '{x}', 'human')`,
    );
    expect(await importLabels(db, given(['A', 'x']))).toMatchObject({ rows: 1 });
    expect(Object.keys(await memory())).toEqual(['a']);
  });
});

describe('afterwards', () => {
  test('rows that waited are answered, and stored embeddings are marked as labelled', async () => {
    const waiting = await taxon.insert('Kettle');
    const other = await taxon.insert('Unknown thing');
    await taxon.owner.rows(`select register_encoder('test', 2)`);
    await taxon.owner.rows(`select save_embeddings(1, '{kettle,unknown thing}', '{"[1,0]","[0,1]"}')`);
    expect(waiting.state).toBe('pending');
    expect(await importLabels(db, given(['KETTLE ', 'home > kitchen']))).toMatchObject({ settled: 1 });
    expect(await taxon.product(waiting.product_id)).toMatchObject({ state: 'done', source: 'exact' });
    expect(await taxon.product(other.product_id)).toMatchObject({ state: 'pending' });
    expect(await taxon.queued()).toEqual(['unknown thing']);
    expect(await taxon.owner.value('select count(*) from embeddings where labelled')).toBe(1);
    expect((await taxon.insert(' kettle')).source).toBe('exact');
  });

  test('the guard learns from a large import and not from a small one', async () => {
    const makers = ['Norvel', 'Kasta', 'Bravix', 'Olmeko', 'Tarvo', 'Lumisa', 'Ferrin', 'Zubra'];
    const phones = makers.flatMap((maker): [string, string][] => [
      [`${maker} smartphone one`, 'x > phones'],
      [`${maker} smartphone one case`, 'x > cases'],
      [`${maker} smartphone one black`, 'x > phones'],
    ]);
    const filler = Array.from({ length: 300 }, (_, i): [string, string] => [`thing ${i}`, 'y']);
    const large = await importLabels(db, given(...phones, ...filler));
    expect(large.blocking_words).toBeGreaterThan(0);
    expect(
      await taxon.owner.rows('select token from guard_tokens where decides or categories is not null'),
    ).toContainEqual({
      token: 'case',
    });
    expect((await importLabels(db, given(['one more', 'y']))).blocking_words).toBeNull();
  });
});

test('imports of the same names at once go one after the other', async () => {
  async function* rows(category: string, backwards: boolean): AsyncGenerator<Row> {
    for (let line = 1; line <= 2000; line++)
      yield { line, name: `name ${backwards ? 2001 - line : line}`, path: ['x', category], source: null };
  }
  const results = await Promise.all([
    importLabels(db, rows('a', false)),
    importLabels(db, rows('b', true)),
    importLabels(db, rows('c', false)),
  ]);
  expect(results.map((result) => result.added).sort()).toEqual([0, 0, 2000]);
  expect(results.map((result) => result.changed).sort()).toEqual([0, 2000, 2000]);
  expect(await taxon.owner.value('select count(distinct category_id) from labels')).toBe(1);
});

test.each(['import', 'taxonomy'])('an import waits for whoever holds the lock "%s"', async (lock) => {
  const path = 'taxon, taxon_internal';
  const [holder, waiting] = [await taxon.connect(undefined, path), await taxon.connect(undefined, path)];
  await holder.rows('begin');
  await holder.rows('select hold_lock($1)', lock);
  const begun = waiting.value<number>(`select run_id from begin_import('spring list', 'labels.csv')`);
  const tooSoon = begun.then(() => expect.unreachable('it did not wait'));
  await Promise.race([waitsForLock(waiting, holder), tooSoon]).finally(() => holder.rows('commit'));
  expect(await begun).toBeGreaterThan(0);
});

test('an admin, who may make no tables, can import', async () => {
  const admin = openDatabase(await taxon.database.urlFor('taxon_admin'), config);
  try {
    expect(await importLabels(admin, given(['A', 'x > y']), { treeLevels: '1,2,3' })).toMatchObject({
      added: 1,
    });
  } finally {
    await admin.close();
  }
});

test('12,000 rows of 500 characters go through in little memory', async () => {
  setFlagsFromString('--expose-gc');
  const collectGarbage: () => void = runInNewContext('gc');
  const held = () => {
    collectGarbage();
    const { heapUsed, external } = process.memoryUsage();
    return heapUsed + external;
  };
  const before = held();
  let highest = 0;
  async function* rows(): AsyncGenerator<Row> {
    for (let line = 1; line <= 12_000; line++) {
      // if all rows were held, or written faster than they are sent: over 500 bytes each, 6 MB in the end; it is 1 MB
      if (line % 4000 === 0) highest = Math.max(highest, held() - before);
      yield {
        line,
        name: `${line} ${'x'.repeat(500)}`,
        path: [`l${line % 10}`, `m${line % 50}`],
        source: null,
      };
    }
  }
  // the names are not signed, which takes as long again
  await taxon.owner.rows(`select set_setting('signatures_from', '1000000')`);
  expect(await importLabels(db, rows())).toMatchObject({ rows: 12_000, added: 12_000, categories: 60 });
  console.log('HIGH', highest);
  expect(highest).toBeLessThan(3e6);
});
