import { loadClassifier } from '../../model/bundle.ts';
import type { Path, Prediction } from '../../model/types.ts';
import { viewsOf } from '../join/views.ts';
import { allVoices, fitVoices, type TrainingSet } from '../join/voices.ts';
import { type Paired, pair } from '../judge/paired.ts';
import { type ProposedChange, proposeChanges } from './clean-rules.ts';
import { outOfFold } from './out-of-fold.ts';

/** What training on cleaned labels changes, beside training on the same labels as they were given. */
export interface CleaningGain {
  /** Held-out names that were asked. */
  names: number;
  /** Labels that were learnt from, and how many of them cleaning changed. */
  learnt: number;
  changed: number;
  /** Names whose label has the level; `path`: all names, all three levels right. */
  l1: Paired;
  l2: Paired;
  l3: Paired;
  path: Paired;
}

export interface GainOptions {
  epochs?: number | undefined;
  seed?: number | undefined;
  signal?: AbortSignal | undefined;
  /** Share of the work that is done, 0 to 1. */
  onProgress?: ((share: number) => void) | undefined;
}

/** The paths with some of them changed. */
export function withChanges(paths: readonly Path[], changes: readonly ProposedChange[]): Path[] {
  const changed = [...paths];
  for (const { row, after } of changes) changed[row] = after;
  return changed;
}

/** What a model fitted on some rows says of others. */
async function learnAndAsk(
  set: TrainingSet,
  rows: Int32Array,
  held: Int32Array,
  options: { epochs: number | undefined; seed: number; signal: AbortSignal | undefined },
): Promise<Prediction[]> {
  const fitted = await fitVoices(set, rows, new Int32Array(), options);
  const classifier = await loadClassifier(fitted.files(allVoices));
  try {
    return await classifier.predict(await viewsOf(set, held, rows, classifier.neighbours, options.signal));
  } finally {
    await classifier.close();
  }
}

/**
 * Trains twice on the same names, on the labels as given and as cleaned, and compares the two on names that neither has
 * seen. The judges of the cleaning see none of those names either: they would carry what is asked into the cleaned
 * labels. Compared with the held-out labels as given, a teacher's, whose own errors count against whoever mends them.
 *
 * @param rows rows to learn from
 * @param held rows to be asked
 * @param untouchable rows whose label is never changed
 */
export async function cleaningGain(
  set: TrainingSet,
  rows: Int32Array,
  held: Int32Array,
  untouchable: (row: number) => boolean,
  { epochs, seed = 1, signal, onProgress }: GainOptions = {},
): Promise<CleaningGain> {
  const judged = await outOfFold(set, {
    rows,
    seed,
    signal,
    onProgress: (share) => onProgress?.(share * 0.7),
  });
  const { changes } = proposeChanges(set.paths, judged, untouchable);
  const before = await learnAndAsk(set, rows, held, { epochs, seed, signal });
  onProgress?.(0.85);
  const cleaned = { ...set, paths: withChanges(set.paths, changes) };
  const after = await learnAndAsk(cleaned, rows, held, { epochs, seed, signal });
  onProgress?.(1);

  const truth = Array.from(held, (row) => set.paths[row] as Path);
  const right = (said: readonly Prediction[], level: 0 | 1 | 2) =>
    truth.flatMap((path, i) =>
      path[level] === null ? [] : [(said[i] as Prediction).path[level] === path[level]],
    );
  const whole = (said: readonly Prediction[]) =>
    truth.map((path, i) => String(said[i]?.path) === String(path));
  return {
    names: held.length,
    learnt: rows.length,
    changed: changes.length,
    l1: pair(right(before, 0), right(after, 0)),
    l2: pair(right(before, 1), right(after, 1)),
    l3: pair(right(before, 2), right(after, 2)),
    path: pair(whole(before), whole(after)),
  };
}
