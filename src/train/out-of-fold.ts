import { loadClassifier } from '../model/bundle.ts';
import type { Prediction, VoiceWeights } from '../model/types.ts';
import { foldOf } from './data/split.ts';
import { viewsOf } from './views.ts';
import { fitVoices, type TrainingSet, usualWeights } from './voices.ts';

export interface OutOfFoldOptions {
  folds?: number;
  /** Rows that take part; default: all. */
  rows?: Int32Array;
  epochs?: number | undefined;
  seed?: number | undefined;
  weights?: VoiceWeights;
  signal?: AbortSignal | undefined;
  /** Share of the work that is done, 0 to 1. */
  onProgress?: ((share: number) => void) | undefined;
}

/** Names that are asked at once: the neighbours of each are held meanwhile, and rows are gathered once for all of them. */
const askedAtOnce = 16_384;

/**
 * What models that never saw a name's label say of it: five folds by the hash of the name key, each answered by voices
 * fitted on the other four and neighbours among the other four.
 *
 * @returns one prediction a row of the set; null where the row takes no part or the other folds taught nothing
 */
export async function outOfFold(
  set: TrainingSet,
  {
    folds = 5,
    rows = Int32Array.from(set.keys.keys()),
    epochs,
    seed = 1,
    weights = usualWeights,
    signal,
    onProgress,
  }: OutOfFoldOptions = {},
): Promise<(Prediction | null)[]> {
  const predictions: (Prediction | null)[] = set.keys.map(() => null);
  const fold = Int8Array.from(set.keys, (key) => foldOf(key, folds));
  for (let f = 0; f < folds; f++) {
    const asked = rows.filter((row) => fold[row] === f);
    const others = rows.filter((row) => fold[row] !== f);
    if (asked.length === 0 || others.length === 0) continue;
    const fitted = await fitVoices(set, others, new Int32Array(), {
      epochs,
      seed,
      signal,
      onProgress: (share) => onProgress?.((f + share * 0.9) / folds),
    });
    const classifier = await loadClassifier(fitted.files({ weights, lettersFirst: null }));
    try {
      for (let from = 0; from < asked.length; from += askedAtOnce) {
        const part = asked.subarray(from, from + askedAtOnce);
        const views = await viewsOf(set, part, others, classifier.neighbours, signal);
        const said = await classifier.predict(views);
        for (const [i, row] of part.entries()) predictions[row] = said[i] as Prediction;
      }
    } finally {
      await classifier.close();
    }
    onProgress?.((f + 1) / folds);
  }
  return predictions;
}
