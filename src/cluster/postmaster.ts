import { execFileSync, spawn } from 'node:child_process';
import {
  closeSync,
  existsSync,
  fchownSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { writeParts } from '../atomic-file.ts';
import { TaxonError } from '../errors.ts';
import { log } from '../log.ts';
import type { Binaries } from './binaries.ts';
import type { Place } from './place.ts';
import { cleanEnvironment, tail } from './run.ts';

/** What postmaster.pid says, and whether it is true. */
type Postmaster =
  | { state: 'stopped' }
  /** The file was left by a crash, and its process id now belongs to another program. */
  | { state: 'stale' }
  | { state: 'running'; pid: number; socketDir: string; ready: boolean };

/** No system gives this process id, so PostgreSQL takes the file for one left by a crash. */
const nobodysPid = 2147483646;
/** Crash recovery of a large cluster takes minutes. */
const startSeconds = 600;
/** A fast stop writes a checkpoint. */
const stopSeconds = 120;
/** How long backends may outlive their killed postmaster; they end with their statement. */
const orphanSeconds = 15;
const logBytes = 10_000_000;

function argumentsOf(pid: number): string[] {
  if (process.platform === 'linux') {
    const file = `/proc/${pid}/cmdline`;
    return existsSync(file) ? readFileSync(file, 'utf8').split('\0') : [];
  }
  try {
    return execFileSync('ps', ['-o', 'command=', '-p', String(pid)], { encoding: 'utf8' })
      .trim()
      .split(' ');
  } catch {
    return [];
  }
}

function alive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** Whether the server of a data folder runs, read from its postmaster.pid. */
export function postmaster(data: string): Postmaster {
  const file = join(data, 'postmaster.pid');
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    // asked in one call: between a look and a read a stopping server removes it
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return { state: 'stopped' };
    throw error;
  }
  const [pidText, folder = '', , , socketDir = '', , , status = ''] = text.split('\n');
  const pid = Number(pidText);
  if (!(pid > 0) || !alive(pid)) return { state: 'stopped' };
  if (!argumentsOf(pid).join(' ').includes(folder)) return { state: 'stale' };
  return { state: 'running', pid, socketDir, ready: status.trim() === 'ready' };
}

/** The last lines of the server's log, for an error message. */
function logTail(place: Place): string {
  return existsSync(place.logFile) ? tail(readFileSync(place.logFile, 'utf8')) : '  (no log)';
}

/**
 * Makes PostgreSQL believe that the server crashed, which it checks by the process id alone. The rest of the file
 * stays: by the shared memory named there it notices backends of the crashed server that still run.
 */
function disown(data: string): void {
  const file = join(data, 'postmaster.pid');
  const [, ...rest] = readFileSync(file, 'utf8').split('\n');
  writeParts(file, [[nobodysPid, ...rest].join('\n')]);
}

/** A value of postgresql.conf's list of folders, which may hold commas and quotes. */
function folderSetting(folder: string): string {
  return `unix_socket_directories="${folder.replaceAll('"', '""')}"`;
}

function launch(place: Place, binaries: Binaries): { pid: number | undefined; exited: () => boolean } {
  if ((statSync(place.logFile, { throwIfNoEntry: false })?.size ?? 0) > logBytes) {
    renameSync(place.logFile, `${place.logFile}.1`);
  }
  const out = openSync(place.logFile, 'a', 0o600);
  if (place.account !== undefined) fchownSync(out, place.account.uid, place.account.gid);
  const ids = place.account === undefined ? {} : { uid: place.account.uid, gid: place.account.gid };
  // Started directly: pg_ctl hands paths to a shell, and Ctrl-C would reach the server with it (no own session).
  const child = spawn(
    join(binaries.binDir, 'postgres'),
    ['-D', place.data, '-c', folderSetting(place.socketDir)],
    {
      cwd: '/',
      env: cleanEnvironment(),
      stdio: ['ignore', out, out],
      detached: true,
      ...ids,
    },
  );
  closeSync(out);
  let exited = false;
  const end = () => {
    exited = true;
  };
  child.on('exit', end).on('error', end);
  child.unref();
  return { pid: child.pid, exited: () => exited };
}

async function waitUntilReady(place: Place, exited: () => boolean): Promise<boolean> {
  for (let waited = 0; waited < startSeconds * 1000; waited += 20) {
    // In this order: the server that ends may be the later of two, and the other one's file be seen only now.
    const ended = exited();
    const now = postmaster(place.data);
    if (now.state === 'running' && now.ready) return true;
    if (now.state !== 'running' && ended) return false;
    if (waited === 5000) log.info('PostgreSQL recovers from a crash', { log: place.logFile });
    await sleep(20);
  }
  return false;
}

/**
 * Starts the server of a data folder that is not running and waits until it takes connections. The caller holds the lock.
 *
 * @throws TaxonError with the end of the server's log
 */
export async function startServer(place: Place, binaries: Binaries): Promise<void> {
  const crashed = existsSync(join(place.data, 'postmaster.pid'));
  if (postmaster(place.data).state === 'stale') disown(place.data);
  // Under the lock and with no server, what lies in the private socket folder is left over.
  for (const name of ['.s.PGSQL.5432', '.s.PGSQL.5432.lock'])
    rmSync(join(place.socketDir, name), { force: true });
  const deadline = Date.now() + (crashed ? orphanSeconds * 1000 : 0);
  for (;;) {
    const server = launch(place, binaries);
    if (await waitUntilReady(place, server.exited)) return;
    if (Date.now() > deadline) break;
    await sleep(500);
  }
  throw new TaxonError(`PostgreSQL did not start; the end of ${place.logFile}:\n${logTail(place)}`);
}

/** Waits for a server that another process started. */
export async function awaitReady(place: Place): Promise<void> {
  if (await waitUntilReady(place, () => true)) return;
  throw new TaxonError(
    `PostgreSQL does not take connections; the end of ${place.logFile}:\n${logTail(place)}`,
  );
}

/**
 * Stops a running server and waits for its end.
 *
 * @param mode fast: disconnects everybody, writes a checkpoint; immediate: as a crash, for clusters that are thrown away
 */
export async function stopServer(place: Place, mode: 'fast' | 'immediate'): Promise<void> {
  const deadline = Date.now() + stopSeconds * 1000;
  const now = postmaster(place.data);
  if (now.state !== 'running') return;
  process.kill(now.pid, mode === 'fast' ? 'SIGINT' : 'SIGQUIT');
  while (postmaster(place.data).state === 'running') {
    if (Date.now() > deadline) {
      throw new TaxonError(
        `PostgreSQL (process ${now.pid}) did not stop in ${stopSeconds} s; the end of ${place.logFile}:\n${logTail(place)}`,
      );
    }
    await sleep(20);
  }
}
