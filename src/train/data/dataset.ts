import { createHash } from 'node:crypto';
import { join } from 'node:path';
import type { Database } from '../../database/connection/open.ts';
import {
  countLabels,
  embeddingBytes,
  halfvecInto,
  type TrainingLabel,
  trainingLabels,
  unencodedLabels,
} from '../../database/memory.ts';
import { saveEmbeddings } from '../../database/queue.ts';
import { TaxonError } from '../../errors.ts';
import type { Encoder } from '../../model/encoder.ts';
import type { Path } from '../../model/types.ts';
import { progress } from '../../progress.ts';
import { readMatrix, removeMatrices, writeMatrix } from './matrix-cache.ts';

/** Names encoded between two commits: what an interruption costs at most. */
const encodePage = 2048;
const readPage = 5000;

/**
 * Encodes every labelled name that this encoder has not seen, into the database. Resumable: what is stored stays, the
 * next call goes on from there.
 *
 * @returns how many names were encoded
 */
export async function encodeLabels(
  db: Database,
  encoder: Pick<Encoder, 'encode'>,
  encoderId: number,
  signal: AbortSignal,
): Promise<number> {
  const { unencoded } = await countLabels(db, encoderId);
  if (unencoded === 0) return 0;
  const bar = progress('encoding', unencoded, 'names');
  let done = 0;
  let after: Buffer | null = null;
  try {
    for (;;) {
      signal.throwIfAborted();
      const page = await unencodedLabels(db, encoderId, after, encodePage);
      const last = page.at(-1);
      if (last === undefined) return done;
      const names = page.map((row) => row.name_key);
      const base = done;
      const vectors = await encoder.encode(names, { signal, onProgress: (n) => bar.at(base + n) });
      await saveEmbeddings(db, encoderId, names, vectors);
      done += names.length;
      after = last.name_hash;
    }
  } finally {
    bar.end();
  }
}

/** Memory as training sees it: one row a name key. `embeddings` is n × dimension, row-major. */
export interface Dataset extends LabelledNames {
  embeddings: Float32Array;
  dimension: number;
}

/** The labels of memory that can train. */
export interface LabelledNames {
  keys: string[];
  paths: Path[];
  /** What memory says of each name: its path's deepest category, one below it, or what cleaning made of the label. */
  categories: number[];
  /** Who gave each label. */
  from: string[];
  /** Rows by label source. */
  sources: Record<string, number>;
  /** Labels of categories out of use, left out. */
  retired: number;
  /** Labels of names that people's checks have drawn, left out. */
  sealed: number;
}

/** Where the cache of one encoder's matrix lies. */
export interface MatrixCache {
  /** The folder of all of them. */
  folder: string;
  /** The encoder's identity. */
  encoder: string;
}

/** The cache's file: named by its encoder; where databases or encoders take turns, each makes it anew. */
function cacheFile({ folder, encoder }: MatrixCache): string {
  return join(folder, `${createHash('sha256').update(encoder).digest('hex').slice(0, 16)}.f32`);
}

/**
 * Every label that can train, with no embedding yet, and the digest of their keys in order.
 *
 * @param encoderId only names that it has encoded; null: all
 */
async function readLabels(db: Database, encoderId: number | null, signal: AbortSignal) {
  const keys: string[] = [];
  const paths: Path[] = [];
  const categories: number[] = [];
  const from: string[] = [];
  const hash = createHash('sha256');
  // labels of one path share it: 743,000 rows are 743,000 pointers
  const known = new Map<string, Path>();
  let retired = 0;
  let sealed = 0;
  for await (const row of allLabels(db, encoderId, signal)) {
    if (row.retired) retired++;
    else if (row.sealed) sealed++;
    if (row.retired || row.sealed || (encoderId !== null && !row.encoded)) continue;
    const own: Path = [row.l1, row.l2, row.l3];
    const path = known.get(own.join()) ?? own;
    if (path === own) known.set(own.join(), path);
    hash.update(row.name_key).update('\n');
    keys.push(row.name_key);
    paths.push(path);
    categories.push(row.category_id);
    from.push(row.source);
  }
  return { keys, paths, categories, from, retired, sealed, keysSha256: hash.digest('hex') };
}

