import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, beforeEach } from 'vitest';
import { openScreen, watchedPage } from '../support/browser.ts';
import { chromiumPath, startBrowser } from '../support/chromium.ts';
import type { TestDatabase } from '../support/database.ts';
import { needs } from '../support/needs.ts';
import { startPage, type TestPage } from '../support/page.ts';

/** The page over a shop and a browser, for all tests of a file; its tests skip where there is no Chromium. */
export interface PageInBrowser {
  readonly site: TestPage;
  readonly browser: Browser;
  /** A screen as the person at this machine opens it, 1280 wide. */
  signedIn(screen: string): Promise<Page>;
}

/**
 * Starts both before the file's tests, and ends them after.
 *
 * @param shop     makes the database
 * @param furnish  what the tests need in it
 */
export function pageInBrowser(
  shop: () => Promise<TestDatabase>,
  furnish: (site: TestPage) => Promise<unknown> = async () => {},
): PageInBrowser {
  let database: TestDatabase;
  let site: TestPage;
  let browser: Browser;
  beforeAll(async () => {
    if (chromiumPath === undefined) return;
    database = await shop();
    site = await startPage(database);
    browser = await startBrowser();
    await furnish(site);
  });
  afterAll(async () => {
    await browser?.close();
    await site?.stop();
    await database?.drop();
  });
  beforeEach((context) =>
    needs(
      context,
      chromiumPath !== undefined,
      'there is no Chromium: apt-get install chromium-headless-shell',
    ),
  );
  return {
    get site() {
      return site;
    },
    get browser() {
      return browser;
    },
    async signedIn(screen) {
      const context = await browser.newContext({ viewport: { width: 1280, height: 900 } });
      const { page } = await watchedPage(context);
      await openScreen(page, site.link as string, screen);
      return page;
    },
  };
}

export interface Verdict {
  check_id: number;
  verdict: boolean;
  truth: number | null;
  category: number;
}

/** What people have said of checks, the oldest first. */
export function verdictsOf({ db }: TestPage): Promise<Verdict[]> {
  return db.rows<Verdict>(
    `select check_id, verdict, truth_category_id as truth, category_id as category from taxon_internal.checks
       where verdict is not null and auditor = 'human' order by check_id`,
  );
}
