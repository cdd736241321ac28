import { misuse } from '../errors.ts';
import { log } from '../log.ts';
import type { ModelFiles, Path } from '../model/types.ts';
import { type TrainedHead, writeArtefact } from './artefact.ts';
import { fitHead, type HeadReport, hiddenUnits } from './fit-head.ts';
import type { LabelledRows } from './head-trainer.ts';
import { type Part, partOf } from './split.ts';
import type { Standard } from './step-graph.ts';

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

export interface FitOptions {
  /** At most so many epochs for each head; default 10, or more for a small set. */
  epochs?: number;
  /** The same seed and set give the same model on the same machine; default 1. */
  seed?: number;
  /** Learn the first so many levels only: paths are cut there. Default 3. */
  depth?: 1 | 2 | 3;
  signal?: AbortSignal;
  /** Share of the whole that is done, 0 to 1, never falling. */
  onProgress?: (share: number) => void;
}

export interface TrainingReport {
  /** Names in each part. */
  names: Record<Part, number>;
  paths: number;
  levels: { l1: HeadReport; l2: HeadReport; l3: HeadReport };
  seed: number;
  seconds: number;
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
function classesOf(paths: Iterable<Path>, level: 0 | 1 | 2): (number | null)[] {
  const ids = new Set<number | null>();
  for (const path of paths) ids.add(path[level]);
  return [...ids].sort((a, b) => (a ?? 0) - (b ?? 0));
}

/** The rows whose class the head knows. */
function labelled(
  rows: Int32Array,
  paths: readonly Path[],
  level: 0 | 1 | 2,
  classes: (number | null)[],
): LabelledRows {
  const index = new Map(classes.map((id, i) => [id, i]));
  const known = rows.filter((row) => index.has((paths[row] as Path)[level]));
  return { rows: known, targets: known.map((row) => index.get((paths[row] as Path)[level]) as number) };
}

function checkSet({ keys, paths, embeddings, dimension }: TrainingSet): void {
  if (paths.length !== keys.length || embeddings.length !== keys.length * dimension)
    throw misuse(
      `${keys.length} names, ${paths.length} paths and ${embeddings.length} numbers of ${dimension} a name do not belong together`,
    );
}

/** Rows of each part. */
function split(keys: readonly string[]): Record<Part, Int32Array> {
  const parts = keys.map(partOf);
  const rowsOf = (part: Part) => Int32Array.from(keys.keys()).filter((row) => parts[row] === part);
  return { train: rowsOf('train'), valid: rowsOf('valid'), test: rowsOf('test') };
}

/**
 * Trains the three heads on the training part of a set, each d → 512 → ReLU → dropout .2 → N with AdamW, stopped by
 * the valid part; the test part is left alone. Only what the training part shows is ever answered.
 *
 * @returns the model's files, and what happened
 * @throws TaxonError when there is nothing to train on; the signal's reason when aborted
 */
export async function trainModel(
  set: TrainingSet,
  options: FitOptions = {},
): Promise<{ files: ModelFiles; report: TrainingReport }> {
  const started = Date.now();
  checkSet(set);
  const { seed = 1, depth = 3, signal, onProgress } = options;
  const parts = split(set.keys);
  if (parts.train.length === 0)
    throw misuse(
      'there is no labelled name to train on',
      'Import labels first: taxon import FILE --as labels.',
    );
  const paths = set.paths.map(([l1, l2, l3]): Path => [l1, depth > 1 ? l2 : null, depth > 2 ? l3 : null]);
  const seen = new Map<string, Path>();
  for (const row of parts.train) seen.set(String(paths[row]), paths[row] as Path);
  const learnt = [...seen.values()];

  const standard = standardOf(set.embeddings, set.dimension, parts.train);
  const heads: TrainedHead[] = [];
  const reports: HeadReport[] = [];
  const classes = ([0, 1, 2] as const).map((level) => classesOf(learnt, level));
  for (const level of [0, 1, 2] as const) {
    const ids = classes[level] as (number | null)[];
    const shape = { dimension: set.dimension, hidden: hiddenUnits, classes: ids.length };
    const train = labelled(parts.train, paths, level, ids);
    const valid = labelled(parts.valid, paths, level, ids);
    const { parameters, report } = await fitHead(shape, set.embeddings, standard, train, valid, {
      epochs: options.epochs,
      seed: seed + level,
      signal,
      onProgress: (share) => onProgress?.((level + share) / 3),
    });
    log.debug(`head l${level + 1} trained`, { ...report });
    heads.push({ shape, parameters });
    reports.push(report);
  }
  const [l1, l2, l3] = reports as [HeadReport, HeadReport, HeadReport];
  const report: TrainingReport = {
    names: { train: parts.train.length, valid: parts.valid.length, test: parts.test.length },
    paths: learnt.length,
    levels: { l1, l2, l3 },
    seed,
    seconds: (Date.now() - started) / 1000,
  };
  const manifest = {
    encoder: set.encoder,
    dimension: set.dimension,
    classes: classes as [number[], (number | null)[], (number | null)[]],
    paths: learnt as [number, number | null, number | null][],
  };
  return { files: writeArtefact(manifest, standard, heads, report), report };
}
