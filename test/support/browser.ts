import axe from 'axe-core';
import type { BrowserContext, Page } from 'playwright-core';
import { expect } from 'vitest';

/** A page whose console and requests are watched: what it complains of is kept. */
export async function watchedPage(context: BrowserContext): Promise<{ page: Page; complaints: string[] }> {
  const page = await context.newPage();
  const complaints: string[] = [];
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) complaints.push(message.text());
  });
  page.on('pageerror', (error) => complaints.push(error.message));
  page.on('dialog', (dialog) => {
    complaints.push(`dialog: ${dialog.message()}`);
    void dialog.dismiss();
  });
  return { page, complaints };
}

/** What axe-core has against a page; it runs beside the page's own policy. `colours`: only what depends on colours. */
export async function axeViolations(page: Page, what: 'all' | 'colours' = 'all'): Promise<string[]> {
  if (!(await page.evaluate(() => 'axe' in globalThis))) await page.evaluate(axe.source);
  const violations = await page.evaluate(
    async (runOnly) => {
      const { axe } = globalThis as unknown as {
        axe: { run(what: Document, how: object): Promise<{ violations: Violation[] }> };
      };
      // of what passes only the first element is described
      return (await axe.run(document, { resultTypes: ['violations'], ...runOnly })).violations;
    },
    what === 'all' ? {} : { runOnly: ['color-contrast', 'link-in-text-block'] },
  );
  return violations.map(
    ({ id, nodes }) =>
      `${id}: ${nodes.map(({ html, failureSummary }) => `${html.slice(0, 160)} ${failureSummary ?? ''}`).join(' | ')}`,
  );
}

interface Violation {
  id: string;
  nodes: { html: string; failureSummary?: string }[];
}

/**
 * Loads a screen and waits until it has what it shows.
 *
 * @param from  the page's address, or a link that signs in
 */
export async function openScreen(page: Page, from: string, screen: string): Promise<void> {
  const address = new URL(from);
  // Only another query makes the browser load the page again: what stands there of another screen would count as this one's.
  // By way of about:blank each screen took a process of its own: 93 for screens.test.ts, where now there are 4.
  if (address.search === '') address.search = 'anew';
  address.hash = `/${screen}`;
  await page.goto(address.href);
  await page.locator('main h1').waitFor();
  await page.waitForLoadState('networkidle').catch(() => {});
  await page.locator('main .panel, main .card').first().waitFor();
}

/** Waits until what was changed last is drawn. */
export async function drawn(page: Page): Promise<void> {
  await page.evaluate(
    () => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve))),
  );
}

/** Nothing is wider than the screen: what must be scrolls in a frame of its own. */
export async function expectNoSidewaysScroll(page: Page, what: string): Promise<void> {
  const { scroll, inner } = await page.evaluate(() => ({
    scroll: document.documentElement.scrollWidth,
    inner: document.documentElement.clientWidth,
  }));
  expect(scroll, what).toBeLessThanOrEqual(inner);
}
