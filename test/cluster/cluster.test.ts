import { execFileSync, spawn } from 'node:child_process';
import { appendFileSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { clusterStatus, startCluster, stopCluster } from '../../src/cluster/cluster.ts';
import { resolveDatabase } from '../../src/cluster/resolve.ts';
import { ensureDatabase, firstDatabase } from '../../src/database/connection/databases.ts';
import { type OwnCluster, ownCluster } from '../support/cluster.ts';

let cluster: OwnCluster;
beforeAll(async () => {
  cluster = await ownCluster();
});
afterAll(() => cluster.destroy());
beforeEach(() => cluster.start());

async function value(url: string, expression: string): Promise<unknown> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query(`select (${expression}) as value`)).rows[0].value;
  } finally {
    await client.end();
  }
}

function controlData(): string {
  const text = execFileSync(join(cluster.binDir, 'pg_controldata'), [join(cluster.folder, 'data')], {
    encoding: 'utf8',
    env: { LC_ALL: 'C' },
  });
  return /Database cluster state: +(.*)/.exec(text)?.[1] ?? text;
}

/** The process id of the postmaster that runs now. */
function pidNow(): number {
  const status = clusterStatus(cluster.dataDir);
  if (status.state !== 'running') throw new Error(`the cluster is ${status.state}`);
  return status.pid;
}

async function kill(pid: number): Promise<void> {
  process.kill(pid, 'SIGKILL');
  while (clusterStatus(cluster.dataDir).state === 'running') await sleep(10);
}

test('one URL for node-postgres and libpq, whatever PGPORT and PGUSER say', async () => {
  const url = cluster.url('postgres');
  const hostile = { ...process.env, PGPORT: '9', PGUSER: 'nobody', PGDATABASE: 'none', PGSSLMODE: 'require' };
  const who = 'current_user || current_database()';
  const psql = execFileSync(join(cluster.binDir, 'psql'), [url, '-Atc', `select ${who}`], {
    env: hostile,
    encoding: 'utf8',
  });
  expect(psql).toBe('postgrespostgres\n');
  const script = `import pg from 'pg';
    const client = new pg.Client({ connectionString: ${JSON.stringify(url)} });
    await client.connect();
    console.log((await client.query('select ${who} as who')).rows[0].who);
    await client.end();`;
  const node = execFileSync(process.execPath, ['--input-type=module', '-e', script], {
    env: hostile,
    encoding: 'utf8',
  });
  expect(node).toBe(psql);
});

test('reachable through a private folder alone, by a server that is not root', async () => {
  expect(await value(cluster.url('postgres'), `current_setting('listen_addresses')`)).toBe('');
  expect(statSync(cluster.socketDir).mode & 0o777).toBe(0o700);
  const server = statSync(`/proc/${pidNow()}`, { throwIfNoEntry: false }) ?? statSync(cluster.folder);
  expect(server.uid).not.toBe(0);
  expect(server.uid).toBe(statSync(cluster.folder).uid);
});

test('pg_trgm sees Cyrillic letters, pgvector is there', async () => {
  await ensureDatabase(cluster.url('postgres'), 'Ünï code');
  await ensureDatabase(cluster.url('postgres'), 'Ünï code');
  expect(await firstDatabase(cluster.url('postgres'), ['absent', 'Ünï code', 'postgres'])).toBe('Ünï code');
  const url = cluster.url('Ünï code');
  expect(await value(url, 'getdatabaseencoding()')).toBe('UTF8');
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  await client.query('create extension pg_trgm; create extension vector');
  expect((await client.query(`select array_length(show_trgm('чайник'), 1) as n`)).rows[0].n).toBe(7);
  await client.end();
});

test('starting what runs changes nothing', async () => {
  const pid = pidNow();
  expect(await startCluster(cluster.dataDir)).toMatchObject({
    pid,
    started: false,
    socketDir: cluster.socketDir,
  });
});

