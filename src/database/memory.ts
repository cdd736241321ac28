import { toSql } from 'pgvector';
import type { Database } from './connection/open.ts';

/** What training and evaluation read of memory. */

/** How many labels there are and how many of them the encoder has not seen. */
export function countLabels(db: Database, encoderId: number): Promise<{ labels: number; unencoded: number }> {
  return db.row(`select * from ${db.internal}count_labels($1)`, [encoderId]);
}

/** Pages of labelled names without an embedding; call again with the last digest until a page is empty. */
export function unencodedLabels(
  db: Database,
  encoderId: number,
  after: Buffer | null,
  most: number,
): Promise<{ name_hash: Buffer; name_key: string }[]> {
  return db.rows(`select * from ${db.internal}unencoded_labels($1, $2, $3)`, [encoderId, after, most]);
}

/** The single float of each half float, by its bits: Node 22 has no Float16Array. */
let halves: Float32Array | null = null;

function makeHalves(): Float32Array {
  return Float32Array.from({ length: 65_536 }, (_, bits) => {
    const [exponent, fraction] = [(bits >> 10) & 31, bits & 1023];
    const size = exponent === 0 ? fraction * 2 ** -24 : (1024 + fraction) * 2 ** (exponent - 25);
    const value = exponent < 31 ? size : fraction === 0 ? Number.POSITIVE_INFINITY : Number.NaN;
    return bits < 32_768 ? value : -value;
  });
}

/**
 * Writes a binary halfvec (pgvector's halfvec_send: dimension and zero, two bytes each, then IEEE half floats,
 * big-endian) into `target` at `offset`, as single floats.
 */
export function halfvecInto(bytes: Buffer, target: Float32Array, offset: number): void {
  halves ??= makeHalves();
  for (let at = 4; at + 1 < bytes.length; at += 2)
    target[offset++] = halves[((bytes[at] as number) << 8) | (bytes[at + 1] as number)] as number;
}

/** A binary halfvec as single floats. */
export function halfvecOf(bytes: Buffer): Float32Array {
  const vector = new Float32Array(bytes.readUInt16BE(0));
  halfvecInto(bytes, vector, 0);
  return vector;
}

/** Stored embeddings of name keys as binary halfvecs (see `halfvecInto`); names without one are absent. */
export function embeddingBytes(
  db: Database,
  encoderId: number,
  names: readonly string[],
): Promise<{ name_key: string; embedding: Buffer }[]> {
  return db.rows(`select * from ${db.internal}embeddings_of($1, $2)`, [encoderId, names]);
}

/** Stored embeddings of name keys; names without one are absent. */
export async function embeddingsOf(
  db: Database,
  encoderId: number,
  dimension: number,
  names: readonly string[],
): Promise<Map<string, Float32Array>> {
  return new Map(
    (await embeddingBytes(db, encoderId, names)).map((row) => {
      const vector = new Float32Array(dimension);
      halfvecInto(row.embedding, vector, 0);
      return [row.name_key, vector];
    }),
  );
}

/** Learns anew which words decide a category; returns how many block the similar layer. */
export async function learnGuard(db: Database): Promise<number> {
  return (await db.row<{ n: number }>(`select ${db.internal}learn_guard() as n`)).n;
}

/** Names of one statement: exact neighbours take 30 ms each at 70,000 labels, and two statements run side by side. */
const neighboursAtOnce = 32;

/** How neighbours are found, where it is not for neighbours_by() to say. */
export type HowFound = 'exact' | 'hnsw';

/** A labelled name near another by embedding. */
export interface NearLabel {
  path: [number, number | null, number | null];
  cosine: number;
}

/**
 * The `k` nearest labelled names of each name key, nearest first; names without an embedding, and all names where the
 * setting `neighbours` is off, are absent.
 *
 * @param vectors embeddings of the names; null: those that are stored
 * @param how     null: as neighbours_by() says
 */
export async function neighboursOf(
  db: Database,
  encoderId: number,
  names: readonly string[],
  k: number,
  vectors: readonly Float32Array[] | null = null,
  how: HowFound | null = null,
): Promise<Map<string, NearLabel[]>> {
  const found = new Map<string, NearLabel[]>();
  if (k === 0 || names.length === 0) return found;
  let next = 0;
  const lane = async () => {
    while (next < names.length) {
      const from = next;
      next += neighboursAtOnce;
      const rows = await db.rows<{
        name_key: string;
        l1: number;
        l2: number | null;
        l3: number | null;
        cosine: number;
      }>(`select name_key, l1, l2, l3, cosine from ${db.internal}neighbours($1, $2, $3, $4, $5)`, [
        names.slice(from, from + neighboursAtOnce),
        k,
        encoderId,
        vectors?.slice(from, from + neighboursAtOnce).map((vector) => toSql(Array.from(vector))) ?? null,
        how,
      ]);
      for (const { name_key, l1, l2, l3, cosine } of rows) {
        const near = found.get(name_key) ?? [];
        near.push({ path: [l1, l2, l3], cosine });
        found.set(name_key, near);
      }
    }
  };
  await Promise.all([lane(), lane()]);
  return found;
}

/** Whether the setting `neighbours` lets memory speak at all. */
export async function memorySpeaks(db: Database): Promise<boolean> {
  return (await db.row<{ on: boolean }>(`select ${db.at}setting('neighbours') <> '"off"' as on`)).on;
}

/** The newest change of memory; null while nothing was ever changed. */
export async function newestChange(db: Database): Promise<number | null> {
  return (await db.row<{ id: number | null }>(`select max(change_id) as id from ${db.internal}label_changes`))
    .id;
}

export interface TrainingLabel {
  name_hash: Buffer;
  name_key: string;
  category_id: number;
  l1: number;
  l2: number | null;
  l3: number | null;
  source: string;
  /** Whether its category is out of use: it trains nothing. */
  retired: boolean;
  /** Whether the encoder has seen the name. */
  encoded: boolean;
  /** Whether it was drawn for people to judge the local layer: it trains nothing, so that it can certify every model. */
  sealed: boolean;
}

/** Pages of labels with path, without embeddings. */
export function trainingLabels(
  db: Database,
  encoderId: number | null,
  after: Buffer | null,
  most: number,
): Promise<TrainingLabel[]> {
  return db.rows(`select * from ${db.internal}training_labels($1, $2, $3)`, [encoderId, after, most]);
}

export interface LabelConflict {
  name_key: string;
  before_path: string | null;
  before_source: string;
  after_path: string | null;
  after_source: string;
  changed_at: Date;
}

/** How many names changed their category, and the latest of them. */
export async function labelConflicts(
  db: Database,
  most: number,
): Promise<{ count: number; latest: LabelConflict[] }> {
  const rows = await db.rows<LabelConflict & { conflicts: number }>(
    `select * from ${db.internal}label_conflicts($1)`,
    [most],
  );
  return { count: rows[0]?.conflicts ?? 0, latest: rows.map(({ conflicts: _, ...row }) => row) };
}

/** Those of the names that the similar layer would answer from labels with that digest or a higher one. */
export async function similarInTraining(
  db: Database,
  names: readonly string[],
  from: Buffer,
): Promise<string[]> {
  const rows = await db.rows<{ name: string }>(`select ${db.internal}similar_in_training($1, $2) as name`, [
    names,
    from,
  ]);
  return rows.map((row) => row.name);
}
