import type { Database } from '../../database/connection/open.ts';
import { embeddingsOf, neighboursOf } from '../../database/memory.ts';
import { saveEmbeddings } from '../../database/queue.ts';
import { voteOf } from '../../model/memory.ts';
import { deepest } from '../../model/tree.ts';
import type { Answer, Classifier, Evidence, Neighbour } from '../../model/types.ts';
import { EncodeError } from '../errors.ts';
import type { LoadedModel } from './champion.ts';

/** Where the embeddings of names come from that letters do not settle. */
export interface Embeddings {
  /** One for each name key, in order. */
  of(nameKeys: readonly string[]): Promise<Float32Array[]>;
  /** Whether the database has stored them by then, so that neighbours are found without sending them. */
  stored: boolean;
}

/**
 * Embeddings by a model's own encoder: those that are known, and fresh ones of the names that have none.
 *
 * @param how save: whether fresh ones are kept; find: those that are known, default: what is stored
 * @throws EncodeError what the encoder did not bear: an error of the names
 */
export function embeddingsBy(
  db: Database,
  { encoderId, classifier, encode }: Omit<LoadedModel, 'modelId'>,
  how: {
    save: boolean;
    find?: ((nameKeys: readonly string[]) => Promise<ReadonlyMap<string, Float32Array>>) | undefined;
  },
): Embeddings {
  // letters alone answer every name
  if (encoderId === null) return { stored: true, of: encode };
  const { save, find = (keys) => embeddingsOf(db, encoderId, classifier.dimension, keys) } = how;
  return {
    stored: save,
    async of(nameKeys) {
      const vectors = new Map(await find(nameKeys));
      const fresh = nameKeys.filter((key) => !vectors.has(key));
      if (fresh.length > 0) {
        const made = await encode(fresh).catch((error) => {
          throw new EncodeError(error);
        });
        if (save) await saveEmbeddings(db, encoderId, fresh, made);
        for (const [i, key] of fresh.entries()) vectors.set(key, made[i] as Float32Array);
      }
      return nameKeys.map((key) => vectors.get(key) as Float32Array);
    },
  };
}

/** What is said of a name, with the categories of near labels that the model cannot answer. */
export type Said = Answer & Evidence & { beyond?: { categoryId: number; share: number }[] };

const known = new WeakMap<Classifier, ReadonlySet<number>>();

/** Categories that near labels vote for and the model does not know, as they are newer: each with its share of the votes. */
function beyond(classifier: Classifier, neighbours: readonly Neighbour[]): NonNullable<Said['beyond']> {
  let ids = known.get(classifier);
  if (ids === undefined) {
    ids = new Set(classifier.paths.map(deepest));
    known.set(classifier, ids);
  }
  const votes = new Map<number, number>();
  let all = 0;
  for (const { path, cosine } of neighbours) {
    const id = deepest(path);
    all += voteOf(cosine);
    if (!ids.has(id)) votes.set(id, (votes.get(id) ?? 0) + voteOf(cosine));
  }
  return [...votes].map(([categoryId, vote]) => ({ categoryId, share: vote / all }));
}

/**
 * What the model says of each name, in order: letters first; only names that they do not settle are encoded, and only those of
 * which letters and meaning are not sure are compared with memory. Thresholds have no say in it, so that evidence of one day holds for the thresholds of another.
 *
 * @param nameKeys each of them once
 * @throws EncodeError what the heads did not bear
 */
export async function predict(
  db: Database,
  { classifier, encoderId }: Pick<LoadedModel, 'classifier' | 'encoderId'>,
  nameKeys: readonly string[],
  embeddings: Embeddings,
): Promise<Said[]> {
  const said = await classifier.readManyLetters(nameKeys);
  const open = nameKeys.filter((_, i) => said[i] === null);
  // a model of letters alone leaves none open
  if (open.length === 0 || encoderId === null) return said as Said[];
  const vectors = await embeddings.of(open);
  const views = open.map((nameKey, i) => ({ nameKey, embedding: vectors[i] as Float32Array }));
  let near = new Map<string, Neighbour[]>();
  /** What the database did not bear. */
  let refused: unknown;
  const find = async (left: readonly number[]) => {
    const keys = left.map((i) => open[i] as string);
    const sent = embeddings.stored ? null : left.map((i) => vectors[i] as Float32Array);
    near = await neighboursOf(db, encoderId, keys, classifier.neighbours, sent).catch((error) => {
      refused = error;
      throw error;
    });
    return keys.map((key) => near.get(key) ?? []);
  };
  const answers = await classifier.answer(views, find).catch((error) => {
    throw error === refused ? error : new EncodeError(error);
  });
  let next = 0;
  return said.map((answer) => {
    if (answer !== null) return answer;
    const i = next++;
    return {
      ...(answers[i] as Answer & Evidence),
      beyond: beyond(classifier, near.get(open[i] as string) ?? []),
    };
  });
}
