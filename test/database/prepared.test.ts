import { afterAll, beforeAll, expect, test } from 'vitest';
import { migrate } from '../../src/database/connection/migrate.ts';
import { type OwnCluster, ownCluster } from '../support/cluster.ts';
import { openSession, type Session } from '../support/sql.ts';

let cluster: OwnCluster;
let sql: Session;

beforeAll(async () => {
  cluster = await ownCluster();
  await migrate({ url: cluster.url('postgres'), schema: 'taxon' });
  const first = await openSession(cluster.url('postgres'));
  await first.rows('alter system set max_prepared_transactions = 5');
  await first.close();
  await cluster.stop();
  await cluster.start();
  sql = await openSession(cluster.url('postgres'));
});
afterAll(async () => {
  await sql?.close();
  await cluster?.destroy();
});

const beat = () =>
  sql.rows(`select taxon_internal.heartbeat('w', 'h', 1, '1', null, null, true, true, null)`);
const health = () => sql.rows(`select status, detail from taxon.health() where item = 'notify'`);

test('a transaction that inserts a new name can be prepared once NOTIFY is off, and health() says so before', async () => {
  await beat();
  expect(await health()).toEqual([
    { status: 'warn', detail: expect.stringContaining(`select set_setting('notify', 'false')`) },
  ]);
  await sql.rows('begin');
  await sql.rows(`insert into taxon.products (name) values ('a')`);
  await expect(sql.rows(`prepare transaction 'a'`)).rejects.toMatchObject({ code: '0A000' });

  await sql.rows(`select taxon.set_setting('notify', 'false')`);
  await sql.rows('begin');
  await sql.rows(`insert into taxon.products (name) values ('a')`);
  await sql.rows(`prepare transaction 'a'`);
  await beat();
  await sql.rows('begin');
  await sql.rows(`insert into taxon.products (name) values ('b')`);
  await sql.rows(`prepare transaction 'b'`);
  for (const name of ['a', 'b']) await sql.rows(`commit prepared '${name}'`);
  expect(await sql.rows(`select name_key from taxon_internal.claim('w', 10) order by 1`)).toEqual([
    { name_key: 'a' },
    { name_key: 'b' },
  ]);
  expect(await health()).toEqual([]);
});