/** Every label of memory, by digest, read in pages. */
export async function* allLabels(
  db: Database,
  encoderId: number | null,
  signal: AbortSignal,
): AsyncGenerator<TrainingLabel> {
  let after: Buffer | null = null;
  for (;;) {
    signal.throwIfAborted();
    const page: TrainingLabel[] = await trainingLabels(db, encoderId, after, readPage);
    const last = page.at(-1);
    if (last === undefined) return;
    yield* page;
    after = last.name_hash;
  }
}

/** Fills the matrix from the database; returns the rows that have an embedding still. */
async function readEmbeddings(
  db: Database,
  encoderId: number,
  keys: readonly string[],
  matrix: Float32Array,
  signal: AbortSignal,
): Promise<number[]> {
  const dimension = matrix.length / Math.max(1, keys.length);
  const found: number[] = [];
  for (let start = 0; start < keys.length; start += readPage) {
    signal.throwIfAborted();
    const page = keys.slice(start, start + readPage);
    const vectors = new Map(
      (await embeddingBytes(db, encoderId, page)).map((row) => [row.name_key, row.embedding]),
    );
    for (const [i, key] of page.entries()) {
      const bytes = vectors.get(key);
      // forgotten since its label was read
      if (bytes === undefined) continue;
      if (bytes.readUInt16BE(0) !== dimension)
        throw new TaxonError(
          `the embedding of "${key}" has ${bytes.readUInt16BE(0)} dimensions, the encoder ${dimension}`,
          { hint: 'Delete its row of embeddings; the next training encodes it again.' },
        );
      halfvecInto(bytes, matrix, found.length * dimension);
      found.push(start + i);
    }
  }
  return found;
}

/**
 * Reads all labels that have an embedding into one matrix: from the cache on disk when that is of the same names, else
 * from the database, and then the cache is made anew; all other caches are removed. Labels of retired categories and of sealed names are left out and
 * counted.
 *
 * @param cache none: always from the database
 */
export async function readDataset(
  db: Database,
  encoderId: number,
  dimension: number,
  signal: AbortSignal,
  cache?: MatrixCache,
): Promise<Dataset> {
  const { keys, paths, categories, from, retired, sealed, keysSha256 } = await readLabels(
    db,
    encoderId,
    signal,
  );
  const facts = { encoderId, dimension, count: keys.length, keysSha256 };
  const path = cache === undefined ? undefined : cacheFile(cache);
  const matrix = new Float32Array(keys.length * dimension);
  const cached =
    cache !== undefined &&
    path !== undefined &&
    (await readMatrix(path, { encoder: cache.encoder, ...facts }, matrix));
  if (cache !== undefined && path !== undefined) await removeMatrices(cache.folder, cached ? path : null);
  let rows = keys.length;
  if (!cached) {
    const found = await readEmbeddings(db, encoderId, keys, matrix, signal);
    rows = found.length;
    if (rows < keys.length)
      for (const list of [keys, paths, categories, from] as unknown[][]) {
        for (const [to, row] of found.entries()) list[to] = list[row];
        list.length = rows;
      }
    else if (cache !== undefined && path !== undefined && rows > 0)
      await writeMatrix(path, { encoder: cache.encoder, ...facts }, matrix);
  }
  const embeddings = matrix.subarray(0, rows * dimension);
  return { keys, paths, categories, from, embeddings, dimension, sources: countOf(from), retired, sealed };
}

/** Rows by label source. */
function countOf(from: readonly string[]): Record<string, number> {
  const sources: Record<string, number> = {};
  for (const source of from) sources[source] = (sources[source] ?? 0) + 1;
  return sources;
}

/** All labels that can train, without embeddings: what letters learn from. */
export async function readNames(db: Database, signal: AbortSignal): Promise<LabelledNames> {
  const { keysSha256: _, ...names } = await readLabels(db, null, signal);
  return { ...names, sources: countOf(names.from) };
}
