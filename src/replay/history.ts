import type { Database } from '../database/connection/open.ts';
import { embeddingBytes, halfvecInto } from '../database/memory.ts';
import { labelHistory } from '../database/replay.ts';
import type { Path } from '../model/types.ts';

const page = 5000;

/** Memory in the order in which its labels were given, so that every past is a prefix; row i of each belongs together. */
export interface History {
  keys: string[];
  at: number[];
  /** The labels that memory holds now. */
  paths: Path[];
  /** n × dimension, row-major. */
  embeddings: Float32Array;
  dimension: number;
}

/** Reads the history and its embeddings; a name without one (labelled this very moment) is left out. */
export async function readHistory(
  db: Database,
  encoderId: number,
  dimension: number,
  signal: AbortSignal,
): Promise<History> {
  const rows = await labelHistory(db);
  const rowOf = new Map(rows.map(({ name_key }, row) => [name_key, row]));
  const embeddings = new Float32Array(rows.length * dimension);
  const there = new Uint8Array(rows.length);
  for (let from = 0; from < rows.length; from += page) {
    signal.throwIfAborted();
    const names = rows.slice(from, from + page).map((row) => row.name_key);
    for (const { name_key, embedding } of await embeddingBytes(db, encoderId, names)) {
      const row = rowOf.get(name_key) as number;
      halfvecInto(embedding, embeddings, row * dimension);
      there[row] = 1;
    }
  }
  let kept = 0;
  rows.forEach((_, row) => {
    if (there[row] === 0) return;
    if (kept < row) embeddings.copyWithin(kept * dimension, row * dimension, (row + 1) * dimension);
    kept++;
  });
  const full = rows.filter((_, row) => there[row] === 1);
  return {
    keys: full.map((row) => row.name_key),
    at: full.map((row) => row.at),
    paths: full.map((row) => row.path),
    embeddings: embeddings.subarray(0, kept * dimension),
    dimension,
  };
}
