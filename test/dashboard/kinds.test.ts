import { expect, test } from 'vitest';
import { openScreen, watchedPage } from '../support/browser.ts';
import { namesOf } from '../support/kinds.ts';
import { until } from '../support/processes.ts';
import { shopDatabase } from '../support/shop.ts';
import { pageInBrowser } from './page-in-browser.ts';

/** A whole kind is decided on the page, in a real browser. */

const irons = namesOf('steam iron', 150);
const on = pageInBrowser(shopDatabase, async ({ db }) => {
  // 150 names of one kind in the wrong place
  await db.rows(
    `insert into taxon.labels (name_key, category_id, source)
       select taxon.normalise(n), taxon_internal.make_category('{Home,Kitchen,Kettles}'), 'llm' from unnest($1::text[]) n`,
    [irons],
  );
  await db.rows(`select taxon_internal.make_category('{Home,Care,Irons}')`);
  await db.rows('select taxon_internal.find_kinds()');
});

/** Where memory has the irons: each path with how many. */
const memory = () =>
  on.site.db.rows<{ path: string; n: number }>(
    `select taxon.category_path(category_id) as path, count(*) as n from taxon.labels where name_key like 'steam iron%' group by 1 order by 1`,
  );
const everyLabel = () =>
  on.site.db.rows(
    `select name_key, category_id, source, confidence, labelled_at from taxon.labels order by 1`,
  );

test('150 mislabelled names: one decision, what it proves, and back exactly', async () => {
  const before = await everyLabel();
  const context = await on.browser.newContext({ viewport: { width: 1280, height: 900 } });
  const { page, complaints } = await watchedPage(context);
  await openScreen(page, on.site.link as string, 'review/kinds');
  const name = page.locator('.card .big-name');
  for (let i = 0; i < 20 && !(await name.innerText()).includes('iron'); i++) {
    const was = await name.innerText();
    await page.keyboard.press('Space');
    await expect.poll(() => name.innerText()).not.toBe(was);
  }
  expect(await page.locator('.members li').count()).toBeGreaterThanOrEqual(12);
  expect(await page.locator('.card').innerText()).toContain('at most 22 % of the others');
  await page.keyboard.press('m');
  await expect.poll(() => page.locator('.card').innerText()).toContain('at most 10 % of the others');
  await page.keyboard.press('/');
  await page.getByRole('combobox', { name: 'What they are' }).fill('irons');
  await page.getByRole('option').first().waitFor();
  await page.keyboard.press('Enter');
  await until(memory, ([row]) => row?.path === 'Home > Care > Irons' && row.n === 150);
  await expect
    .poll(() => page.getByRole('status').innerText())
    .toMatch(/150 labels decided, 150 of them corrected.*10 %/s);
  await page.reload();
  await page.locator('.decisions li').first().waitFor();
  await page.keyboard.press('Backspace');
  await until(memory, ([row]) => row?.path === 'Home > Kitchen > Kettles' && row.n === 150);
  expect(await everyLabel()).toEqual(before);
  expect(complaints).toEqual([]);
  await context.close();
});

test('with unmarked names only what was seen is decided, and the rest is split', async () => {
  const context = await on.browser.newContext({ viewport: { width: 375, height: 800 } });
  const { page } = await watchedPage(context);
  await openScreen(page, on.site.link as string, 'review/kinds');
  const name = page.locator('.card .big-name');
  for (let i = 0; i < 20 && !(await name.innerText()).includes('iron'); i++) {
    const was = await name.innerText();
    await page.keyboard.press('Space');
    await expect.poll(() => name.innerText()).not.toBe(was);
  }
  await page.locator('.members input').first().uncheck();
  await page.getByText('1 unmarked').waitFor();
  await page.getByRole('button', { name: /They are/ }).click();
  await page.getByRole('combobox', { name: 'What they are' }).fill('irons');
  await page.getByRole('option').first().waitFor();
  await page.keyboard.press('Enter');
  const right = await until(memory, (rows) => rows.some(({ path }) => path === 'Home > Care > Irons'));
  expect(right.find(({ path }) => path === 'Home > Care > Irons')?.n).toBeLessThan(30);
  await expect.poll(() => page.getByRole('status').innerText()).toContain('the rest split into');
  await context.close();
});
