import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { axeViolations, drawn, expectNoSidewaysScroll, openScreen, watchedPage } from '../support/browser.ts';
import { chromiumPath } from '../support/chromium.ts';
import { hostile, pageShop } from '../support/page-shop.ts';
import { pageInBrowser } from './page-in-browser.ts';

/** Every screen, in widths and colours, with strangers' names on it. */

let someProduct: number;
const on = pageInBrowser(pageShop, async ({ db }) => {
  const { id } = await db.row<{ id: number }>(
    `select max(product_id) as id from taxon.products where name like '<img%'`,
  );
  someProduct = id;
});

/** The last is that of a stranger's product. */
const screens = [
  'overview',
  'review/checks',
  'review/audits',
  'review/kinds',
  'review/mistakes',
  'thresholds',
  'models',
  'taxonomy',
  'ledger',
  'product',
  'product/…',
];
const addressOf = (screen: string) => screen.replace('…', String(someProduct));

/** Those that show the stranger's name that would run, were it not text. */
const named = new Set(['overview', 'review/audits', 'review/mistakes', 'taxonomy', 'product', 'product/…']);

// One window for all, loaded once for each screen: a window each, and all of them loaded twice, took 29 s of Chromium, this 9 to 12.
let page: Page;
let complaints: string[];
const asked: string[] = [];
beforeAll(async () => {
  if (chromiumPath === undefined) return;
  ({ page, complaints } = await watchedPage(await on.browser.newContext()));
  page.on('request', (request) => asked.push(request.url()));
  await page.goto(on.site.link as string);
  await page.locator('main h1').waitFor();
  expectOnlyOurs();
});
afterAll(() => page?.context().close());

/** Loads a screen at 375 px, and what was complained of and asked for is what this one's load does. */
async function load(screen: string): Promise<void> {
  complaints.length = 0;
  asked.length = 0;
  await page.setViewportSize({ width: 375, height: 800 });
  await page.emulateMedia({ colorScheme: 'light' });
  await openScreen(page, on.site.url, screen);
}

function expectOnlyOurs(): void {
  expect(complaints).toEqual([]);
  expect(asked.filter((url) => !url.startsWith(on.site.url) && !url.startsWith('data:'))).toEqual([]);
}

describe.each(screens)('%s', (screen) => {
  beforeAll(async () => {
    if (chromiumPath !== undefined) await load(addressOf(screen));
  });

  test('a stranger’s name is text: nothing of it runs, loads, or turns what stands beside it', async () => {
    await page.setViewportSize({ width: 800, height: 800 });
    const { text, longest, ...found } = await page.evaluate(() => ({
      hacked: (globalThis as { hacked?: unknown }).hacked,
      images: document.querySelectorAll('img').length,
      text: document.body.innerText,
      turning: /[\u202A-\u202E\u2066-\u2069\u200B]/.test(document.body.innerText),
      longest: Math.max(
        ...[...document.querySelectorAll('bdi')].map((one) => one.textContent?.length ?? 0),
        0,
      ),
    }));
    expect(found).toEqual({ hacked: undefined, images: 0, turning: false });
    expect(longest).toBeLessThan(5000);
    // it does stand there, as it was written
    if (named.has(screen)) expect(text).toContain('<img src=x onerror=');
    expectOnlyOurs();
  });

  // changed, as a window is: to open each of 66 took three times as long
  test('at 375, 800 and 1440 px, in light and dark colours it is complete, within its width, and axe has nothing to say', async () => {
    for (const width of [375, 800, 1440])
      for (const colorScheme of ['light', 'dark'] as const) {
        await page.setViewportSize({ width, height: 800 });
        await page.emulateMedia({ colorScheme });
        await drawn(page);
        await expectNoSidewaysScroll(page, `${screen} at ${width}`);
        // the scheme changes colours and nothing else
        const violations = await axeViolations(page, colorScheme === 'dark' ? 'colours' : 'all');
        expect(violations, `${screen} at ${width}, ${colorScheme}`).toEqual([]);
      }
    expectOnlyOurs();
  });
});

test('of a name of 100,000 characters the product’s screen shows the beginning, and how long it is', async () => {
  const { id } = await on.site.db.row<{ id: number }>(
    `select product_id as id from taxon.products where length(name) = $1 order by 1 desc limit 1`,
    [hostile.long.length],
  );
  await load(`product/${id}`);
  expect(await page.locator('.big-name').innerText()).toContain('(100,000 characters)');
  expectOnlyOurs();
});
