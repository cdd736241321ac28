import { closeSync, fsyncSync, mkdirSync, openSync, renameSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { TaxonError } from './errors.ts';

const reasons: Record<string, string> = {
  ENOSPC: 'the disk is full',
  EDQUOT: 'the disk quota is used up',
  EACCES: 'its folder may not be written to',
  EROFS: 'its folder is read-only',
  ENOENT: 'there is no such folder',
  ENOTDIR: 'there is no such folder',
  EISDIR: 'it is a folder',
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
    const file = openSync(temporary, 'r+');
    try {
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    renameSync(temporary, path);
    return result;
  } catch (error) {
    rmSync(temporary, { force: true });
    throw writeError(path, error);
  }
}

/** Makes the folder that a file is to lie in. */
export function makeFolderOf(path: string): void {
  mkdirSync(dirname(path), { recursive: true });
}
