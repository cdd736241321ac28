import type { Manifest } from '../../model/bundle.ts';
import type { Gate } from '../../model/gate.ts';
import type { LettersFirst } from '../../model/letters-alone.ts';
import { buildTree } from '../../model/tree.ts';
import type { ModelFiles, Path, VoiceWeights } from '../../model/types.ts';
import { fitLetters, type LettersOptions } from '../letters/fit.ts';
import { fitHead, type HeadReport, hiddenUnits } from '../meaning/fit-head.ts';
import type { LabelledRows } from '../meaning/head-trainer.ts';
import type { TrainedHead } from '../meaning/heads-graph.ts';
import type { Standard } from '../meaning/step-graph.ts';
import { writeArtefact } from './artefact.ts';

/** Labelled names with their embeddings; row i of each belongs together. */
export interface TrainingSet {
  /** Name keys: they decide the part (`partOf`). */
  keys: readonly string[];
  paths: readonly Path[];
  /** keys.length × dimension, row-major, L2-normalised. */
  embeddings: Float32Array;
  dimension: number;
  /** Identity of the encoder that made them. */
  encoder: string;
}

/** What the letters' margins are multiplied with: 4 was best of 2, 4 and 8 (path right .743, .738 at 8, valid rows). */
export const temperature = 4;

/**
 * How the voices are joined unless the names at hand say otherwise. Chosen on the valid rows of the real titles, trained on
 * the noisy labels (l1 / l2 / l3 / all right, coverage at 5 / 10% error): letters alone 93.7 / 88.8 / 74.7 / 74.3,
 * .43 / .66; with the heads × .3 94.6 / 89.9 / 75.8 / 75.4, .48 / .71; so 94.9 / 90.3 / 76.0 / 75.6, .50 / .72. Memory's
 * weight falls with depth, as the nearest labels are wrong most often at the leaf: × .5 at all levels 75.1 at l3.
 */
export const usualWeights: VoiceWeights = {
  letters: [1, 1, 1],
  meaning: [0.2, 0.2, 0.5],
  memory: [0.5, 0.3, 0.1],
};

/** How the voices of a model are joined, and which of them answer without the others. */
export interface Joined {
  weights: VoiceWeights;
  lettersFirst: LettersFirst | null;
  memoryLast: Gate | null;
}

/** All voices asked of every name. */
export const allVoices: Joined = { weights: usualWeights, lettersFirst: null, memoryLast: null };

export interface VoicesOptions {
  /** At most so many epochs for each head. */
  epochs?: number | readonly [number, number, number] | undefined;
  seed: number;
  signal?: AbortSignal | undefined;
  onProgress?: ((share: number) => void) | undefined;
}

/** The letters voice as it was fitted, and the paths that its rows show. */
export type FittedLetters = Awaited<ReturnType<typeof fitLettersOf>>;

export interface FittedVoices {
  paths: Path[];
  lettersOf: FittedLetters;
  heads: readonly [HeadReport, HeadReport, HeadReport];
  lettersSeconds: number;
  letters: { grams: number; weights: number };
  /** The artefact with these ways of joining. */
  files(join: Joined & { facts?: object }): ModelFiles;
}

/** Mean of the training rows, and one over the standard deviation of all their numbers around it. */
function standardOf(embeddings: Float32Array, dimension: number, rows: Int32Array): Standard {
  const sum = new Float64Array(dimension);
  for (const row of rows)
    for (let j = 0; j < dimension; j++)
      sum[j] = (sum[j] as number) + (embeddings[row * dimension + j] as number);
  const mean = Float32Array.from(sum, (total) => total / rows.length);
  let squares = 0;
  for (const row of rows)
    for (let j = 0; j < dimension; j++)
      squares += ((embeddings[row * dimension + j] as number) - (mean[j] as number)) ** 2;
  const deviation = Math.sqrt(squares / (rows.length * dimension));
  return { mean, scale: deviation > 0 ? 1 / deviation : 1 };
}

/** The distinct classes of a level among some paths, in ascending order; null, "stops above", comes first. */
function classesOf(paths: readonly Path[], level: 0 | 1 | 2): (number | null)[] {
  return [...new Set(paths.map((path) => path[level]))].sort((a, b) => (a ?? 0) - (b ?? 0));
}

