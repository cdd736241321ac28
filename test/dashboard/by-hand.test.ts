import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, test } from 'vitest';
import { openScreen, watchedPage } from '../support/browser.ts';
import { pageShop } from '../support/page-shop.ts';
import { until } from '../support/processes.ts';
import { newNames } from '../support/shop-names.ts';
import { pageInBrowser, verdictsOf } from './page-in-browser.ts';

/** What people do on the page, in a real browser. */

const on = pageInBrowser(pageShop);

const verdicts = () => verdictsOf(on.site);
test('thresholds: what would change is shown, applied with a reason, undone', async () => {
  const page = await on.signedIn('thresholds');
  const inForce = () =>
    on.site.db.row<{ l3: number; reason: string }>(
      `select l3, reason from taxon.models_readable where state = 'champion'`,
    );
  const before = await inForce();
  const apply = page.getByRole('button', { name: 'Apply' });
  expect(await apply.isDisabled()).toBe(true);
  await page.getByLabel('Leaf').fill('0.97');
  await page.getByText('newly answered / passed on').waitFor();
  await expect.poll(() => page.locator('.stats.small').innerText()).toMatch(/\+0 \/ −[1-9]/);
  expect(await inForce()).toEqual(before);
  const panel = page.locator('section', { has: page.getByRole('heading', { name: 'Try other thresholds' }) });
  await panel.getByLabel('Why').fill('fewer mistakes before the season');
  await apply.click();
  await until(inForce, ({ reason }) => reason === 'fewer mistakes before the season');
  expect((await inForce()).l3).toBeCloseTo(0.97);
  await page.getByRole('button', { name: 'Undo the newest' }).click();
  await until(inForce, ({ reason }) => reason === before.reason);
  expect(await inForce()).toEqual(before);
  await page.context().close();
});

test('taxonomy: a change is previewed, made, and taken back', async () => {
  const page = await on.signedIn('taxonomy');
  await page.getByLabel('Find').fill('kettles');
  await page.getByRole('button', { name: 'Kettles', exact: true }).click();
  await page.getByLabel('New name').fill('Electric kettles');
  const apply = page.getByRole('button', { name: 'Apply' });
  expect(await apply.isDisabled()).toBe(true);
  await page.getByRole('button', { name: 'Preview' }).click();
  await page.getByText('It would touch', { exact: true }).waitFor();
  const names = () =>
    on.site.db.rows<{ name: string }>(`select name from taxon.categories where name like '%ettles'`);
  expect(await names()).toEqual([{ name: 'Kettles' }]);
  await apply.click();
  await until(names, ([row]) => row?.name === 'Electric kettles');
  await page
    .getByRole('row', { name: /rename/ })
    .getByRole('button', { name: 'undo' })
    .first()
    .click();
  await until(names, ([row]) => row?.name === 'Kettles');
  await page.context().close();
});

test('who may only read sees no button that changes anything, and what his page sends is refused', async () => {
  const context = await on.browser.newContext({ viewport: { width: 1280, height: 900 } });
  const { page } = await watchedPage(context);
  await page.goto(on.site.url);
  await page.getByLabel('From elsewhere: your token').fill(await on.site.token('Rita', 'taxon_reader'));
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByText('Rita, reading only').waitFor();
  const harmless =
    /^(copy|copied|Copy|Sign out|×|Checks|Audits|Kinds|Likely mistakes|24 hours|7 days|30 days|A year|Day|Layer|Branch|Model|Purpose|Route|close|[▸▾]|back to today’s|Show more|)$/;
  for (const screen of [
    'overview',
    'review/checks',
    'review/audits',
    'review/kinds',
    'review/mistakes',
    'thresholds',
    'models',
    'ledger',
    'product/1',
  ]) {
    await openScreen(page, on.site.url, screen);
    const buttons = await page.getByRole('button').allInnerTexts();
    expect([screen, buttons.filter((text) => !harmless.test(text.trim()))]).toEqual([screen, []]);
    expect(await page.locator('details.sql').count()).toBe(0);
  }
  const before = await verdicts();
  const status = await page.evaluate(async () => {
    const headers = { 'x-taxon': '1', 'content-type': 'application/json' };
    const body = JSON.stringify({ action: 'confirm', arguments: { product_id: 1, category_id: 1 } });
    return (await fetch('/api/act', { method: 'POST', headers, body })).status;
  });
  expect(status).toBe(403);
  expect(await verdicts()).toEqual(before);
  await context.close();
});

