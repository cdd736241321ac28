import { readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { beforeAll, describe, expect, it } from 'vitest';
import { loadConfig } from '../../src/config.ts';
import { openDatabase } from '../../src/database/connection/open.ts';
import { readOnly } from '../../src/database/connection/read-only.ts';
import { likelyShapes } from '../../src/database/shop/guess.ts';
import { shapeNamed } from '../../src/database/shop/read.ts';
import { xrayPage } from '../../src/xray/page.ts';
import { readTable } from '../../src/xray/rows.ts';
import { screen } from '../../src/xray/screen.ts';
import type { Input, XrayReport } from '../../src/xray/types.ts';
import { xray } from '../../src/xray/xray.ts';
import { postgres } from '../support/cluster.ts';
import { testDatabase } from '../support/database.ts';
import { ownShop, putShop } from '../support/own-shop.ts';
import { ownTmpdir } from '../support/own-tmpdir.ts';

const config = { ...loadConfig(), postgres };
const shop = ownShop(1500);
ownTmpdir('taxon-xray-');
const leftovers = () =>
  readdirSync(tmpdir()).filter((name) => name.startsWith(`pgtaxon-xray-${process.pid}-`));
const options = { signal: new AbortController().signal };

describe('an x-ray of a shop of its own table', () => {
  let input: Input;
  let report: XrayReport;

  beforeAll(async () => {
    const database = await testDatabase({ template: false });
    await putShop(database.superUrl, shop);
    const raw = openDatabase(database.superUrl, config, 'test');
    const db = readOnly(raw);
    const before = await raw.rows('select relname from pg_class order by 1');
    await expect(db.rows('create table public.made (i integer)')).rejects.toThrow(/read-only/);
    const [likely] = await likelyShapes(db);
    expect(likely).toMatchObject({
      table: { schema: 'shop', name: 'order_products' },
      key: ['id'],
      name: 'title',
      labels: 'category_id',
      categories: { table: { name: 'categories' }, id: 'id', parent: 'parent_id', name: 'name' },
      at: 'created_at',
    });
    input = await readTable(db, await shapeNamed(db, 'shop.order_products', {}));
    report = await xray(input, config, { ...options, namesPerMonth: 20_000 });
    expect(await raw.rows('select relname from pg_class order by 1')).toEqual(before);
    await raw.close();
    await database.drop();
  });

  it('leaves nothing behind', () => {
    expect(leftovers()).toEqual([]);
  });

  it('counts what was planted', () => {
    const { planted, rows } = shop;
    expect(report.names).toMatchObject({
      rows: rows.length,
      empty: planted.empty,
      distinct: rows.length - planted.empty - planted.repeats,
      repeats: planted.repeats,
      respelt: planted.respelt,
    });
    expect(input.ordered).toBe('time');
    const faults = Object.fromEntries(report.faults.map(({ what, times }) => [what, times]));
    expect(faults).toMatchObject({
      'rows without a name': planted.empty,
      'HTML entities in names': planted.entities,
      'rows without a label': planted.unlabelled,
    });
    expect(report.labels).toMatchObject({ unlabelled: planted.unlabelled });
    expect(report.taxonomy?.twins).toMatchObject({ count: planted.twins });
    expect(report.taxonomy?.without?.examples).toEqual(
      expect.arrayContaining(['Outlet > Nothing yet 1', 'Outlet > Nothing yet 2']),
    );
  });

  it('counts every row of the history once, and routes the newest fifth', () => {
    const labelled = shop.rows.length - shop.planted.empty - shop.planted.unlabelled;
    expect(report.history).toHaveLength(5);
    expect(report.history.reduce((sum, { rows }) => sum + rows, 0)).toBe(labelled);
    expect(report.history[0]).toMatchObject({ memory: 0, similar: null });
    const { shares, wrong, saved, now, then, month } = report.savings as NonNullable<XrayReport['savings']>;
    expect(shares.exact + shares.similar + shares.local + shares.llm.share).toBeCloseTo(1, 6);
    expect(shares.llm.low).toBeLessThanOrEqual(shares.llm.share);
    expect(shares.llm.high).toBeGreaterThanOrEqual(shares.llm.share);
    expect(wrong.all).toBeGreaterThan(0);
    expect(saved).toBeCloseTo(1 - (then.tokensIn + then.tokensOut) / (now.tokensIn + now.tokensOut), 3);
    expect(month).toEqual({ names: 20_000, from: 'given' });
  });

  it('says roughly how many labels are wrong', () => {
    const { noise, suspects } = report.labels as NonNullable<XrayReport['labels']>;
    const distinct = report.names.distinct;
    expect(noise?.rough).toBe(true);
    expect(Math.abs((noise?.share ?? 0) - shop.planted.wrong / distinct)).toBeLessThan(0.1);
    expect(suspects.length).toBeGreaterThan(0);
  });

  it('is a screen of 80 columns and a page without a script', () => {
    const lines = screen(report).split('\n');
    expect(Math.max(...lines.map((line) => [...line].length))).toBeLessThanOrEqual(80);
    expect(lines).toContain('WHAT YOU WOULD SAVE');
    const page = xrayPage(report);
    expect(page).not.toMatch(/<script|https?:\/\//);
    expect(page).toContain('What you would save');
  });
});

describe('what it is given', () => {
  const input = (names: readonly string[]): Input => ({
    source: { kind: 'file', name: '<img onerror=alert(1)>.csv' },
    read: names.length,
    rows: names.map((name, i) => ({ where: `line ${i + 2}`, name, path: [], category: null, at: null })),
    ordered: 'as read',
    faults: [{ what: 'HTML entities in names', times: 1, places: ['line 2: <img src=x onerror=alert(1)>'] }],
    categories: null,
    notes: [],
  });

  it('without labels it counts names and doubles, and says what is missing', async () => {
    const names = Array.from({ length: 40 }, (_, i) => `kettle number ${i} of steel`);
    const report = await xray(input([...names, '<img src=x onerror=alert(1)>']), config, options);
    expect(report).toMatchObject({ labels: null, savings: null, local: null, taxonomy: null, history: [] });
    expect(report.names.near.share).toBeGreaterThan(0.9);
    expect(report.missing.join(' ')).toMatch(/No row has a category/);
    const page = xrayPage(report);
    expect(page).not.toContain('<img');
    expect(page).toContain('&lt;img');
    expect(screen(report)).not.toMatch(/undefined|NaN/);
    expect(leftovers()).toEqual([]);
  });

  it('is stopped by its signal, and leaves nothing', async () => {
    const stopped = AbortSignal.abort(new Error('enough'));
    await expect(xray(input(['kettle', 'lamp']), config, { signal: stopped })).rejects.toThrow('enough');
    expect(leftovers()).toEqual([]);
  });

  it('without a name it is refused', async () => {
    await expect(xray(input([]), config, options)).rejects.toThrow(/has no row with a name/);
  });
});
