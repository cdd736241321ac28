import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { type Listener, listen } from '../../../src/database/connection/listen.ts';
import { type TestDatabase, testDatabase } from '../../support/database.ts';
import { startFrozenProxy } from '../../support/frozen-proxy.ts';
import { needsPooler, startPooler } from '../../support/pgbouncer.ts';
import { openSession, type Session } from '../../support/sql.ts';

let database: TestDatabase;
let sql: Session;
const listeners: Listener[] = [];

beforeAll(async () => {
  database = await testDatabase();
  sql = await openSession(database.superUrl);
});
afterEach(async () => {
  for (const listener of listeners.splice(0)) await listener.close();
});
afterAll(async () => {
  await sql?.close();
  await database?.drop();
});

/** A listener that counts its wakes. */
function start(url = database.url, name = 'host:1:a', beatMs?: number): Listener & { wakes(): number } {
  let wakes = 0;
  const listener = listen(url, 'taxon', name, () => wakes++, beatMs);
  listeners.push(listener);
  return { ...listener, wakes: () => wakes };
}
const until = (what: () => boolean | Promise<boolean>) =>
  vi.waitFor(async () => expect(await what()).toBe(true), { timeout: 120_000, interval: 20 });
const notify = () => sql.rows(`select pg_notify('taxon', '')`);
const backends = () =>
  sql.value<number>(
    `select count(*) from pg_stat_activity where application_name = 'taxon listen' and datname = $1`,
    database.name,
  );

describe('listen', () => {
  test('hears, wakes on connecting and on each notification', async () => {
    const listener = start();
    expect(listener.hears()).toBe(false);
    await until(() => listener.hears());
    expect(listener.wakes()).toBeGreaterThan(0); // some may have been missed before
    const before = listener.wakes();
    await notify();
    await until(() => listener.wakes() === before + 1);
  });

  test('does not wake for another channel', async () => {
    const listener = start();
    await until(() => listener.hears());
    const before = listener.wakes();
    await sql.rows(`select pg_notify('other', ''), pg_notify('taxon_x', '')`);
    await notify();
    await until(() => listener.wakes() === before + 1);
  });

  test('hears with names longer than an identifier of PostgreSQL', async () => {
    const long = `${'a-host-with-a-long-name.'.repeat(4)}:12345:abcdef`;
    const listener = start(database.url, long);
    await until(() => listener.hears());
  });

  test('connects again after its connection was terminated, and sweeps', async () => {
    const listener = start();
    await until(() => listener.hears());
    const before = listener.wakes();
    await sql.rows(
      `select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'taxon listen' and datname = $1`,
      database.name,
    );
    // the moment without a connection may be shorter than any poll of this test
    await until(() => listener.wakes() > before && listener.hears());
    const connected = listener.wakes();
    await notify();
    await until(() => listener.wakes() === connected + 1);
  });

  test('keeps trying where there is no server, and stops when told', async () => {
    const listener = start('postgres://owner@localhost/x?host=/nowhere');
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(listener.hears()).toBe(false);
    await listener.close();
  });

  test('closes cleanly: nothing is left connected, nothing wakes', async () => {
    const listener = start();
    await until(() => listener.hears());
    await listener.close();
    expect(listener.hears()).toBe(false);
    await until(async () => (await backends()) === 0);
    const before = listener.wakes();
    await notify();
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(listener.wakes()).toBe(before);
  });

  test('closed while it connects leaves nothing', async () => {
    const listener = start();
    await listener.close();
    await until(async () => (await backends()) === 0);
  });

  test('closed while it waits for its echo ends at once, not with the next heartbeat', async (context) => {
    needsPooler(context);
    const pooler = await startPooler(database.url, 1); // where the echo never comes
    try {
      const listener = start(pooler.urlOf(database.url), 'host:1:d', 3_600_000);
      await until(() => listener.wakes() > 0);
      await new Promise((resolve) => setTimeout(resolve, 100));
      await listener.close();
      expect(listener.hears()).toBe(false);
    } finally {
      await pooler.stop();
    }
  });

  test('notices a half-open connection and makes a new one', async () => {
    const proxy = await startFrozenProxy(database.url);
    try {
      const listener = start(proxy.urlOf(database.url), 'host:1:b', 100);
      await until(() => listener.hears());
      proxy.freeze();
      await until(() => !listener.hears());
      await until(() => listener.hears());
      const before = listener.wakes();
      await notify();
      await until(() => listener.wakes() === before + 1);
      await listener.close();
    } finally {
      await proxy.stop();
    }
  });

  // With one connection to the server LISTEN and everything else meet on it, with several they need not.
  test('notices that it hears nothing through a transaction pooler, of 1 connection and of 5', async (context) => {
    needsPooler(context);
    const hears = await Promise.all(
      [1, 5].map(async (size) => {
        const pooler = await startPooler(database.url, size);
        try {
          const listener = start(pooler.urlOf(database.url), `host:${size}:c`, 100);
          await until(() => listener.wakes() > 0); // it did connect
          const before = listener.wakes();
          await notify();
          await new Promise((resolve) => setTimeout(resolve, 3500));
          const heard = listener.wakes() !== before;
          const says = listener.hears();
          await listener.close();
          return { heard, says };
        } finally {
          await pooler.stop();
        }
      }),
    );
    expect(hears).toEqual([
      { heard: false, says: false },
      { heard: false, says: false },
    ]);
  });
});
