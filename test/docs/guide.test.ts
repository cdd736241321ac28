import { expect, test } from 'vitest';
import { makeShop } from '../support/made-shop.ts';
import { type Code, pages, statementsOf } from '../support/pages.ts';
import { type Session, taxonDatabase } from '../support/sql.ts';
import { makeModel } from '../support/trust.ts';

const t = taxonDatabase();

/** What a DBA types; all else the owner of the schemas does. */
const forDbas = /^(?:alter|create|grant)\s/;

/** The shop, with what the pages name: categories up to 12, models up to 9, four changes of the taxonomy, a pinned answer, a table of goods. */
async function makeGuideShop(): Promise<void> {
  await makeShop(t);
  for (const leaf of ['Pots', 'Hoses', 'Seeds']) await t.category(`Garden > ${leaf}`);
  while ((await makeModel(t, false)) < 9);
  for (const name of ['Planters', 'Flower pots', 'Pots'])
    await t.owner.rows('select rename_category(10, $1)', name);
  await t.owner.rows('create temporary table if not exists goods (id integer, title text)');
  await t.owner.rows(`insert into goods values (42, 'Red kettle')`);
  await t.owner.rows(`select pin_answer('kettle 1.7 l', 3, reason => 'a best-seller')`);
}

/** Runs a statement in an open transaction, and takes back what it did; returns why it failed, if it did. */
async function tried(session: Session, { at, text }: Code): Promise<string[]> {
  await session.rows('savepoint before');
  const failed = await session.rows(text).then(
    () => [],
    (error: Error) => [`${at} ${text}: ${error.message}`],
  );
  await session.rows('rollback to before');
  return failed;
}

// in one shop, which each statement leaves as it was: one for each page took the server 1.9 s more
test('the SQL on each page runs, each statement by itself', async () => {
  await makeGuideShop();
  const failed: string[] = [];
  const all = pages.flatMap(statementsOf).filter(({ text }) => !forDbas.test(text));
  await t.owner.rows('begin');
  for (const one of all) failed.push(...(await tried(t.owner, one)));
  await t.owner.rows('rollback');
  expect(failed).toEqual([]);
});

test('what docs/guide/postgres.md tells a DBA to type runs, one statement after another', async () => {
  const dba = await t.superuser();
  await dba.rows('begin');
  await dba.rows('create role app login');
  // as it is where somebody has created the extensions in public
  await dba.rows('alter schema extensions rename to elsewhere');
  const refused: string[] = [];
  for (const { at, text } of pages.flatMap(statementsOf).filter(({ text }) => forDbas.test(text))) {
    await dba.rows('savepoint before');
    await dba.rows(text).catch(async (error: Error) => {
      refused.push(error.message);
      await dba.rows('rollback to before');
      if (!/^role ".*" already exists$/.test(error.message))
        throw new Error(`${at} ${text}: ${error.message}`);
    });
  }
  // roles belong to the whole server: migrate has made the same ones here
  expect(refused).toEqual(
    ['reader', 'writer', 'admin', 'sidecar'].map((role) => `role "taxon_${role}" already exists`),
  );
  await dba.rows('rollback');
});

test('a statement that does not run is found', async () => {
  await t.owner.rows('begin');
  expect(await tried(t.owner, { at: 'page:1', text: 'select taxon.no_such_function(42)' })).toEqual([
    expect.stringMatching(/^page:1 select .* does not exist$/),
  ]);
  await t.owner.rows('rollback');
});
