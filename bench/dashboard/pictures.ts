// Pictures of the page for the docs, and how soon it is there: over a shop that the demo has filled.
//
//   taxon demo --once full && node bench/dashboard/pictures.ts            writes docs/pictures/*.png
//   node bench/dashboard/pictures.ts --all FOLDER                         every screen, three widths, both colours
import { mkdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import { findDatabase } from '../../src/cluster/resolve.ts';
import { loadConfig, packageRoot } from '../../src/config.ts';
import { startDashboard } from '../../src/dashboard/server.ts';
import { openDatabase } from '../../src/database/connection/open.ts';
import { startBrowser } from '../../test/support/chromium.ts';

/** Looks at the first paint: the first after the server's start, and warm ones. */
const looks = 5;
/** Larger pictures do not belong into the docs. */
const mostBytes = 150_000;
const inDocs = { overview: 'overview', review: 'review/checks', thresholds: 'thresholds' };
const screens = [
  'overview',
  'review/checks',
  'review/audits',
  'review/mistakes',
  'thresholds',
  'models',
  'taxonomy',
  'ledger',
  'product',
  'product/1',
];

const config = loadConfig();
const db = openDatabase(await findDatabase(config, ['taxon_demo', 'taxon']), config, 'taxon dashboard');
await judgeSome();
const page = await startDashboard(db, { host: '127.0.0.1', port: 0 });
const browser = await startBrowser();
const all = process.argv[2] === '--all' ? (process.argv[3] ?? '.') : null;
try {
  if (all !== null) await everything(browser, all);
  else {
    await firstPaint(browser);
    await forDocs(browser);
  }
} finally {
  await browser.close();
  await page.close();
  await db.close();
}

/** So that thresholds have points: a simulated person judges 240 answers of the demo, one in twelve wrong. */
async function judgeSome(): Promise<void> {
  if (!db.url.includes('taxon_demo')) return;
  const { n } = await db.row<{ n: number }>(
    `select count(*) as n from ${db.internal}checks where verdict is not null`,
  );
  await db.rows(`select from ${db.at}draw_checks(${n >= 240 ? 60 : 300})`);
  if (n >= 240) return;
  await db.rows(
    `select count(x) from (select check_id, row_number() over (order by check_id) as nth from ${db.at}open_checks()) o,
       ${db.internal}judge(o.check_id, o.nth % 12 <> 0) x where o.nth <= 240`,
  );
}

async function opened(width: number, colorScheme: 'light' | 'dark', height = 900) {
  const context = await browser.newContext({ viewport: { width, height }, colorScheme });
  const tab = await context.newPage();
  tab.on('console', (message) => message.type() === 'error' && console.error(message.text()));
  await tab.goto(page.link as string);
  await tab.locator('.stat-value').first().waitFor();
  return { context, tab };
}

async function firstPaint(from: Browser): Promise<void> {
  for (let look = 1; look <= looks; look++) {
    const context = await from.newContext({ viewport: { width: 1280, height: 900 } });
    const tab = await context.newPage();
    const started = performance.now();
    await tab.goto(page.link as string, { waitUntil: 'commit' });
    await tab.locator('.stat-value').first().waitFor();
    const figures = performance.now() - started;
    const painted = await tab.evaluate(
      () => performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? 0,
    );
    console.log(`look ${look}: first paint ${painted.toFixed(0)} ms, with figures ${figures.toFixed(0)} ms`);
    await context.close();
  }
}

async function forDocs(_: Browser): Promise<void> {
  const folder = join(packageRoot, 'docs/pictures');
  mkdirSync(folder, { recursive: true });
  const { context, tab } = await opened(1200, 'light', 820);
  for (const [name, screen] of Object.entries(inDocs)) {
    await tab.goto(`${page.url}/#/${screen}`);
    await tab.locator('main .panel, main .card').first().waitFor();
    await tab.waitForTimeout(1500);
    const path = join(folder, `${name}.png`);
    await tab.screenshot({ path });
    const { size } = statSync(path);
    console.log(`${path} ${size}`);
    if (size > mostBytes) throw new Error(`${path} has ${size} bytes, at most ${mostBytes}`);
  }
  await context.close();
}

async function everything(_: Browser, folder: string): Promise<void> {
  mkdirSync(folder, { recursive: true });
  for (const width of [375, 800, 1440])
    for (const scheme of ['light', 'dark'] as const) {
      const { context, tab } = await opened(width, scheme);
      for (const screen of screens) {
        await tab.goto(`${page.url}/#/${screen}`);
        await tab.locator('main .panel, main .card').first().waitFor();
        await tab.waitForTimeout(700);
        await tab.screenshot({
          path: join(folder, `${screen.replace('/', '-')}-${width}-${scheme}.png`),
          fullPage: true,
        });
      }
      await context.close();
    }
}
