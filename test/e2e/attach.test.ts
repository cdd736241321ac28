import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import type { Database } from '../../src/database/connection/open.ts';
import { normalise } from '../../src/normalise.ts';
import { type Simulator, startSimulator } from '../../src/simulator/simulator.ts';
import type { TestDatabase } from '../support/database.ts';
import { simulated, until } from '../support/processes.ts';
import { look } from '../support/rows.ts';
import { dumpOf } from '../support/schema.ts';
import { shopDatabase } from '../support/shop.ts';
import { newNames } from '../support/shop-names.ts';
import { type SidecarHere, startSidecarHere } from '../support/sidecar.ts';

let database: TestDatabase;
let db: Database;
let simulator: Simulator;
let sidecar: SidecarHere | null = null;

const goods = newNames(60, 70_000, false);

beforeAll(async () => {
  database = await shopDatabase();
  db = look(database.url);
  const truth = new Map(goods.map(({ name, path }) => [normalise(name), path]));
  simulator = await startSimulator({ truth, errorRates: [0, 0, 0] });
  await db.rows('create schema shop');
  await db.rows(
    'create table shop.order_products (id bigint generated always as identity primary key, title text, price numeric)',
  );
});

afterEach(async () => {
  await sidecar?.stop();
  sidecar = null;
});

afterAll(async () => {
  await simulator?.close();
  await db?.close();
  await database?.drop();
});

const insert = (names: readonly string[]) =>
  db.rows('insert into shop.order_products (title) select unnest($1::text[])', [names]);

const answered = () =>
  db.row<{ rows: number; done: number; right: number }>(
    `select (select count(*) from shop.order_products) as rows, count(*) filter (where v.state = 'done') as done,
            count(*) filter (where v.path = t.path) as right
       from taxon.shop_order_products v
       left join jsonb_to_recordset($1::jsonb) t(name text, path text) on t.name = v.name`,
    [JSON.stringify(goods.map(({ name, path }) => ({ name, path: path.join(' > ') })))],
  );

it('is taken in, followed and let go; its schema is then what it was', async () => {
  await insert(goods.slice(0, 40).map(({ name }) => name));
  const before = await dumpOf(database.url, 'shop');
  sidecar = await startSidecarHere(database.url, simulated(simulator.url));
  await db.rows(`select taxon.attach('shop.order_products', key => 'id', name => 'title')`);
  await until(answered, ({ done }) => done === 40, 120);
  await insert(goods.slice(40).map(({ name }) => name));
  await db.rows('update shop.order_products set price = 7');
  const all = await until(answered, ({ done }) => done === 60, 120);
  expect(all.right).toBeGreaterThan(50);
  expect(await db.row('select state, waiting from taxon.attached_tables')).toEqual({
    state: 'following',
    waiting: 0,
  });
  expect(await dumpOf(database.url, 'shop')).not.toBe(before);
  await db.rows(`select taxon.detach('shop.order_products')`);
  expect(await dumpOf(database.url, 'shop')).toBe(before);
  expect(await db.rows('select from taxon.products')).toEqual([]);
});

it('does not fail in the shop when the schemas are dropped first', async () => {
  await db.rows(`select taxon.attach('shop.order_products', key => 'id', name => 'title')`);
  await db.rows('drop table taxon_internal.attached_changes cascade');
  await insert(['one more']);
  await db.rows('drop schema taxon_internal cascade');
  await insert(['another']);
  expect(await db.rows(`select from pg_trigger where tgrelid = 'shop.order_products'::regclass`)).toEqual([]);
});