test('stop is a clean stop, URLs hold for the next start', async () => {
  const url = cluster.url('postgres');
  const visitor = new pg.Client({ connectionString: url });
  visitor.on('error', () => {});
  await visitor.connect();
  expect(await stopCluster(cluster.dataDir)).toBe(true);
  expect(controlData()).toBe('shut down');
  expect(clusterStatus(cluster.dataDir)).toMatchObject({ state: 'stopped', folder: cluster.folder });
  expect(await stopCluster(cluster.dataDir)).toBe(false);
  await cluster.start();
  expect(await value(url, '1')).toBe(1);
  await visitor.end();
});

test('a killed postmaster: what was committed is there, its orphans are waited for', async () => {
  const url = cluster.url('postgres');
  const orphan = new pg.Client({ connectionString: url });
  orphan.on('error', () => {});
  await orphan.connect();
  await orphan.query('create table kept as select 42 as n');
  // Longer than a start takes, and never waiting, so that it sees its postmaster's end late: it holds the shared memory,
  // and a new server refuses to start beside it.
  orphan
    .query(`do $$ begin while clock_timestamp() < now() + interval '2 s' loop end loop; end $$`)
    .catch(() => {});
  while ((await value(url, `select count(*) > 1 from pg_stat_activity where state = 'active'`)) !== true)
    await sleep(20);
  await kill(pidNow());
  expect(controlData()).toBe('in production');
  await cluster.start();
  expect(await value(url, '(select n from kept)')).toBe(42);
  await orphan.end();
});

test('a stale postmaster.pid whose process id belongs to another program by now', async () => {
  const dead = pidNow();
  await kill(dead);
  const file = join(cluster.folder, 'data', 'postmaster.pid');
  const socketLock = join(cluster.socketDir, '.s.PGSQL.5432.lock');
  // As the same user as the server's: of another user's process PostgreSQL itself knows that it is no server of its own.
  const { uid, gid } = statSync(cluster.folder);
  const other = spawn('sleep', ['60'], { uid, gid, stdio: 'ignore' });
  for (const path of [file, socketLock]) {
    writeFileSync(path, readFileSync(path, 'utf8').replace(String(dead), String(other.pid)));
  }
  expect(clusterStatus(cluster.dataDir).state).toBe('stopped');
  await cluster.start();
  expect(await value(cluster.url('postgres'), '1')).toBe(1);
  expect(pidNow()).not.toBe(other.pid);
  expect(other.exitCode).toBeNull();
  other.kill();
});

test('a server that cannot start shows the end of its log', async () => {
  await cluster.stop();
  const settings = join(cluster.folder, 'data', 'postgresql.conf');
  const before = readFileSync(settings);
  appendFileSync(settings, "\nshared_buffers = 'a lot'\n");
  await expect(startCluster(cluster.dataDir)).rejects.toThrow(
    /did not start(.|\n)*invalid value for parameter "shared_buffers": "a lot"/,
  );
  writeFileSync(settings, before);
});

test('the order of sources: DATABASE_URL untouched, else the private cluster with the database made', async () => {
  const given = 'postgres://nobody@nowhere.invalid/none';
  expect(
    await resolveDatabase({ databaseUrl: given, dataDir: cluster.dataDir, postgres: 'auto' }, 'shop'),
  ).toMatchObject({
    url: given,
    source: 'DATABASE_URL',
  });
  const { url, source, release } = await resolveDatabase(
    { dataDir: cluster.dataDir, databaseUrl: undefined, postgres: 'auto' },
    'shop',
  );
  expect({ url, source }).toEqual({ url: cluster.url('shop'), source: 'private' });
  expect(await value(url, 'current_database()')).toBe('shop');
  // it ran before: what others started is not ours to stop
  await release();
  expect(await value(url, 'current_database()')).toBe('shop');
  await stopCluster(cluster.dataDir);
  await (
    await resolveDatabase({ dataDir: cluster.dataDir, databaseUrl: undefined, postgres: 'auto' }, 'shop')
  ).release();
  expect(clusterStatus(cluster.dataDir).state).toBe('stopped');
});
