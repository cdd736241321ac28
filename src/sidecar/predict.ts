import { neighboursOf } from '../database/memory.ts';
import type { Database } from '../database/open.ts';
import type { Encoder } from '../model/encoder.ts';
import type { Answer, Evidence } from '../model/types.ts';
import type { LoadedModel } from './champion.ts';
import { EncodeError } from './errors.ts';

/** Where the embeddings of names come from that letters do not settle. */
export interface Embeddings {
  /** One for each name key, in order. */
  of(nameKeys: readonly string[]): Promise<Float32Array[]>;
  /** Whether the database has stored them by then, so that neighbours are found without sending them. */
  stored: boolean;
}

/** Where embeddings are looked for, made, and kept. */
interface EmbeddingSource {
  /** Those that are known, by name key. */
  find(nameKeys: readonly string[]): Promise<ReadonlyMap<string, Float32Array>>;
  encode(nameKeys: readonly string[]): Promise<Float32Array[]>;
  /** Keeps what was encoded; null: it is not kept. */
  save: ((nameKeys: readonly string[], vectors: readonly Float32Array[]) => Promise<unknown>) | null;
}

/** Known embeddings, and fresh ones of the names that have none. */
export function embeddingsFrom({ find, encode, save }: EmbeddingSource): Embeddings {
  return {
    stored: save !== null,
    async of(nameKeys) {
      const vectors = new Map(await find(nameKeys));
      const fresh = nameKeys.filter((key) => !vectors.has(key));
      if (fresh.length > 0) {
        const made = await encode(fresh);
        await save?.(fresh, made);
        for (const [i, key] of fresh.entries()) vectors.set(key, made[i] as Float32Array);
      }
      return nameKeys.map((key) => vectors.get(key) as Float32Array);
    },
  };
}

/** Encodes for the route, where an error of the encoder is one of the names. */
export async function encodeNames(encoder: Encoder, nameKeys: readonly string[]): Promise<Float32Array[]> {
  return encoder.encode(nameKeys).catch((error) => {
    throw new EncodeError(error);
  });
}

/**
 * What the model says of each name, in order: letters first, and only names that they do not settle are encoded and
 * compared with memory. Thresholds have no say in it, so that evidence of one day holds for the thresholds of another.
 *
 * @param nameKeys each of them once
 * @throws EncodeError what the heads did not bear
 */
export async function predict(
  db: Database,
  { classifier, encoderId }: Pick<LoadedModel, 'classifier' | 'encoderId'>,
  nameKeys: readonly string[],
  embeddings: Embeddings,
): Promise<(Answer & Evidence)[]> {
  const said = await classifier.readManyLetters(nameKeys);
  const open = nameKeys.filter((_, i) => said[i] === null);
  if (open.length === 0) return said as (Answer & Evidence)[];
  const vectors = await embeddings.of(open);
  const sent = embeddings.stored ? null : vectors;
  const near = await neighboursOf(db, encoderId, open, classifier.neighbours, sent);
  const views = open.map((nameKey, i) => ({
    nameKey,
    embedding: vectors[i] as Float32Array,
    neighbours: near.get(nameKey) ?? [],
  }));
  const joined = await classifier.predict(views).catch((error) => {
    throw new EncodeError(error);
  });
  let next = 0;
  return said.map((answer) => answer ?? (joined[next++] as Answer & Evidence));
}
