import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { XrayReport } from '../../src/xray/types.ts';
import { cacheDir } from '../support/cluster.ts';
import { taxonHere } from '../support/command.ts';
import { type TestDatabase, testDatabase } from '../support/database.ts';
import { ownShop, putShop, shopCsv } from '../support/own-shop.ts';
import { ownTmpdir } from '../support/own-tmpdir.ts';
import { startTaxon } from '../support/processes.ts';

const folder = ownTmpdir('taxon-x-ray-');
const shop = ownShop(1200);
const file = join(folder, 'history.csv');
const leftovers = () => readdirSync(folder).filter((name) => name.startsWith('pgtaxon-xray-'));
let database: TestDatabase;

/** In a temporary folder of its own, so that what is left would be seen. */
const environment = () => ({
  DATABASE_URL: database.superUrl,
  TMPDIR: folder,
  TAXON_DATA_DIR: join(cacheDir, '..'),
});
const taxon = (...args: string[]) => taxonHere(['x-ray', ...args], environment());

beforeAll(async () => {
  database = await testDatabase({ template: false });
  await putShop(database.superUrl, shop);
  writeFileSync(file, shopCsv(shop));
});
afterAll(() => database?.drop());

describe('taxon x-ray', () => {
  let ofFile: XrayReport;

  it('of a file: JSON alone on standard output, a page, and nothing left', async () => {
    const page = join(folder, 'picture.html');
    const { code, stdout, stderr } = await taxon(
      file,
      '--json',
      '--html',
      page,
      '--price-in',
      '1',
      '--price-out',
      '4',
    );
    expect({ code, stderr }).toMatchObject({ code: 0 });
    ofFile = JSON.parse(stdout);
    expect(ofFile).toMatchObject({
      source: { kind: 'file', name: file },
      names: { rows: shop.rows.length, empty: shop.planted.empty, repeats: shop.planted.repeats },
      labels: { unlabelled: shop.planted.unlabelled },
      ordered: 'time',
    });
    const { now, month } = ofFile.savings as NonNullable<XrayReport['savings']>;
    expect(now.dollars).toBeCloseTo((now.tokensIn + 4 * now.tokensOut) / 1e6, 4);
    expect(month.from).toBe('own times');
    expect(readFileSync(page, 'utf8')).toContain('<h2>What you would save</h2>');
    expect(leftovers()).toEqual([]);
  });

  it('of the table says the same of names and labels, and knows the empty leaves', async () => {
    const { code, stdout } = await taxon('shop.order_products', '--json');
    expect(code).toBe(0);
    const report = JSON.parse(stdout) as XrayReport;
    expect(report).toMatchObject({
      source: { kind: 'table', name: 'shop.order_products' },
      names: ofFile.names,
      savings: { shares: ofFile.savings?.shares },
    });
    expect(report.taxonomy?.without?.count).toBeGreaterThanOrEqual(shop.planted.emptyLeaves);
    expect(ofFile.taxonomy?.without).toBeNull();
  });

  it('of a query without labels says what is missing, in 80 columns', async () => {
    const { code, stdout } = await taxon(
      '--query',
      'select title as name from shop.order_products limit 300',
    );
    expect(code).toBe(0);
    expect(stdout).toMatch(/^X-RAY OF --query {2,}300 rows/);
    expect(stdout).toContain('No row has a category');
    for (const line of stdout.split('\n')) expect([...line].length).toBeLessThanOrEqual(80);
  });

  it('refuses what it cannot read, before anything is started', async () => {
    const cases = [
      [[], 'give a file, a table or --query'],
      [['shop.nothing'], 'there is no table shop.nothing'],
      [['shop.order_products', '--name', 'titel'], 'shop.order_products has no such column'],
      [[file, '--categories', 'shop.categories'], '--categories goes with a table'],
      [[file, '--price-in', '1'], '--price-in and --price-out go together'],
      [[file, '--name', 'nothing'], 'has no column nothing'],
      [['--query', 'delete from shop.customers'], 'relation'],
    ] as const;
    for (const [args, says] of cases.slice(0, -1)) {
      const { code, stdout, stderr } = await taxon(...args);
      expect({ args, code, stdout }).toEqual({ args, code: 2, stdout: '' });
      expect(stderr).toContain(says);
    }
    expect((await taxon('--query', 'delete from shop.customers returning id::text as name')).code).toBe(2);
  });

  it('interrupted it ends, and nothing is left', async () => {
    const running = startTaxon(['x-ray', file], environment());
    await running.says('looking for near names');
    expect(leftovers()).toHaveLength(1);
    expect(await running.kill('SIGINT')).toBe(1);
    expect(running.stderr()).toContain('interrupted; nothing was changed');
    expect(leftovers()).toEqual([]);
  });
});
