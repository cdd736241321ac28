import { rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Database } from '../../src/database/connection/open.ts';
import { normalise } from '../../src/normalise.ts';
import { type Simulator, startSimulator } from '../../src/simulator/simulator.ts';
import { taxonHere } from '../support/command.ts';
import type { TestDatabase } from '../support/database.ts';
import { needsPooler, type Pooler, poolerInstalled, startPooler } from '../support/pgbouncer.ts';
import { runTaxon, simulated, until } from '../support/processes.ts';
import { insert, look, settled } from '../support/rows.ts';
import { lettersShop } from '../support/shop.ts';
import { labelled, newNames } from '../support/shop-names.ts';
import { type SidecarHere, startSidecarHere } from '../support/sidecar.ts';
import { openSession } from '../support/sql.ts';

/** Connections to the server for each user: fewer than a sidecar opens, so that its statements do change places. */
const poolSize = 2;
const fresh = newNames(60);
let database: TestDatabase;
let pooler: Pooler;
let simulator: Simulator;
/** Through the pooler, as an application would. */
let db: Database;
let sidecarUrl: string;
let sidecar: SidecarHere | undefined;

beforeAll(async () => {
  if (!poolerInstalled) return;
  database = await lettersShop();
  pooler = await startPooler(database.url, poolSize);
  db = look(pooler.urlOf(database.url));
  const truth = new Map(fresh.map(({ name, path }) => [normalise(name), path]));
  simulator = await startSimulator({ truth, errorRates: [0, 0, 0] });
  sidecarUrl = await database.urlFor('taxon_sidecar');
});
afterAll(async () => {
  await simulator?.close();
  await db?.close();
  await pooler?.stop();
  await database?.drop();
});
beforeEach(needsPooler);
afterEach(async () => {
  await sidecar?.stop(); // where a test failed before it stopped
});

const listening = () =>
  db.rows<{ listening: boolean; idle: boolean }>('select listening, idle from taxon_internal.sidecars');
const sidecarHealth = () =>
  db.row<{ status: string; detail: string }>(
    `select status, detail from taxon.health() where item = 'sidecars'`,
  );

describe('DATABASE_URL is a transaction pooler', () => {
  test('a sidecar polls, says so in health(), and answers through all four layers', async () => {
    sidecar = await startSidecarHere(pooler.urlOf(sidecarUrl), simulated(simulator.url));
    // high enough that a fifth of the names goes on to the LLM
    await db.rows(`select taxon.set_thresholds(.9, .9, .9, 'test')`);
    const known = labelled[0]?.name ?? '';
    await insert(db, [known, `${known} 2`, ...fresh.map(({ name }) => name)]);
    const counts = await settled(db);
    expect(Object.keys(counts).sort()).toEqual(['exact', 'llm', 'local', 'similar']);
    expect(await db.rows('select state, count(*) as n from taxon_internal.llm_calls group by 1')).toEqual([
      { state: 'ok', n: simulator.stats().calls },
    ]);
    // a NOTIFY would cost the inserts a lock and reach nobody
    expect(await listening()).toEqual([{ listening: false, idle: false }]);
    const { status, detail } = await sidecarHealth();
    expect(status).toBe('ok');
    expect(detail).toContain(
      ', polling); polling: no notification arrives, as through a transaction pooler: give TAXON_DIRECT_DATABASE_URL',
    );
    await sidecar.stop();
    expect(await listening()).toEqual([]);
    // jobs of its start that run beside each other hold both connections and wait for a third
    expect(pooler.said()).not.toContain('query_wait_timeout');
  });

  test('it left nothing of a session behind on the server’s connections', async () => {
    const sessions = await Promise.all(
      Array.from({ length: poolSize }, () => openSession(pooler.urlOf(sidecarUrl))),
    );
    // in transactions at the same time, so that each has one of the server's connections for itself
    for (const session of sessions) await session.rows('begin');
    const pids = await Promise.all(sessions.map((session) => session.value('select pg_backend_pid()')));
    expect(new Set(pids).size).toBe(poolSize);
    for (const session of sessions) {
      expect(await session.rows('select name from pg_prepared_statements')).toEqual([]);
      expect(await session.value('show search_path')).toBe('"$user", public');
    }
    const admin = await openSession(database.superUrl);
    expect(
      await admin.rows(
        `select l.locktype from pg_locks l join pg_database d on d.oid = l.database
           where d.datname = current_database() and locktype = 'advisory'`,
      ),
    ).toEqual([]);
    for (const session of [...sessions, admin]) await session.close();
  });

  test('with the direct address beside it a sidecar listens, and says so', async () => {
    sidecar = await startSidecarHere(pooler.urlOf(sidecarUrl), {
      ...simulated(simulator.url),
      TAXON_DIRECT_DATABASE_URL: sidecarUrl,
      // only a notification can be in time
      TAXON_POLL_MS: '600000',
    });
    await until(listening, ([row]) => row?.listening === true && row.idle);
    expect((await sidecarHealth()).detail).not.toContain('polling');
    await insert(db, [`${labelled[5]?.name} 3`]);
    expect((await settled(db)).similar).toBe(2);
    await sidecar.stop();
  });

  test('migrate is refused and asks for the direct address; with it, it works', async () => {
    const environment = { DATABASE_URL: pooler.urlOf(database.url) };
    const refused = await taxonHere(['migrate'], environment);
    expect(refused).toEqual({
      code: 1,
      stdout: '',
      stderr:
        'taxon: migrations cannot run through a connection pooler\n' +
        '  Give the direct address of the database: TAXON_DIRECT_DATABASE_URL=postgres://…\n',
    });
    const direct = { ...environment, TAXON_DIRECT_DATABASE_URL: database.url };
    expect(await taxonHere(['migrate'], direct)).toMatchObject({
      code: 0,
      stdout: 'the schema is up to date\n',
    });
  });

  test('import and status work through it', async () => {
    const file = join(tmpdir(), `pooler-${process.pid}.csv`);
    writeFileSync(file, 'name,l1,l2,l3\nwooden spoon,Home,Kitchen,Spoons\n');
    const environment = { DATABASE_URL: pooler.urlOf(database.url) };
    const imported = await runTaxon(['import', file, '--as', 'labels', '--json'], environment);
    rmSync(file);
    expect(imported.code).toBe(0);
    expect(JSON.parse(imported.stdout)).toMatchObject({ added: 1 });
    expect(await insert(db, ['Wooden Spoon'])).toMatchObject([{ source: 'exact' }]);
    const status = await taxonHere(['status', '--json'], environment);
    expect(JSON.parse(status.stdout).routing).toContainEqual(expect.objectContaining({ layer: 'exact' }));
  });
});
