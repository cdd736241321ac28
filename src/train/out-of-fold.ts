import { layOut } from '../model/letters/tables.ts';
import type { LettersFirst } from '../model/letters-alone.ts';
import { openLettersThreads } from '../model/letters-threads.ts';
import type { Answer } from '../model/types.ts';
import { foldOf } from './data/split.ts';
import { fitLettersOf, type TrainingSet, temperature } from './voices.ts';

export interface OutOfFoldOptions {
  folds?: number;
  /** Rows that take part; default: all. */
  rows?: Int32Array;
  seed?: number | undefined;
  signal?: AbortSignal | undefined;
  /** Share of the work that is done, 0 to 1. */
  onProgress?: ((share: number) => void) | undefined;
}

/** What a judge says of a label: of a million labels nothing more is kept. */
export type Judged = Pick<Answer, 'path' | 'confidence'>;

/** Names that are asked at once: the candidates of each are held meanwhile. */
const askedAtOnce = 4096;

/** Letters are asked of every name, and say what they think. */
const always: LettersFirst = { from: 0, weight: 1, offsets: [0, 0, 0], slopes: [1, 1, 1] };

/**
 * What models that never saw a name's label say of it: five folds by the hash of the name key, each answered by letters fitted
 * on the other four. Letters alone, as
 *
 * @returns one answer a row of the set; null where the row takes no part or the other folds taught nothing
 */
export async function outOfFold(
  set: Pick<TrainingSet, 'keys' | 'paths'>,
  { folds = 5, rows = Int32Array.from(set.keys.keys()), seed = 1, signal, onProgress }: OutOfFoldOptions = {},
): Promise<(Judged | null)[]> {
  const judged: (Judged | null)[] = set.keys.map(() => null);
  const fold = Int8Array.from(set.keys, (key) => foldOf(key, folds));
  for (let f = 0; f < folds; f++) {
    const asked = rows.filter((row) => fold[row] === f);
    const others = rows.filter((row) => fold[row] !== f);
    if (asked.length === 0 || others.length === 0) continue;
    const { paths, tree, letters } = await fitLettersOf(set, others, {
      seed,
      signal,
      onProgress: (share) => onProgress?.((f + share * 0.9) / folds),
    });
    const threads = openLettersThreads({ tables: layOut(letters, tree), paths, temperature });
    try {
      for (let from = 0; from < asked.length; from += askedAtOnce) {
        signal?.throwIfAborted();
        const part = asked.subarray(from, from + askedAtOnce);
        const said = await threads.read(
          Array.from(part, (row) => set.keys[row] as string),
          always,
        );
        for (const [i, row] of part.entries()) {
          const { path, confidence } = said[i] as Answer;
          judged[row] = { path, confidence };
        }
      }
    } finally {
      await threads.close();
    }
    onProgress?.((f + 1) / folds);
  }
  return judged;
}
