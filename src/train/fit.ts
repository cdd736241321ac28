import { misuse } from '../errors.ts';
import { loadClassifier } from '../model/bundle.ts';
import type { ModelFiles, Path } from '../model/types.ts';
import { type Part, partsBy } from './data/split.ts';
import { type Choice, chooseJoin, mostNames } from './join/choose.ts';
import { viewsOf } from './join/views.ts';
import {
  allVoices,
  type FittedLetters,
  fitVoices,
  type TrainingSet,
  usualWeights,
  type VoicesOptions,
} from './join/voices.ts';
import type { HeadReport } from './meaning/fit-head.ts';

export type { TrainingSet } from './join/voices.ts';

export interface FitOptions {
  /** At most so many epochs for each head; default 10, or more for a small set. */
  epochs?: number | undefined;
  /** The same seed and set give the same model on the same machine; default 1. */
  seed?: number | undefined;
  /** Learn the first so many levels only: paths are cut there. Default 3. */
  depth?: 1 | 2 | 3;
  /** Share of the names that never trains anything; default .05. */
  testShare?: number | undefined;
  /** Whether layers 1 and 2 would leave a held-out row to the local model; default: all rows. */
  isCacheMiss?: (row: number) => boolean;
  /** What an earlier training chose: its half of the work is then not done again (docs/guide/autopilot.md). */
  chosen?: Chosen | undefined;
  signal?: AbortSignal | undefined;
  /** Share of the whole that is done, 0 to 1, never falling. */
  onProgress?: ((share: number) => void) | undefined;
}

/** What is chosen on held-out names: how long the heads learn, how much each voice counts, when letters suffice. */
export interface Chosen {
  levels: { l1: HeadReport; l2: HeadReport; l3: HeadReport };
  join: Choice;
}

export interface TrainingReport extends Chosen {
  /** Names in each part. */
  names: Record<Part, number>;
  paths: number;
  letters: { grams: number; weights: number; seconds: number };
  seed: number;
  /** Bytes of all files. */
  size: number;
  seconds: number;
}

function checkSet({ keys, paths, embeddings, dimension }: TrainingSet): void {
  if (paths.length !== keys.length || embeddings.length !== keys.length * dimension)
    throw misuse(
      `${keys.length} names, ${paths.length} paths and ${embeddings.length} numbers of ${dimension} a name do not belong together`,
    );
}

/** The paths as a model of so many levels learns them: what is below is cut off. */
export function cutAt(paths: readonly Path[], depth: 1 | 2 | 3): Path[] {
  return paths.map(([l1, l2, l3]) => [l1, depth > 1 ? l2 : null, depth > 2 ? l3 : null]);
}

/** Rows of each part. */
function split(keys: readonly string[], testShare: number | undefined): Record<Part, Int32Array> {
  const parts = keys.map(partsBy(testShare));
  const rowsOf = (part: Part) => Int32Array.from(keys.keys()).filter((row) => parts[row] === part);
  return { train: rowsOf('train'), valid: rowsOf('valid'), test: rowsOf('test') };
}

/**
 * Trains the three voices and the rule that joins them: first on the train part alone, where the valid part stops the heads
 * and chooses how the voices count and when letters suffice; then, with what was chosen (now, or by an earlier training),
 * on all but the test part.
 *
 * @returns the model's files, what happened, and the letters of the train part alone, where they were fitted
 * @throws TaxonError when there is nothing to train on; the signal's reason when aborted
 */
export async function trainModel(
  given: TrainingSet,
  options: FitOptions = {},
): Promise<{ files: ModelFiles; report: TrainingReport; partLetters?: FittedLetters }> {
  const started = Date.now();
  checkSet(given);
  const { seed = 1, depth = 3, signal, onProgress, isCacheMiss = () => true } = options;
  const parts = split(given.keys, options.testShare);
  if (parts.train.length === 0)
    throw misuse(
      'there is no labelled name to train on',
      'Import labels first: taxon import FILE --as labels.',
    );
  const set = { ...given, paths: cutAt(given.paths, depth) };
  const before = options.chosen === undefined ? 0.55 : 0;
  const { levels, join, partLetters }: Chosen & { partLetters?: FittedLetters } =
    options.chosen ??
    (await choose(set, parts.train, parts.valid.filter(isCacheMiss), {
      epochs: options.epochs,
      seed,
      signal,
      onProgress: (share) => onProgress?.(share * 0.45),
    }));
  onProgress?.(before);

  const all = Int32Array.from([...parts.train, ...parts.valid]).sort();
  const { l1, l2, l3 } = levels;
  const fitted = await fitVoices(set, all, new Int32Array(), {
    epochs: [l1.bestEpoch, l2.bestEpoch, l3.bestEpoch],
    seed,
    signal,
    onProgress: (share) => onProgress?.(before + share * (1 - before)),
  });
  const report: TrainingReport = {
    names: { train: parts.train.length, valid: parts.valid.length, test: parts.test.length },
    paths: fitted.paths.length,
    levels,
    letters: { ...fitted.letters, seconds: fitted.lettersSeconds },
    join,
    seed,
    size: 0,
    seconds: (Date.now() - started) / 1000,
  };
  const files = fitted.files({ ...join, facts: report });
  for (const bytes of files.values()) report.size += bytes.length;
  return { files, report, ...(partLetters === undefined ? {} : { partLetters }) };
}

/** Trains on one part and chooses on another. */
async function choose(
  set: TrainingSet,
  train: Int32Array,
  valid: Int32Array,
  options: VoicesOptions,
): Promise<Chosen & { partLetters: FittedLetters }> {
  const { heads, lettersOf, files } = await fitVoices(set, train, valid, options);
  const [l1, l2, l3] = heads;
  const asked = valid.subarray(0, mostNames);
  const labels = Array.from(asked, (row) => set.paths[row] as Path);
  const classifier = await loadClassifier(files(allVoices));
  try {
    const views = await viewsOf(set, asked, train, classifier.neighbours, options.signal);
    const join = await chooseJoin(classifier, { views, labels }, usualWeights);
    return { levels: { l1, l2, l3 }, join, partLetters: lettersOf };
  } finally {
    await classifier.close();
  }
}
