import { createHash } from 'node:crypto';
import { type FileHandle, open, readdir, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { makeFolderOf, writeWhole } from '../../atomic-file.ts';
import { messageOf } from '../../errors.ts';
import { log } from '../../log.ts';

/**
 * Embeddings of all labelled names in one file, so that the next training reads them from the disk and not from the
 * database: 4,096 bytes of JSON, filled up with spaces, then count × dimension single floats, little-endian, row-major.
 */

/** What a matrix must be of to be used. */
export interface MatrixFacts {
  encoder: string;
  encoderId: number;
  dimension: number;
  count: number;
  /** Over the name keys in their order, each with a line end. */
  keysSha256: string;
}

interface Header extends MatrixFacts {
  format: 1;
  contentSha256: string;
}

const headerBytes = 4096;
/** Read or written at once. */
const blockBytes = 16 * 1024 * 1024;

/** The bytes of a matrix, block by block, without a copy of it. */
function* blocksOf(matrix: Float32Array): Generator<Buffer> {
  for (let at = 0; at < matrix.byteLength; at += blockBytes) {
    const length = Math.min(blockBytes, matrix.byteLength - at);
    yield Buffer.from(matrix.buffer, matrix.byteOffset + at, length);
  }
}

/** Whether a block of floats holds NaN or an infinity: either makes the sum of x - x NaN. */
function isFiniteBlock(block: Buffer): boolean {
  const numbers = new Float32Array(block.buffer, block.byteOffset, block.length / 4);
  let sum = 0;
  for (const x of numbers) sum += x - x;
  return sum === 0;
}

async function fill(file: FileHandle, target: Buffer, position: number): Promise<boolean> {
  for (let at = 0; at < target.length; ) {
    const { bytesRead } = await file.read(target, at, target.length - at, position + at);
    if (bytesRead === 0) return false;
    at += bytesRead;
  }
  return true;
}

/** Fills the matrix from an open file, or says why the file is not what is wanted. */
async function readInto(file: FileHandle, wanted: MatrixFacts, matrix: Float32Array): Promise<string | null> {
  const first = Buffer.alloc(headerBytes);
  if (!(await fill(file, first, 0))) return 'it is cut off';
  let header: Header;
  try {
    header = JSON.parse(first.toString('utf8')) as Header;
  } catch {
    return 'its header is damaged';
  }
  if (header.format !== 1) return 'it is of another format';
  if (header.encoder !== wanted.encoder || header.encoderId !== wanted.encoderId)
    return 'it is of another encoder';
  if (header.dimension !== wanted.dimension)
    return `it has ${header.dimension} dimensions, not ${wanted.dimension}`;
  if (header.count !== wanted.count || header.keysSha256 !== wanted.keysSha256)
    return 'memory has changed since';
  const { size } = await file.stat();
  if (size !== headerBytes + matrix.byteLength) return 'it is cut off or too long';
  const hash = createHash('sha256');
  let position = headerBytes;
  for (const block of blocksOf(matrix)) {
    if (!(await fill(file, block, position))) return 'it is cut off';
    hash.update(block);
    if (!isFiniteBlock(block)) return 'it holds NaN or an infinity';
    position += block.length;
  }
  return hash.digest('hex') === header.contentSha256 ? null : 'its sha256 differs: it is damaged';
}

/**
 * Fills `matrix` from the cache.
 *
 * @returns whether it could; if not, the matrix holds nothing of use and a notice says why
 */
export async function readMatrix(path: string, wanted: MatrixFacts, matrix: Float32Array): Promise<boolean> {
  let file: FileHandle | undefined;
  let why: string | null;
  try {
    file = await open(path, 'r');
    why = await readInto(file, wanted, matrix);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
    why = messageOf(error);
  } finally {
    await file?.close();
  }
  if (why === null) return true;
  log.info('the cache of embeddings is made anew', { why, file: path });
  return false;
}

/**
 * Removes what lies in the folder of caches: those of other encoders, of memory as it was, and what a killed process left. They
 * hold embeddings of names that may have been forgotten since, and are made anew in seconds.
 *
 * @param keep the one that is in use; null: none
 */
export async function removeMatrices(folder: string, keep: string | null): Promise<void> {
  try {
    for (const name of await readdir(folder))
      if (/\.f32(\.\d+\.part)?$/.test(name) && (keep === null || name !== basename(keep)))
        await rm(join(folder, name), { force: true });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== 'ENOENT' && code !== 'ENOTDIR')
      log.warn('old caches of embeddings could not be removed', { folder, why: messageOf(error) });
  }
}

/** Writes the cache; when it cannot be written, a warning says so and nothing else happens. */
export async function writeMatrix(path: string, facts: MatrixFacts, matrix: Float32Array): Promise<void> {
  try {
    makeFolderOf(path);
    // an old one first: beside it a new one might find no room
    await rm(path, { force: true });
    await writeWhole(path, async (temporary) => {
      const file = await open(temporary, 'w');
      try {
        const hash = createHash('sha256');
        let position = headerBytes;
        for (const block of blocksOf(matrix)) {
          hash.update(block);
          for (let at = 0; at < block.length; )
            at += (await file.write(block, at, block.length - at, position + at)).bytesWritten;
          position += block.length;
        }
        const header: Header = { format: 1, ...facts, contentSha256: hash.digest('hex') };
        await file.write(Buffer.from(JSON.stringify(header).padEnd(headerBytes)), 0, headerBytes, 0);
      } finally {
        await file.close();
      }
    });
  } catch (error) {
    log.warn('no cache of embeddings; the next training reads them from the database again', {
      why: messageOf(error),
    });
  }
}
