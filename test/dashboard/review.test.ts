import { describe, expect, test } from 'vitest';
import { pageShop } from '../support/page-shop.ts';
import { until } from '../support/processes.ts';
import { pageInBrowser, verdictsOf } from './page-in-browser.ts';

/** Judging answers on the page, in a real browser. */

const on = pageInBrowser(pageShop);

const verdicts = () => verdictsOf(on.site);
const since = async (before: Awaited<ReturnType<typeof verdicts>>) => {
  const known = new Set(before.map(({ check_id }) => check_id));
  return (await verdicts()).filter(({ check_id }) => !known.has(check_id));
};

describe('review', () => {
  test('twenty names by keyboard; undo goes back through a reload', async () => {
    const page = await on.signedIn('review/checks');
    const before = await verdicts();
    const name = page.locator('.card .big-name');
    /** Presses, and waits until another name is there. */
    const press = async (...keys: string[]) => {
      const was = await name.innerText();
      for (const key of keys) await page.keyboard.press(key);
      await expect.poll(() => name.innerText()).not.toBe(was);
    };
    for (let i = 0; i < 11; i++) await press('a');
    for (let i = 0; i < 3; i++) await press('x');
    let chosen = 0;
    for (let i = 0; chosen < 2 && i < 10; i++) {
      // a category that is alone in its branch, among names that are all its own, has no other candidate
      const others = await page
        .locator('.candidates li')
        .first()
        .waitFor({ timeout: 3000 })
        .then(
          () => true,
          () => false,
        );
      await press(others ? '1' : 'Space');
      if (others) chosen++;
    }
    const skipped = await name.innerText();
    await press('Space');
    for (let i = 0; i < 3; i++) {
      await page.keyboard.press('/');
      await page.getByRole('combobox', { name: 'What it is' }).fill('kettles');
      await page.getByRole('option').first().waitFor();
      await press('Enter');
    }
    const { id: kettles } = await on.site.db.row<{ id: number }>(
      `select category_id as id from taxon.categories where name = 'Kettles'`,
    );
    const given = await since(before);
    const open = given.filter(({ verdict, truth }) => verdict === false && truth === null);
    expect(given).toHaveLength(19);
    expect(open).toHaveLength(3);
    expect(given.slice(0, 11).every(({ verdict }) => verdict)).toBe(true);
    expect(given.slice(11, 14).map(({ verdict, truth }) => [verdict, truth])).toEqual(
      Array(3).fill([false, null]),
    );
    expect(given.slice(14, 16).every(({ verdict, truth }) => verdict === false && truth !== null)).toBe(true);
    expect(given.slice(16).every(({ truth }) => truth === kettles)).toBe(true);
    expect(await page.locator('.decisions li').count()).toBe(10);

    const last = given.at(-1)?.check_id;
    await page.keyboard.press('Backspace');
    await until(
      () => since(before),
      (rows) => rows.length === 18,
    );
    expect((await since(before)).some(({ check_id }) => check_id === last)).toBe(false);
    await page.reload();
    await page.locator('.decisions li').first().waitFor();
    await page.keyboard.press('Backspace');
    await until(
      () => since(before),
      (rows) => rows.length === 17,
    );
    // what was skipped waits, and after a reload it is asked about again
    await expect.poll(() => page.locator('.card').innerText()).toContain(skipped);
    await page.context().close();
  });

  test('one of the last ten is changed, and the call is there to copy', async () => {
    const page = await on.signedIn('review/checks');
    const row = page.locator('.decisions li').first();
    await row.getByRole('button', { name: /^Change/ }).click();
    await row.getByRole('combobox').fill('shampoo');
    await row.getByRole('option').first().click();
    await page.getByRole('status').getByText('select * from taxon.confirm(').waitFor();
    await expect.poll(() => row.innerText()).toContain('Shampoo');
    await page.context().close();
  });
});