/** The rows whose class the head knows. */
function labelled(
  rows: Int32Array,
  paths: readonly Path[],
  level: 0 | 1 | 2,
  classes: readonly (number | null)[],
): LabelledRows {
  const index = new Map(classes.map((id, i) => [id, i]));
  const known = rows.filter((row) => index.has((paths[row] as Path)[level]));
  return { rows: known, targets: known.map((row) => index.get((paths[row] as Path)[level]) as number) };
}

/**
 * Fits a head for each level on some rows of a set.
 *
 * @param hidden units of the hidden layer; 0: the heads are logistic regressions
 */
export async function fitHeads(
  set: TrainingSet,
  train: Int32Array,
  valid: Int32Array,
  hidden: number,
  options: VoicesOptions,
) {
  const { seed, signal, onProgress } = options;
  const standard = standardOf(set.embeddings, set.dimension, train);
  const classes = ([0, 1, 2] as const).map((level) =>
    classesOf(
      Array.from(train, (row) => set.paths[row] as Path),
      level,
    ),
  );
  const heads: TrainedHead[] = [];
  const reports: HeadReport[] = [];
  for (const level of [0, 1, 2] as const) {
    const ids = classes[level] as (number | null)[];
    const shape = { dimension: set.dimension, hidden, classes: ids.length };
    const epochs = typeof options.epochs === 'object' ? options.epochs[level] : options.epochs;
    const { parameters, report } = await fitHead(
      shape,
      set.embeddings,
      standard,
      labelled(train, set.paths, level, ids),
      labelled(valid, set.paths, level, ids),
      { epochs, seed: seed + level, signal, onProgress: (share) => onProgress?.((level + share) / 3) },
    );
    heads.push({ shape, parameters });
    reports.push(report);
  }
  return { standard, classes, heads, reports };
}

/** Fits the letters on some rows of a set, and says which paths they show. */
export async function fitLettersOf(
  set: Pick<TrainingSet, 'keys' | 'paths'>,
  rows: Int32Array,
  options: LettersOptions,
) {
  const seen = new Map<string, Path>();
  for (const row of rows) seen.set(String(set.paths[row]), set.paths[row] as Path);
  // sorted, so that the same labels in another order give the same model
  const names = [...seen.keys()].sort();
  const paths = names.map((name) => seen.get(name) as Path);
  const place = new Map(names.map((name, i) => [name, i]));
  const tree = buildTree(paths);
  const targets = rows.map((row) => place.get(String(set.paths[row])) as number);
  return { paths, tree, letters: await fitLetters(set.keys, rows, targets, tree, options) };
}

/**
 * Fits letters and meaning on some rows of a set; the memory voice needs no training. Only what these rows show is ever
 * answered.
 *
 * @param train rows to learn from, at least one
 * @param valid rows that stop the heads early; none: the heads run all their epochs
 */
export async function fitVoices(
  set: TrainingSet,
  train: Int32Array,
  valid: Int32Array,
  options: VoicesOptions,
): Promise<FittedVoices> {
  const { seed, signal, onProgress } = options;
  const started = Date.now();
  const lettersOf = await fitLettersOf(set, train, {
    seed,
    signal,
    onProgress: (share) => onProgress?.(share / 2),
  });
  const { paths, letters } = lettersOf;
  const lettersSeconds = (Date.now() - started) / 1000;

  const { standard, classes, heads, reports } = await fitHeads(set, train, valid, hiddenUnits, {
    ...options,
    onProgress: (share) => onProgress?.((1 + share) / 2),
  });
  return {
    paths,
    lettersOf,
    heads: reports as [HeadReport, HeadReport, HeadReport],
    lettersSeconds,
    letters: { grams: letters.vocabulary.size, weights: letters.weights.length },
    files({ weights, lettersFirst, memoryLast, facts = {} }) {
      const manifest: Omit<Manifest, 'format'> = {
        encoder: set.encoder,
        dimension: set.dimension,
        classes: classes as Manifest['classes'],
        paths: paths as unknown as Manifest['paths'],
        temperature,
        weights: weights as Manifest['weights'],
        lettersFirst,
        memoryLast,
      };
      return writeArtefact(manifest, letters, standard, heads, facts);
    },
  };
}
