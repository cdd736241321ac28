import { accessSync, constants, mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import { setTimeout as sleep } from 'node:timers/promises';
import { messageOf, TaxonError } from '../errors.ts';
import { log } from '../log.ts';

const sqliteBusy = 5;

/** SQLite, loaded where a lock is taken. Node 22 warns of an experiment then, which is nobody's business who runs a command. */
function sqlite() {
  const { emitWarning } = process;
  process.emitWarning = () => {};
  try {
    return process.getBuiltinModule('node:sqlite');
  } finally {
    process.emitWarning = emitWarning;
  }
}

function tryLock(path: string): DatabaseSync | undefined {
  let file: DatabaseSync | undefined;
  try {
    file = new (sqlite().DatabaseSync)(path);
    // SQLite opens what it may not write for reading, and then locks nobody out.
    accessSync(path, constants.W_OK);
    // In memory: the journal would be a second file, and nothing is ever written.
    file.exec('pragma journal_mode = memory; begin exclusive');
    return file;
  } catch (error) {
    file?.close();
    if ((error as { errcode?: number }).errcode === sqliteBusy) return undefined;
    throw new TaxonError(`${path} cannot be locked: ${messageOf(error)}`, {
      hint: `Is it yours, and is there room on the disk? When no other process uses it: rm ${path}`,
      cause: error,
    });
  }
}

/**
 * Does the work while no other process holds the same lock. The lock is SQLite's on an empty file: Node has no flock,
 * and what the system locks is free at the holder's death, also by SIGKILL, which a file with a process id is not
 * (the id may belong to another process by then, and two that clear away the same stale file both win).
 *
 * @param path    the lock file, made where it is missing and never removed
 * @param seconds how long to wait for the holder
 * @throws TaxonError when the holder does not finish in time
 */
export async function withLock<T>(path: string, seconds: number, work: () => Promise<T>): Promise<T> {
  mkdirSync(dirname(path), { recursive: true });
  const started = Date.now();
  let held = tryLock(path);
  for (let told = false; held === undefined; held = tryLock(path)) {
    const waited = Date.now() - started;
    if (waited > seconds * 1000) {
      throw new TaxonError(`${path} has been held by another process for ${seconds} s`, {
        hint: `Look who holds it: lsof ${path}`,
      });
    }
    if (waited > 2000 && !told) log.info('waiting for another process', { lock: path });
    told ||= waited > 2000;
    await sleep(50);
  }
  try {
    return await work();
  } finally {
    held.close();
  }
}
