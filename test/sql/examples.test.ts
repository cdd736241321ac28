import { join } from 'node:path';
import { beforeEach, expect, test } from 'vitest';
import { packageRoot } from '../../src/config.ts';
import { makeShop } from '../support/made-shop.ts';
import { taxonDatabase } from '../support/sql.ts';

const t = taxonDatabase();

beforeEach(async () => {
  await makeShop(t);
  // else autovacuum does it at any moment, and rows without an order come in another one
  await t.owner.rows('analyze');
});

/** Days and moments are other ones in each run. */
const moment = /\d{4}-\d\d-\d\d([T ][\d:.+Z]+)?/g;

/** What stands behind "Example:" in the comment of a function, up to its semicolon, arrow or end. */
const examples = () =>
  t.owner.rows<{ name: string; statement: string }>(
    `select p.proname as name, (regexp_match(obj_description(p.oid, 'pg_proc'), 'Example: (select .+?)(?:;| →|\\.?$)'))[1] as statement
       from pg_proc p where p.pronamespace in ('taxon'::regnamespace, 'taxon_internal'::regnamespace)
         and obj_description(p.oid, 'pg_proc') ~ 'Example: select ' order by 1`,
  );

test('the example of each comment runs, and shows what test/sql/examples.txt says; --update writes that anew', async () => {
  const shown: string[] = [];
  for (const { statement } of await examples()) {
    await t.owner.rows('begin');
    await t.owner.rows('select setseed(.5)');
    const rows = await t.owner.rows(statement).catch((error: Error) => {
      throw new Error(`${statement}: ${error.message}`);
    });
    await t.owner.rows('rollback');
    const lines = rows.slice(0, 5).map((row) => `  ${JSON.stringify(row).replaceAll(moment, '(when)')}`);
    if (rows.length > 5) lines.push(`  … ${rows.length} rows`);
    shown.push(`${statement};`, ...lines, '');
  }
  expect(shown.length).toBeGreaterThan(60);
  await expect(shown.join('\n')).toMatchFileSnapshot(join(packageRoot, 'test/sql/examples.txt'));
});