test('a page of another origin, open beside it in the same browser, changes and reads nothing', async () => {
  const evil: Server = createServer((_, answer) =>
    answer.setHeader('content-type', 'text/html').end('<title>evil</title><body></body>'),
  );
  await new Promise<void>((resolve) => evil.listen(0, '127.0.0.1', resolve));
  const { port } = evil.address() as AddressInfo;
  try {
    const page = await on.signedIn('overview');
    const before = await on.site.db.rows('select * from taxon_internal.retrain_requests');
    for (const host of ['127.0.0.1', 'localhost']) {
      const other = await page.context().newPage();
      await other.goto(`http://${host}:${port}/`);
      const outcomes = await other.evaluate(async (base) => {
        const body = JSON.stringify({ action: 'request_retrain', arguments: {} });
        const tries: RequestInit[] = [
          { method: 'POST', mode: 'no-cors', credentials: 'include', body },
          {
            method: 'POST',
            mode: 'cors',
            credentials: 'include',
            body,
            headers: { 'content-type': 'application/json', 'x-taxon': '1' },
          },
          { method: 'GET', mode: 'cors', credentials: 'include', headers: { 'x-taxon': '1' } },
        ];
        const answers = await Promise.all(
          tries.map((init) =>
            fetch(`${base}/api/${init.method === 'GET' ? 'overview' : 'act'}`, init).then(
              (answer) => `${answer.type} ${answer.status}`,
              () => 'refused',
            ),
          ),
        );
        const form = document.createElement('form');
        Object.assign(form, {
          method: 'post',
          action: `${base}/api/act`,
          enctype: 'text/plain',
          target: 'sent',
        });
        const field = document.createElement('input');
        Object.assign(field, { name: '{"action":"request_retrain","arguments":{},"x":"', value: '"}' });
        form.append(field);
        const frame = document.createElement('iframe');
        frame.name = 'sent';
        document.body.append(form, frame);
        form.submit();
        const framed = document.createElement('iframe');
        framed.src = base;
        document.body.append(framed);
        await new Promise((resolve) => setTimeout(resolve, 500));
        return answers;
      }, on.site.url);
      expect(outcomes).toEqual(['refused', 'refused', 'refused']);
      const inFrames = await Promise.all(
        other
          .frames()
          .slice(1)
          .map((frame) =>
            frame
              .locator('nav')
              .count()
              .catch(() => 0),
          ),
      );
      expect(inFrames.every((count) => count === 0)).toBe(true);
    }
    expect(await on.site.db.rows('select * from taxon_internal.retrain_requests')).toEqual(before);
    await page.context().close();
  } finally {
    evil.close();
  }
});

test('while names arrive the overview changes in place, at most twice a second', async () => {
  const page = await on.signedIn('overview');
  await page.evaluate(() => {
    const kept = { changes: 0, removed: 0 };
    const list = document.querySelector('.layer-list') as Element;
    Object.assign(globalThis, { kept, list });
    // what is drawn at once comes in one report
    new MutationObserver((all) => {
      kept.changes++;
      kept.removed += all.reduce(
        (sum, { removedNodes }) => sum + [...removedNodes].filter((node) => node.nodeType === 1).length,
        0,
      );
    }).observe(list, { subtree: true, childList: true, characterData: true, attributes: true });
  });
  const names = newNames(300, 50_000).map(({ name }) => name);
  const started = Date.now();
  for (let at = 0; at < names.length; at += 20) {
    await on.site.db.rows(`insert into taxon.products (name) select unnest($1::text[])`, [
      names.slice(at, at + 20),
    ]);
    const ahead = started + (at / 200) * 1000 - Date.now();
    if (ahead > 0) await page.waitForTimeout(ahead);
  }
  const total = async () =>
    Number((await page.locator('.stat-value').first().innerText()).replace(/\D/g, ''));
  const { n } = await on.site.db.row<{ n: number }>(
    "select count(*) as n from taxon.products where created_at >= date_trunc('day', now())",
  );
  await expect.poll(total).toBe(n);
  const { changes, removed, same } = await page.evaluate(() => {
    const { kept, list } = globalThis as unknown as {
      kept: { changes: number; removed: number };
      list: Element;
    };
    return { ...kept, same: document.querySelector('.layer-list') === list };
  });
  expect(same).toBe(true);
  // the row of names that wait comes and goes; no other is made anew
  expect(removed).toBeLessThanOrEqual(1);
  expect(changes).toBeGreaterThan(0);
  expect(changes).toBeLessThanOrEqual(Math.ceil((Date.now() - started) / 500));
  await page.context().close();
});
