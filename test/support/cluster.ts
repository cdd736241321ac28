import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdirSync, mkdtempSync, statfsSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { inject } from 'vitest';
import { type Cluster, startCluster, stopCluster } from '../../src/cluster/cluster.ts';
import { initialise } from '../../src/cluster/initialise.ts';
import { withLock } from '../../src/cluster/lock.ts';
import { findPlace, makePlace, type Place } from '../../src/cluster/place.ts';
import { provideBinaries } from '../../src/cluster/provide.ts';
import { loadConfig } from '../../src/config.ts';

const reaper = fileURLToPath(new URL('./cluster-reaper.ts', import.meta.url));

const config = loadConfig();

/** Whose PostgreSQL the tests' clusters are made by: TAXON_POSTGRES, as everywhere. */
export const { postgres } = config;

/** Kept with the project and not in a folder that goes: what had to be downloaded or built. */
export const cacheDir = join(config.dataDir, 'cache');

const memory = '/dev/shm';

/**
 * Where temporary clusters lie: in memory where that has 4 GB, unless TMPDIR says otherwise. Sixteen files of test/sql
 * took 20 s of processor time there and 27 on a disk.
 */
function temporaryFolder(): string {
  if (process.env.TMPDIR !== undefined) return tmpdir();
  try {
    const { bavail, bsize } = statfsSync(memory);
    return bavail * bsize >= 4 * 2 ** 30 ? memory : tmpdir();
  } catch {
    return tmpdir();
  }
}

/** A new folder there, which root's server can reach: it runs as another user, who has to get through. */
export function temporaryIn(prefix: string): string {
  const folder = mkdtempSync(join(temporaryFolder(), prefix));
  chmodSync(folder, 0o711);
  return folder;
}

/** A temporary data folder for a cluster, removed with its cluster by `remove` or when this process ends in any way. */
export function temporaryDataDir(): { dataDir: string; remove(): Promise<void> } {
  const dataDir = temporaryIn('taxon-');
  mkdirSync(cacheDir, { recursive: true });
  symlinkSync(cacheDir, join(dataDir, 'cache'));
  // A session of its own, so that Ctrl-C does not reach it.
  const child = spawn(process.execPath, [reaper, dataDir], {
    stdio: ['pipe', 'ignore', 'inherit'],
    detached: true,
  });
  child.unref();
  return {
    dataDir,
    async remove() {
      if (child.exitCode !== null) return;
      child.ref();
      child.stdin.end();
      await once(child, 'exit');
    },
  };
}

export interface OwnCluster extends Cluster {
  dataDir: string;
  /** Stops it cleanly; its URLs hold for the next start. */
  stop(): Promise<void>;
  start(): Promise<void>;
  destroy(): Promise<void>;
}

/** What initdb makes, once a run: it takes .4 s of processor time, a copy .05. */
function pattern(): Promise<Place> {
  const dataDir = join(inject('clusterDataDir'), 'pattern');
  return withLock(`${dataDir}.lock`, 300, async () => {
    const made = findPlace(dataDir);
    if (made !== undefined) return made;
    const place = await makePlace(dataDir);
    await initialise(place, await provideBinaries(cacheDir, postgres), true);
    return place;
  });
}

/** A cluster for one test file alone, for tests that stop, kill or restart it. */
export async function ownCluster(): Promise<OwnCluster> {
  const { dataDir, remove } = temporaryDataDir();
  const from = await pattern();
  const to = await makePlace(dataDir);
  await promisify(execFile)('cp', ['-a', from.data, to.data]);
  const cluster = await startCluster(dataDir, { postgres });
  return {
    ...cluster,
    dataDir,
    async stop() {
      await stopCluster(dataDir);
    },
    async start() {
      await startCluster(dataDir);
    },
    destroy: remove,
  };
}
