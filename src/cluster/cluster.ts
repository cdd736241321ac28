import { rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Config } from '../config.ts';
import { handOver } from './account.ts';
import type { Binaries } from './binaries.ts';
import { initialise, makerOf, superuser } from './initialise.ts';
import { withLock } from './lock.ts';
import { findPlace, lockFile, makePlace, type Place, privateFolder } from './place.ts';
import { awaitReady, postmaster, startServer, stopServer } from './postmaster.ts';
import { provideBinaries } from './provide.ts';

/** Two first starts at once: the second waits for an installation, a build and initdb of the first. */
const lockSeconds = 1800;

/** A running private cluster. */
export interface Cluster {
  /** The folder that holds all of it. */
  folder: string;
  socketDir: string;
  /** Its superuser. */
  user: string;
  /** Process id of the postmaster. */
  pid: number;
  /** Folder of psql, pg_dump and the like of its version. */
  binDir: string;
  /** Whether this call started it; false where it ran already. */
  started: boolean;
  /** A URL that node-postgres and libpq (psql, PgBouncer) both take; `user` defaults to the superuser. */
  url(database: string, user?: string): string;
}

/** What is known of a data folder's cluster without touching it. */
export type ClusterStatus =
  | { state: 'absent' }
  | { state: 'stopped'; folder: string; socketDir: string; logFile: string }
  | { state: 'running'; folder: string; socketDir: string; logFile: string; pid: number };

/** Port and sslmode are named because PGPORT and PGSSLMODE of the environment would count otherwise. */
function urlIn(socketDir: string): Cluster['url'] {
  return (database, user = superuser) =>
    `postgres:///${encodeURIComponent(database)}?host=${encodeURIComponent(socketDir)}&port=5432&sslmode=disable&user=${encodeURIComponent(user)}`;
}

function running(place: Place, binaries: Binaries, started: boolean): Cluster {
  const now = postmaster(place.data);
  if (now.state !== 'running')
    throw new Error(`the server in ${place.folder} ended while it was being started`);
  const { pid, socketDir } = now;
  return {
    folder: place.folder,
    socketDir,
    user: superuser,
    pid,
    binDir: binaries.binDir,
    started,
    url: urlIn(socketDir),
  };
}

/**
 * Makes and starts the private cluster of a data folder; where it runs already nothing happens. Safe to call from many
 * processes at once and after any crash. The server outlives this process.
 *
 * @param dataDir made where it is missing
 * @param options postgres: whose programs make a new one (default: auto); cacheDir: where those are kept that had to be
 *                fetched (default: in the data folder); throwAway: a cluster that may lose everything in a crash, for tests
 * @throws TaxonError where PostgreSQL is missing or does not start, with the end of its log
 */
export async function startCluster(
  dataDir: string,
  options: { postgres?: Config['postgres']; cacheDir?: string; throwAway?: boolean } = {},
): Promise<Cluster> {
  // Before the lock: in another user's folder that would fail first, and say less.
  findPlace(dataDir);
  return withLock(lockFile(dataDir), lockSeconds, async () => {
    for (const path of [dataDir, lockFile(dataDir)]) handOver(path);
    const made = findPlace(dataDir);
    const cacheDir = options.cacheDir ?? join(resolve(dataDir), 'cache');
    const maker = made === undefined ? undefined : makerOf(made);
    const binaries = await provideBinaries(cacheDir, options.postgres ?? 'auto', maker);
    const place = made ?? (await makePlace(dataDir));
    if (made === undefined) await initialise(place, binaries, options.throwAway ?? false);
    if (postmaster(place.data).state === 'running') {
      await awaitReady(place);
      return running(place, binaries, false);
    }
    privateFolder(place.socketDir, place.account);
    await startServer(place, binaries);
    return running(place, binaries, true);
  });
}

/** Stops the cluster of a data folder cleanly: everybody is disconnected, nothing is lost. Returns whether it ran. */
export async function stopCluster(dataDir: string): Promise<boolean> {
  if (clusterStatus(dataDir).state === 'absent') return false;
  return withLock(lockFile(dataDir), lockSeconds, async () => {
    const place = findPlace(dataDir);
    if (place === undefined || postmaster(place.data).state !== 'running') return false;
    await stopServer(place, 'fast');
    return true;
  });
}

/** Stops the cluster of a data folder and removes all of it, its databases included. Returns whether there was one. */
export async function destroyCluster(dataDir: string): Promise<boolean> {
  if (clusterStatus(dataDir).state === 'absent') return false;
  return withLock(lockFile(dataDir), lockSeconds, async () => {
    const place = findPlace(dataDir);
    if (place === undefined) return false;
    await stopServer(place, 'immediate');
    rmSync(place.folder, { recursive: true, force: true });
    rmSync(place.socketDir, { recursive: true, force: true });
    return true;
  });
}

/** Whether the cluster of a data folder exists and runs. Changes nothing. */
export function clusterStatus(dataDir: string): ClusterStatus {
  const place = findPlace(dataDir);
  if (place === undefined) return { state: 'absent' };
  const { folder, socketDir, logFile } = place;
  const now = postmaster(place.data);
  return now.state === 'running'
    ? { state: 'running', folder, socketDir: now.socketDir, logFile, pid: now.pid }
    : { state: 'stopped', folder, socketDir, logFile };
}
