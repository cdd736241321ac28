import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type Session, taxonDatabase } from '../support/sql.ts';

const t = taxonDatabase();
let one: Session;
let two: Session;
let sidecar: Session;

const beat = (session: Session, worker = 'w', idle = true) =>
  session.rows(`select taxon_internal.heartbeat($1, 'h', 1, '1', null, null, true, $2, null)`, worker, idle);

beforeAll(async () => {
  one = await t.connect('taxon_writer');
  two = await t.connect('taxon_writer');
  sidecar = await t.connect('taxon_sidecar');
  // as where a database has it by default
  for (const session of [one, two, sidecar])
    await session.rows(`set default_transaction_isolation = 'serializable'`);
});
beforeEach(() => beat(t.owner));

describe('a SERIALIZABLE INSERT', () => {
  test('does not fail because heartbeats were written and names claimed before its commit', async () => {
    for (const session of [one, two]) await session.rows('begin');
    await one.rows(`insert into taxon.products (name) values ('one')`);
    await two.rows(`insert into taxon.products (name) values ('two')`);
    await beat(sidecar);
    await sidecar.rows(`select * from taxon_internal.claim('w', 10)`);
    await beat(sidecar, 'w', false);
    await beat(sidecar, 'another');
    for (const session of [one, two]) await session.rows('commit');
    expect(await t.claim('w')).toEqual(['one', 'two']);
  });

  test('reads nothing of what heartbeats write', async () => {
    await one.rows('begin');
    await one.rows(`insert into taxon.products (name) values ('one')`);
    const read = await t.owner.rows<{ name: string }>(
      `select distinct relation::regclass::text as name from pg_locks where mode = 'SIReadLock' and relation is not null order by 1`,
    );
    expect(read.filter(({ name }) => /sidecars|settings|queue|products/.test(name))).toEqual([]);
    await one.rows('commit');
  });
});

describe('a NOTIFY', () => {
  const heard: string[] = [];
  beforeAll(async () => {
    const ear = await t.connect();
    ear.client.on('notification', ({ payload }) => heard.push(payload ?? ''));
    await ear.rows('listen taxon');
  });
  beforeEach(() => {
    heard.length = 0;
  });
  /** What was committed before it is heard before it. */
  const rang = async () => {
    await t.owner.rows(`select pg_notify('taxon', 'end')`);
    await expect.poll(() => heard).toContain('end');
    return heard.length - 1;
  };

  test('is sent while a sidecar is idle, the last of two too', async () => {
    await beat(t.owner, 'another', false);
    await t.insertAll('a');
    expect(await rang()).toBe(1);
  });

  test.each([
    ['works', () => beat(t.owner, 'w', false)],
    ['has left', () => t.owner.rows(`select end_sidecar('w')`)],
    [
      'died',
      async () => {
        await t.owner.rows(`update sidecars set seen_at = now() - interval '31 s'`);
        await beat(t.owner, 'another', false);
      },
    ],
    [
      'may not be woken, from the moment of the setting on',
      () => t.owner.rows(`select set_setting('notify', 'false')`),
    ],
  ])('is not sent while the only one %s', async (_, change) => {
    await change();
    await t.insertAll('a');
    expect(await rang()).toBe(0);
  });
});
