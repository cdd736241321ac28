import {
  chmodSync,
  chownSync,
  closeSync,
  fsyncSync,
  mkdirSync,
  openSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { TaxonError } from './errors.ts';

const reasons: Record<string, string> = {
  ENOSPC: 'the disk is full',
  EDQUOT: 'the disk quota is used up',
  EFBIG: 'it would be larger than a file may be here',
  EACCES: 'its folder may not be written to',
  EROFS: 'its folder is read-only',
  ENOENT: 'there is no such folder',
  ENOTDIR: 'there is no such folder',
  EISDIR: 'it is a folder',
  ENOTEMPTY: 'it is a folder',
};

/** What the system refused, for people; anything else as it is. */
export function writeError(path: string, error: unknown): unknown {
  const reason = reasons[(error as NodeJS.ErrnoException | undefined)?.code ?? ''];
  if (reason === undefined) return error;
  return new TaxonError(`${path} cannot be written: ${reason}`, {
    hint: 'Nothing was left half-written. Make room, or choose another place.',
    cause: error,
  });
}

function named(temporary: string, path: string): void {
  const file = openSync(temporary, 'r+');
  try {
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  renameSync(temporary, path);
}

/**
 * Makes a file whole or not at all: `write` fills a temporary file beside it, which then takes its name. When anything
 * fails, the temporary file goes and what was there before stays.
 *
 * @param write gets the temporary file's path
 * @throws TaxonError that says so when the disk is full or the folder cannot be written to
 */
export async function writeWhole<T>(path: string, write: (temporary: string) => Promise<T>): Promise<T> {
  const temporary = `${path}.${process.pid}.part`;
  try {
    const result = await write(temporary);
    named(temporary, path);
    return result;
  } catch (error) {
    rmSync(temporary, { force: true });
    throw writeError(path, error);
  }
}

/**
 * Makes a file of the given parts whole or not at all. Owner and mode of a file that was there stay.
 *
 * @throws TaxonError as writeWhole
 */
export function writeParts(path: string, parts: Iterable<string | Uint8Array>): void {
  const temporary = `${path}.${process.pid}.part`;
  try {
    const file = openSync(temporary, 'w');
    try {
      for (const part of parts) {
        const bytes = Buffer.from(part);
        // a nearly full disk takes less than it is given, without an error
        for (let at = 0; at < bytes.length; ) at += writeSync(file, bytes, at);
      }
    } finally {
      closeSync(file);
    }
    const before = statSync(path, { throwIfNoEntry: false });
    if (before?.isFile()) {
      chownSync(temporary, before.uid, before.gid);
      chmodSync(temporary, before.mode);
    }
    named(temporary, path);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw writeError(path, error);
  }
}

/** Makes the folder that a file is to lie in. */
export function makeFolderOf(path: string): void {
  mkdirSync(dirname(path), { recursive: true });
}
