import { afterAll, beforeAll, expect, test } from 'vitest';
import { migrate } from '../../src/database/connection/migrate.ts';
import { type OwnCluster, ownCluster } from '../support/cluster.ts';
import { openSession, type Session } from '../support/sql.ts';

let cluster: OwnCluster;
let shop: Session;
let taxon: Session;

beforeAll(async () => {
  cluster = await ownCluster();
  const first = await openSession(cluster.url('postgres'));
  await first.rows(`alter system set wal_level = 'logical'`);
  await first.rows('alter system set max_wal_senders = 4');
  await first.rows('create database shop');
  await first.close();
  await migrate({ url: cluster.url('postgres'), schema: 'taxon' });
  await cluster.stop();
  await cluster.start();
  shop = await openSession(cluster.url('shop'));
  taxon = await openSession(cluster.url('postgres'), 'taxon, taxon_internal, public');
  await shop.rows('create schema taxon');
  await shop.rows('create table taxon.products (product_id bigint primary key, name text)');
  await shop.rows(`insert into taxon.products values (1, 'before')`);
  await shop.rows('create publication names for table taxon.products');
  await shop.rows(`select pg_create_logical_replication_slot('names', 'pgoutput')`);
});
afterAll(async () => {
  await taxon?.rows('drop subscription if exists names').catch(() => {});
  await taxon?.close();
  await shop?.close();
  await cluster?.destroy();
});

const names = () => taxon.rows('select name, state from products order by product_id');
const queued = async () => {
  await taxon.rows('select take_in()');
  return taxon.rows('select distinct name_key from queue order by 1');
};

test('rows of a subscription are taken in, and renamed ones too where the trigger fires always', async () => {
  await taxon.rows(
    `create subscription names connection '${cluster.url('shop')}'
       publication names with (create_slot = false, slot_name = names)`,
  );
  await expect.poll(names, { timeout: 60_000 }).toEqual([{ name: 'before', state: 'pending' }]);
  await shop.rows(`insert into taxon.products values (2, 'after')`);
  await expect.poll(async () => (await names()).length, { timeout: 60_000 }).toBe(2);
  expect(await taxon.rows(`select value from health() where item = 'rows not queued'`)).toEqual([]);
  expect(await queued()).toEqual([{ name_key: 'after' }, { name_key: 'before' }]);

  // answered, then renamed in the shop
  await taxon.rows('alter table products enable always trigger answer_on_insert');
  await taxon.rows('delete from queue');
  await taxon.rows(
    `update products set state = 'done', source = 'human', category_id = make_category('{Home}') where product_id = 1`,
  );
  await shop.rows(`update taxon.products set name = 'renamed' where product_id = 1`);
  await expect.poll(names, { timeout: 60_000 }).toEqual([
    { name: 'renamed', state: 'pending' },
    { name: 'after', state: 'pending' },
  ]);
  expect(await queued()).toEqual([{ name_key: 'renamed' }]);
});
