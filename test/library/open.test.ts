import { afterAll, beforeAll, describe, expect, inject, onTestFinished, test } from 'vitest';
import { openTaxon, TaxonError } from '../../src/library/index.ts';
import type { Taxon } from '../../src/library/types.ts';
import { setLogLevel } from '../../src/log.ts';
import { startSimulator } from '../../src/simulator/simulator.ts';
import { postgres, temporaryDataDir } from '../support/cluster.ts';
import { taxonHere } from '../support/command.ts';
import { testDatabase } from '../support/database.ts';
import { look, settled } from '../support/rows.ts';
import { shopOfFile, untrainedShop } from '../support/shop.ts';
import { labelled, newNames } from '../support/shop-names.ts';

const shop = shopOfFile();
let taxon: Taxon;

beforeAll(async () => {
  taxon = await openTaxon({
    databaseUrl: shop.url,
    encoder: inject('encoder'),
    encoderThreads: 1,
    llmProvider: 'none',
  });
});
afterAll(async () => {
  await taxon?.close();
  setLogLevel('info'); // the library has made it warn
});

describe('classify', () => {
  const names = [
    labelled[0]?.name ?? '',
    `${labelled[3]?.name} 2`,
    '',
    ...newNames(5, 70_000).map(({ name }) => name),
  ];

  test('says what the command says', async () => {
    const { stdout } = await taxonHere(['classify'], { DATABASE_URL: shop.url }, `${names.join('\n')}\n`);
    const printed = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(await taxon.classify(names)).toEqual(printed);
    expect(printed.map(({ layer }) => layer).slice(0, 3)).toEqual(['exact', 'similar', null]);
  });

  test('takes names as they come, and the layers that are asked for', async () => {
    async function* coming() {
      yield* names;
    }
    const layers: unknown[] = [];
    for await (const { layer } of taxon.classifyEach(coming(), { layers: ['exact'] })) layers.push(layer);
    expect(layers).toEqual(['exact', ...names.slice(1).map(() => null)]);
  });

  test('asks the LLM only when told to, and says what is missing for it', async () => {
    await expect(taxon.classify(['x'], { llm: true })).rejects.toMatchObject({
      message: expect.stringContaining('no provider is configured'),
      hint: expect.stringContaining('OPENAI_API_KEY'),
    });
  });
});

test('lookUp says what memory has', async () => {
  const [found] = await taxon.lookUp(labelled[0]?.name.toUpperCase() ?? '');
  expect(found).toMatchObject({
    layer: 'exact',
    path: labelled[0]?.path.join(' > '),
    similarity: 1,
    blocked_by: null,
  });
  expect(await taxon.lookUp('Zyxqua')).toEqual([]);
});

describe('import', () => {
  test('rows, a query and a file give the same labels as the command', async () => {
    const rows = [
      {
        name: 'Bread knife 20 cm',
        path: ['Home', 'Kitchen', 'Knives'],
        source: 'human' as const,
        externalId: 17,
      },
      {
        name: 'Garden gnome',
        path: 'Garden > Ornaments > Gnomes',
        labelledAt: new Date('2026-01-02T03:04:05Z'),
      },
    ];
    expect(await taxon.importLabels(rows, { source: 'llm' })).toMatchObject({
      rows: 2,
      added: 2,
      categories: 3,
    });
    const query = `select 'Garden gnome' as name, 'Garden > Ornaments > Gnomes' as path, 'llm' as source`;
    expect(await taxon.importLabels({ query })).toMatchObject({ rows: 1, unchanged: 1 });
    const stored = await shop.db.rows(
      `select name_key, source, taxon.category_path(category_id) as path from taxon.labels where name_key ~ 'knife 20|gnome' order by 1`,
    );
    expect(stored).toEqual([
      { name_key: 'bread knife 20 cm', source: 'human', path: 'Home > Kitchen > Knives' },
      { name_key: 'garden gnome', source: 'llm', path: 'Garden > Ornaments > Gnomes' },
    ]);
    expect(await shop.db.row(`select external_id from taxon.categories where name = 'Knives'`)).toEqual({
      external_id: '17',
    });
  });

  test.each([
    [{ name: ' ', path: ['a'] }, 'row 2: the name is empty'],
    [{ name: 'x' }, 'row 2: the category is missing'],
    [{ name: 'x', path: ['a', ''] }, 'row 2: a level of the path is empty'],
    [{ name: 'x', path: 'a', source: 'me' as 'human' }, 'row 2: the source is not llm, human or import'],
    [{ name: 'x', path: 'a', labelledAt: 'yesterday' }, 'row 2: labelledAt is no date'],
  ])('a bad row is named and nothing is imported: %j', async (row, message) => {
    const before = await shop.db.row('select count(*) from taxon.labels');
    const fault = await taxon.importLabels([{ name: 'good', path: 'a > b' }, row]).catch((error) => error);
    expect(fault).toBeInstanceOf(TaxonError);
    expect(fault.message).toContain(message);
    expect(await shop.db.row('select count(*) from taxon.labels')).toEqual(before);
  });
});

