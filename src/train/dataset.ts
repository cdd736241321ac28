import { countLabels, halfvecInto, trainingRows, unencodedLabels } from '../database/memory.ts';
import type { Database } from '../database/open.ts';
import { saveEmbeddings } from '../database/queue.ts';
import type { Encoder } from '../model/encoder.ts';
import type { Path } from '../model/types.ts';
import { progress } from '../progress.ts';

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
  encoder: Encoder,
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
export interface Dataset {
  keys: string[];
  paths: Path[];
  embeddings: Float32Array;
  dimension: number;
  /** Rows by label source. */
  sources: Record<string, number>;
}

/** Reads all labels that have an embedding, in pages, into one matrix. */
export async function readDataset(
  db: Database,
  encoderId: number,
  dimension: number,
  signal: AbortSignal,
): Promise<Dataset> {
  const { labels } = await countLabels(db, encoderId);
  const keys: string[] = [];
  const paths: Path[] = [];
  const sources: Record<string, number> = {};
  // room for labels that arrive while we read, or they would push out others; what is not written takes no memory
  const room = labels + readPage;
  const matrix = new Float32Array(room * dimension);
  let after: Buffer | null = null;
  while (keys.length < room) {
    signal.throwIfAborted();
    const page = await trainingRows(db, encoderId, after, Math.min(readPage, room - keys.length));
    const last = page.at(-1);
    if (last === undefined) break;
    for (const row of page) {
      halfvecInto(row.embedding, matrix, keys.length * dimension);
      keys.push(row.name_key);
      paths.push([row.l1, row.l2, row.l3]);
      sources[row.source] = (sources[row.source] ?? 0) + 1;
    }
    after = last.name_hash;
  }
  return { keys, paths, embeddings: matrix.subarray(0, keys.length * dimension), dimension, sources };
}
