import { afterAll, beforeAll, expect, test } from 'vitest';
import { taxonHere } from '../support/command.ts';
import type { TestDatabase } from '../support/database.ts';
import { testDatabase } from '../support/database.ts';
import { runTaxon } from '../support/processes.ts';
import { dumpOf } from '../support/schema.ts';
import { startSidecarHere } from '../support/sidecar.ts';
import { openSession, type Session } from '../support/sql.ts';

let database: TestDatabase;
/** Needs the roles as well, like any other database of the cluster. */
let neighbour: TestDatabase;
let owner: Session;
let before: string;

beforeAll(async () => {
  [database, neighbour] = await Promise.all([testDatabase(), testDatabase()]);
  owner = await openSession(database.url);
  await owner.client.query(`
    create schema shop;
    create table shop.goods (id bigint primary key, title text);
    insert into shop.goods values (1, 'Red kettle')`);
  before = await dumpOf(database.url, 'shop');
  await owner.client.query(`
    select taxon.attach('shop.goods');
    select taxon_internal.walk_attached();
    create view shop.answered as select id, path from taxon.shop_goods`);
});

afterAll(async () => {
  await owner?.close();
  await database?.drop();
  await neighbour?.drop();
});

const uninstall = (...flags: string[]) => taxonHere(['uninstall', ...flags], { DATABASE_URL: database.url });

test('says what would go, and changes nothing', async () => {
  const { code, stdout } = await uninstall('--dry-run');
  expect(code).toBe(0);
  for (const line of [
    'triggers on shop.goods: 4 triggers; the table itself stays as it is',
    'your view shop.answered: reads pgtaxon and goes with it',
    /schema taxon: \d+ MB: 1 rows of products, 0 labels/,
    /role taxon_writer: needed by .*database test_\w+/,
  ])
    expect(stdout).toMatch(line);
  expect(await owner.value('select count(*) from taxon.shop_goods')).toBe(1);
});

test('does not go on without somebody who says yes, nor while a sidecar runs', async () => {
  expect(await uninstall()).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('nobody is here to say yes'),
  });
  const sidecar = await startSidecarHere(database.url);
  expect(await uninstall('--yes')).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('Stop the sidecars first'),
  });
  await sidecar.stop();
  expect(await owner.value('select count(*) from taxon.shop_goods')).toBe(1);
});

test('removes everything; the table is what it was, and roles stay that another database needs', async () => {
  const { code, stdout } = await runTaxon(['uninstall', '--yes', '--json'], { DATABASE_URL: database.url });
  expect(code).toBe(0);
  const said = JSON.parse(stdout);
  expect(said.done).toBe(true);
  expect(said.removals).toContainEqual({
    what: 'role',
    name: 'taxon_reader',
    detail: expect.stringContaining('database test_'),
    stays: true,
  });
  expect(await dumpOf(database.url, 'shop')).toBe(before);
  expect(await owner.rows(`select from pg_namespace where nspname like 'taxon%'`)).toEqual([]);
  await owner.rows(`insert into shop.goods values (2, 'Mug')`);
  expect(await uninstall('--yes')).toMatchObject({
    code: 0,
    stdout: expect.stringContaining('pgtaxon is not in this database'),
  });
});
