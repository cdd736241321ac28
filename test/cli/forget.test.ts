import { afterAll, beforeAll, expect, test } from 'vitest';
import { taxonHere } from '../support/command.ts';
import type { TestDatabase } from '../support/database.ts';
import { look } from '../support/rows.ts';
import { shopDatabase } from '../support/shop.ts';
import { labelled } from '../support/shop-names.ts';

let shop: TestDatabase;
beforeAll(async () => {
  shop = await shopDatabase();
});
afterAll(async () => {
  await shop?.drop();
});

const taxon = (...args: string[]) => taxonHere(['forget', ...args], { DATABASE_URL: shop.url });

test('a name is forgotten: first told, then done, with what may still hold it', async () => {
  const name = labelled[0]?.name ?? '';
  const db = look(shop.url);
  const labels = async () => (await db.row<{ n: number }>('select count(*) as n from taxon.labels')).n;
  const before = await labels();

  const dry = await taxon(name, '--dry-run');
  expect(dry).toMatchObject({ code: 0, stderr: '' });
  expect(dry.stdout).toMatch(/^Nothing is changed\./);
  expect(dry.stdout).toMatch(/^ +1 {2}labels$/m);
  expect(await labels()).toBe(before);

  const done = await taxon(name.toUpperCase(), '--json');
  const { rows, ...options } = JSON.parse(done.stdout);
  expect(options).toEqual({ dry_run: false, blank: false });
  expect(rows).toContainEqual({ what: 'labels', removed: 1, detail: null });
  expect(rows).toContainEqual(
    expect.objectContaining({ what: 'models', removed: null, detail: expect.stringContaining('(champion)') }),
  );
  expect(await labels()).toBe(before - 1);

  const again = await taxon(name);
  expect(again.stdout).toMatch(/^No table has this name\.\nWhat may still hold it:$/m);
  expect(await taxon(' ')).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('forget() needs a name'),
  });
  await db.close();
});