test('a sidecar of this process answers products with the LLM, and close() stops it', async () => {
  const fresh = newNames(20, 90_000);
  const simulator = await startSimulator({ truth: new Map(), errorRates: [0, 0, 0] });
  onTestFinished(() => simulator.close());
  const own = await openTaxon({
    databaseUrl: shop.url,
    encoder: inject('encoder'),
    encoderThreads: 1,
    llmBaseUrl: simulator.url,
    llmModel: 'simulated-llm',
    llmWaitMs: 100,
  });
  const { worker } = await own.startSidecar({ retrain: false });
  expect((await own.health()).find(({ item }) => item === 'sidecars')?.detail).toContain(worker);
  const products = fresh.map(({ name }, i) => ({ name, externalId: `p${i}` }));
  expect(await own.importProducts([...products, { name: null }])).toEqual({
    rows: 21,
    done: 0,
    pending: 20,
    failed: 1,
  });
  const counts = await settled(shop.db);
  expect((counts.local ?? 0) + (counts.llm ?? 0) + (counts.similar ?? 0)).toBe(20);
  expect(await shop.db.row(`select count(*) as n from taxon.products where external_id like 'p%'`)).toEqual({
    n: 20,
  });
  await own.close();
  await own.close();
  expect(await shop.db.rows('select from taxon_internal.sidecars')).toEqual([]);
});

test('train makes a champion of memory', async () => {
  const database = await untrainedShop();
  onTestFinished(() => database.drop());
  const own = await openTaxon({
    databaseUrl: database.url,
    encoder: inject('encoder'),
    encoderThreads: 1,
  });
  const { gate, model_id, labels } = await own.train({ seed: 1, clean: false });
  expect(labels).toBe(labelled.length);
  expect(gate.promoted).toBe(true);
  const [answer] = await own.classify(['electric kettle Norvel A100 sel'], { layers: ['local'] });
  expect(answer).toMatchObject({ layer: 'local', path: 'Home > Kitchen > Kettles' });
  await own.close();
  const db = look(database.url);
  onTestFinished(() => db.close());
  expect(await db.row('select model_id from taxon.champion()')).toEqual({ model_id });
});

describe('opening', () => {
  test('a database that was never migrated says so; migrate: true makes the schemas', async () => {
    const database = await testDatabase({ template: false });
    onTestFinished(() => database.drop());
    await expect(openTaxon({ databaseUrl: database.url })).rejects.toMatchObject({
      hint: 'Run: taxon migrate',
    });
    const own = await openTaxon({ databaseUrl: database.url, migrate: true });
    expect((await own.health()).length).toBeGreaterThan(5);
    await own.close();
  });

  test('a setting that cannot be is named', async () => {
    await expect(openTaxon({ databaseUrl: shop.url, llmBatch: 0 })).rejects.toMatchObject({
      message: expect.stringContaining('llmBatch = 0'),
      exitCode: 2,
    });
  });

  test('without an address there is a private cluster, which close() stops', async () => {
    const { dataDir, remove } = temporaryDataDir();
    onTestFinished(remove);
    const own = await openTaxon({ dataDir, postgres, migrate: true });
    expect(own.databaseUrl).toContain('/taxon');
    await own.close();
    const again = look(own.databaseUrl);
    await expect(again.rows('select 1')).rejects.toThrow();
    await again.close();
  });
});
