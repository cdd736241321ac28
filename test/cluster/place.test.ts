import { execFile, spawn } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import pg from 'pg';
import { afterAll, expect, test } from 'vitest';
import { clusterStatus, destroyCluster, startCluster, stopCluster } from '../../src/cluster/cluster.ts';
import { findPlace, lockFile } from '../../src/cluster/place.ts';
import { postgres, temporaryDataDir } from '../support/cluster.ts';

const script = new URL('../support/cluster-child.ts', import.meta.url).pathname;
const root = process.getuid?.() === 0;
const folders: (() => Promise<void>)[] = [];
afterAll(() => Promise.all(folders.map((remove) => remove())));

function dataDirOf(mode = 0o711): string {
  const { dataDir, remove } = temporaryDataDir();
  folders.push(remove);
  chmodSync(dataDir, mode);
  return dataDir;
}

async function answers(url: string): Promise<boolean> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  const { rowCount } = await client.query('select 1');
  await client.end();
  return rowCount === 1;
}

test('a first start killed half-way, then two at once: one makes the cluster, both have it', async () => {
  const dataDir = dataDirOf();
  const killed = spawn(process.execPath, [script, 'start', dataDir], { stdio: 'ignore' });
  const folder = join(dataDir, 'cluster');
  while (!existsSync(folder) || !readdirSync(folder).some((name) => name.startsWith('data.'))) await sleep(5);
  killed.kill('SIGKILL');
  expect(clusterStatus(dataDir)).toEqual({ state: 'absent' });

  // By sudo the cluster is the caller's, who can use it without sudo later.
  const env = { ...process.env, SUDO_UID: '65534', SUDO_GID: '65534' };
  const start = () => promisify(execFile)(process.execPath, [script, 'start', dataDir], { env });
  const results = (await Promise.all([start(), start()])).map(({ stdout }) => JSON.parse(stdout));
  expect(results.map((result) => result.started).sort()).toEqual([false, true]);
  expect(results[0].pid).toBe(results[1].pid);
  expect(readdirSync(folder).filter((name) => name.startsWith('data'))).toEqual(['data']);
  const owner = root ? 65534 : process.getuid?.();
  for (const path of [dataDir, lockFile(dataDir)]) expect(statSync(path).uid).toBe(owner);
});

test('a path too long for a socket, or with a comma, gets a short private folder for it', async () => {
  const parent = dataDirOf();
  const dataDir = join(parent, 'é, "$quoted\'" '.repeat(8));
  const cluster = await startCluster(dataDir, { postgres, throwAway: true });
  expect(cluster.folder).toBe(join(dataDir, 'cluster'));
  expect(cluster.socketDir).toMatch(/^\/tmp\/pgtaxon-\d+-[0-9a-f]{12}$/);
  expect(statSync(cluster.socketDir).mode & 0o777).toBe(0o700);
  expect(await answers(cluster.url('postgres'))).toBe(true);

  await stopCluster(dataDir);
  chmodSync(cluster.socketDir, 0o777);
  await expect(startCluster(dataDir)).rejects.toThrow(`${cluster.socketDir} is not a private folder`);
  chmodSync(cluster.socketDir, 0o700);
  expect((await startCluster(dataDir)).socketDir).toBe(cluster.socketDir);

  expect(await destroyCluster(dataDir)).toBe(true);
  expect([existsSync(cluster.folder), existsSync(cluster.socketDir)]).toEqual([false, false]);
  expect(await destroyCluster(dataDir)).toBe(false);
});

test("a data folder that root's server cannot reach: its cluster lies in the system folder, at the same place each time", async () => {
  const dataDir = dataDirOf(0o700);
  const cluster = await startCluster(dataDir, { postgres, throwAway: true });
  if (root) expect(cluster.folder).toMatch(/^\/var\/lib\/pgtaxon\/[0-9a-f]{12}$/);
  else expect(cluster.folder).toBe(join(dataDir, 'cluster'));
  expect(await answers(cluster.url('postgres'))).toBe(true);
  expect(await stopCluster(dataDir)).toBe(true);
  // Opened later, the folder does not become the place of a second, empty cluster.
  chmodSync(dataDir, 0o711);
  expect((await startCluster(dataDir)).folder).toBe(cluster.folder);
  await destroyCluster(dataDir);
  expect(existsSync(cluster.folder)).toBe(false);
});

test('what is absent stays absent', async () => {
  const dataDir = join(mkdtempSync(join(tmpdir(), 'taxon-absent-')), 'none');
  expect(clusterStatus(dataDir)).toEqual({ state: 'absent' });
  expect([await stopCluster(dataDir), await destroyCluster(dataDir)]).toEqual([false, false]);
  expect(existsSync(dataDir)).toBe(false);
  mkdirSync(join(dataDir, 'cluster'), { recursive: true });
  expect(findPlace(dataDir)).toBeUndefined();
  rmSync(join(dataDir, '..'), { recursive: true });
});
