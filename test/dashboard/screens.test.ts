import { describe, expect, test } from 'vitest';
import { axeViolations, drawn, expectNoSidewaysScroll, openScreen, watchedPage } from '../support/browser.ts';
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

describe('at 375, 800 and 1440 px, in light and dark colours', () => {
  // opened once and then changed, as a window is: to open each of 66 took three times as long
  test.each(screens)('%s is complete, within its width, and axe has nothing to say', async (screen) => {
    const context = await on.browser.newContext({ viewport: { width: 375, height: 800 } });
    const { page, complaints } = await watchedPage(context);
    await page.goto(on.site.link as string);
    await openScreen(page, on.site.url, addressOf(screen));
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
    expect(complaints).toEqual([]);
    await context.close();
  });
});

test('a stranger’s name is text on every screen: nothing of it runs, loads, or turns what stands beside it', async () => {
  const context = await on.browser.newContext({ viewport: { width: 800, height: 800 } });
  const { page, complaints } = await watchedPage(context);
  const asked: string[] = [];
  page.on('request', (request) => asked.push(request.url()));
  await page.goto(on.site.link as string);
  const seen: string[] = [];
  for (const screen of screens) {
    await openScreen(page, on.site.url, addressOf(screen));
    const found = await page.evaluate(() => ({
      hacked: (globalThis as { hacked?: unknown }).hacked,
      images: document.querySelectorAll('img').length,
      text: document.body.innerText,
      turning: /[\u202A-\u202E\u2066-\u2069\u200B]/.test(document.body.innerText),
      longest: Math.max(
        ...[...document.querySelectorAll('bdi')].map((one) => one.textContent?.length ?? 0),
        0,
      ),
    }));
    expect({ screen, ...found, text: '' }).toEqual({
      screen,
      hacked: undefined,
      images: 0,
      text: '',
      turning: false,
      longest: expect.any(Number),
    });
    expect(found.longest, screen).toBeLessThan(5000);
    if (found.text.includes('<img src=x onerror=')) seen.push(screen);
  }
  // it does stand there, as it was written
  expect(seen).toEqual(
    expect.arrayContaining([
      'overview',
      'review/audits',
      'review/mistakes',
      'taxonomy',
      'product',
      'product/…',
    ]),
  );
  const { id } = await on.site.db.row<{ id: number }>(
    `select product_id as id from taxon.products where length(name) = $1 order by 1 desc limit 1`,
    [hostile.long.length],
  );
  await openScreen(page, on.site.url, `product/${id}`);
  expect(await page.locator('.big-name').innerText()).toContain('(100,000 characters)');
  expect(complaints).toEqual([]);
  expect(asked.filter((url) => !url.startsWith(on.site.url) && !url.startsWith('data:'))).toEqual([]);
  await context.close();
});
