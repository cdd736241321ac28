import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { loadConfig } from '../../../src/config.ts';
import { type Database, openDatabase } from '../../../src/database/connection/open.ts';
import { saveEmbeddings } from '../../../src/database/queue.ts';
import { registerEncoder } from '../../../src/database/registry.ts';
import { datasetFacts, scriptOf } from '../../../src/train/data/facts.ts';
import { partOf, partsBy } from '../../../src/train/data/split.ts';
import { taxonHere } from '../../support/command.ts';
import { taxonDatabase } from '../../support/sql.ts';

const taxon = taxonDatabase();
const signal = new AbortController().signal;
let db: Database;

beforeAll(() => {
  db = openDatabase(taxon.database.url, loadConfig({}, {}));
});
afterAll(() => db.close());

async function fill(): Promise<string[]> {
  const names = Array.from({ length: 7 }, (_, i) => `kettle ${i}`);
  for (const name of names) await taxon.label(name, 'Home > Kitchen > Kettles');
  await taxon.label('чайник', 'Home > Kitchen', 'human');
  await taxon.label('чайник bosch', 'Home', 'import');
  await taxon.label('12345', 'Food > Tea > Black');
  await taxon.label('gone', 'Food > Tea > Green');
  await taxon.owner.rows(`update categories set retired_at = now() where name = 'Green'`);
  return [...names, 'чайник', 'чайник bosch', '12345'];
}

describe('datasetFacts', () => {
  test('counts what would train', async () => {
    const names = await fill();
    const encoder = await registerEncoder(db, 'e', 1);
    await saveEmbeddings(db, encoder, ['чайник', 'gone'], [Float32Array.of(1), Float32Array.of(1)]);
    const facts = await datasetFacts(db, encoder, { signal });
    const inPart = (part: string, of = partOf) => names.filter((name) => of(name) === part).length;
    expect(facts).toMatchObject({
      labels: 11,
      usable: 10,
      retired: 1,
      unencoded: 9,
      sources: { llm: 8, human: 1, import: 1 },
      depths: { l1: 1, l2: 1, l3: 8 },
      scripts: { latin: 7, cyrillic: 1, mixed: 1, other: 1 },
      parts: { train: inPart('train'), valid: inPart('valid'), test: inPart('test') },
      small_below: 5,
      conflicts: { count: 0, latest: [] },
    });
    expect(facts.levels.l1).toEqual({
      classes: 2,
      rows: 10,
      largest: { path: 'Home', rows: 9 },
      median: 5,
      small: 1,
      smallest: [{ path: 'Food', rows: 1 }],
    });
    expect(facts.levels.l3).toMatchObject({ classes: 2, rows: 8, median: 4 });
    await taxon.owner.rows(
      `insert into checks (name_key, layer, strategy, weight) values ('kettle 1', 'local', 'uniform', 1), ('kettle 2', 'similar', 'audit', 1)`,
    );
    expect(await datasetFacts(db, encoder, { signal })).toMatchObject({ labels: 11, usable: 9, sealed: 1 });
    await taxon.owner.rows('delete from checks');
    const half = await datasetFacts(db, null, { signal, testShare: 0.5 });
    expect(half).toMatchObject({ unencoded: 10, parts: { test: inPart('test', partsBy(0.5)) } });
  });

  test('lists the labels that changed their category, the latest first, each name once', async () => {
    await fill();
    const set = async (name: string, path: string) =>
      taxon.owner.rows(
        'update labels set category_id = $2 where name_key = $1',
        name,
        await taxon.category(path),
      );
    await set('kettle 1', 'Food');
    await set('kettle 2', 'Food');
    await set('kettle 1', 'Home');
    await taxon.owner.rows(`update labels set source = 'human' where name_key = 'kettle 3'`);
    const { conflicts } = await datasetFacts(db, null, { signal });
    expect(conflicts.count).toBe(2);
    expect(conflicts.latest).toMatchObject([
      { name_key: 'kettle 1', before_path: 'Food', after_path: 'Home', after_source: 'llm' },
      { name_key: 'kettle 2', before_path: 'Home > Kitchen > Kettles', after_path: 'Food' },
    ]);
  });

  test('of an empty memory are zeros', async () => {
    const facts = await datasetFacts(db, null, { signal });
    expect(facts).toMatchObject({ labels: 0, parts: { train: 0, valid: 0, test: 0 } });
    expect(facts.levels.l1).toEqual({
      classes: 0,
      rows: 0,
      largest: null,
      median: 0,
      small: 0,
      smallest: [],
    });
  });
});

test.each([
  ['mleko łaciate', 'latin'],
  ['молоко 1 л', 'cyrillic'],
  ['чехол iphone', 'mixed'],
  ['12/34', 'other'],
  ['お茶', 'other'],
])('scriptOf %s is %s', (name, script) => {
  expect(scriptOf(name)).toBe(script);
});

describe('taxon train --dry-run', () => {
  const run = (...args: string[]) =>
    taxonHere(['train', '--dry-run', ...args], { DATABASE_URL: taxon.database.url });

  test('prints the facts and writes nothing', async () => {
    await fill();
    const { code, stdout } = await run('--json', '--test-share', '0');
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      encoder: expect.stringContaining('small-encoder'),
      usable: 10,
      unencoded: 10,
      parts: { test: 0 },
    });
    expect((await run()).stdout).toMatch(
      /10 of 11 labels can train; 1 are of retired categories, 0 are sealed[\s\S]*under 5 rows/,
    );
    expect(
      await taxon.owner.row(
        'select (select count(*) from encoders) e, (select count(*) from training_runs) r, (select count(*) from embeddings) n',
      ),
    ).toEqual({ e: 0, r: 0, n: 0 });
  });

  test('a share that cannot be, or a file beside it, is misuse', async () => {
    expect(await run('--test-share', '.6')).toMatchObject({ code: 2, stderr: expect.stringContaining('.5') });
    expect(await run('--from', 'x.csv', '--out', 'y')).toMatchObject({ code: 2 });
  });
});
