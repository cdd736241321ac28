import { loadClassifier } from '../../model/bundle.ts';
import type { Answer, Classifier, ModelFiles, VoiceWeights } from '../../model/types.ts';
import { foldOf } from '../data/split.ts';
import { writeArtefact } from '../join/artefact.ts';
import { lettersFiles } from '../join/letters-model.ts';
import { type FittedLetters, fitLettersOf, type TrainingSet, temperature } from '../join/voices.ts';
import { discriminants, type Moments, momentsOf, together } from '../meaning/discriminant.ts';

export interface OutOfFoldOptions {
  folds?: number;
  /** Rows that take part; default: all. */
  rows?: Int32Array;
  seed?: number | undefined;
  signal?: AbortSignal | undefined;
  /** Share of the work that is done, 0 to 1. */
  onProgress?: ((share: number) => void) | undefined;
}

/** Embeddings of a set's names; a set without them is judged by letters alone. */
export type Encoded = Pick<TrainingSet, 'embeddings' | 'dimension'>;

type Names = Pick<TrainingSet, 'keys' | 'paths'>;

/** What a judge says of a label: of a million labels nothing more is kept. */
export type Judged = Pick<Answer, 'path' | 'confidence'>;

/** Names that are asked at once: the candidates of each are held meanwhile. */
const askedAtOnce = 4096;

/**
 * How the judges' voices count. Wrong labels left after cleaning the real titles, l1 / l2 / l3: five full models 1.8 / 5.0 / 8.8 %,
 * these 1.74 / 4.97 / 8.64 %, letters alone (× 1.5) 1.56 / 4.93 / 9.40 %. Discriminants are too sure, hence little.
 */
const weights: VoiceWeights = { letters: [2, 2, 2], meaning: [0.1, 0.1, 0.3], memory: [0, 0, 0] };

/**
 * What models that never saw a name's label say of it: five folds by the hash of the name key, each answered by voices fitted
 * on the other four. Letters, and in the place of the heads linear discriminants: heads took 70 % of the judges' time, and a
 * discriminant of four folds is a sum over them. Before a name is encoded letters alone judge: of 57,029 titles 1.83 / 5.16 /
 * 9.62 % stay wrong, of the demo's labels 12.7 % of the paths, as many as with five full models.
 *
 * @returns one answer a row of the set; null where the row takes no part or the other folds taught nothing
 */
export async function outOfFold(
  set: Names & Partial<Encoded>,
  { folds = 5, rows = Int32Array.from(set.keys.keys()), seed = 1, signal, onProgress }: OutOfFoldOptions = {},
): Promise<(Judged | null)[]> {
  const judged: (Judged | null)[] = set.keys.map(() => null);
  const fold = Int8Array.from(set.keys, (key) => foldOf(key, folds));
  const { embeddings, dimension } = set;
  const encoded = embeddings && dimension ? { paths: set.paths, embeddings, dimension } : null;
  const moments: Moments[] = [];
  for (let f = 0; encoded !== null && f < folds; f++)
    moments.push(
      await momentsOf(
        encoded,
        rows.filter((row) => fold[row] === f),
        signal,
      ),
    );
  for (let f = 0; f < folds; f++) {
    const asked = rows.filter((row) => fold[row] === f);
    const others = rows.filter((row) => fold[row] !== f);
    if (asked.length === 0 || others.length === 0) continue;
    const fitted = await fitLettersOf(set, others, {
      seed,
      signal,
      onProgress: (share) => onProgress?.((f + share * 0.7) / folds),
    });
    const meaning = encoded && discriminants(together(moments.filter((_, other) => other !== f)));
    const judge = await loadClassifier(
      meaning === null || encoded === null
        ? lettersFiles(fitted, {})
        : judgeFiles(encoded.dimension, fitted, meaning),
    );
    try {
      for (let from = 0; from < asked.length; from += askedAtOnce) {
        signal?.throwIfAborted();
        const part = asked.subarray(from, from + askedAtOnce);
        const said = await askJudge(judge, set.keys, encoded, part);
        for (const [i, row] of part.entries()) {
          const { path, confidence } = said[i] as Answer;
          judged[row] = { path, confidence };
        }
      }
    } finally {
      await judge.close();
    }
    onProgress?.((f + 1) / folds);
  }
  return judged;
}

/** One fold's judge, of letters and discriminants. */
function judgeFiles(
  dimension: number,
  { paths, letters }: FittedLetters,
  { standard, classes, heads }: ReturnType<typeof discriminants>,
): ModelFiles {
  const facts = {
    encoder: 'judge',
    dimension,
    paths,
    classes,
    temperature,
    weights,
    lettersFirst: null,
    memoryLast: null,
  };
  return writeArtefact(facts as unknown as Parameters<typeof writeArtefact>[0], letters, standard, heads, {});
}

/** What a judge says of some rows; letters alone answer every name. */
async function askJudge(
  judge: Classifier,
  keys: readonly string[],
  encoded: Encoded | null,
  rows: Int32Array,
): Promise<readonly (Answer | null)[]> {
  const names = Array.from(rows, (row) => keys[row] as string);
  if (encoded === null) return judge.readManyLetters(names);
  const { embeddings, dimension } = encoded;
  return judge.predict(
    names.map((nameKey, i) => {
      const at = (rows[i] as number) * dimension;
      return { nameKey, embedding: embeddings.subarray(at, at + dimension), neighbours: [] };
    }),
  );
}
