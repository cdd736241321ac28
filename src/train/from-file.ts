import type { Config } from '../config.ts';
import { log } from '../log.ts';
import { type Encoder, openEncoder } from '../model/encoder.ts';
import { progress } from '../progress.ts';
import { checkTrainable } from './data/check.ts';
import { type Collected, collect, type LabelledRow } from './data/collect.ts';
import { type TrainingReport, trainModel } from './fit.ts';
import { checkNewFolder, writeModelFolder } from './model-folder.ts';
import type { TrainOptions } from './run.ts';

/** Names encoded between two looks at the signal. */
const encodePage = 2048;

/** A labelled file, open for reading. */
export interface LabelledFile {
  name: string;
  rows: AsyncIterable<LabelledRow>;
  /** Of its embeddings; null: the configured encoder encodes the names. */
  encoded: { encoder: string; count: number } | null;
}

export interface FileTrainResult {
  folder: string;
  encoder: string;
  labels: number;
  sources: Record<string, number>;
  categories: number;
  /** Names that came with more than one category. */
  conflicts: number;
  encoded: number;
  seconds: number;
  report: TrainingReport;
}

async function encodeAll(
  encoder: Encoder,
  keys: readonly string[],
  signal: AbortSignal,
): Promise<Float32Array> {
  const matrix = new Float32Array(keys.length * encoder.dimension);
  const bar = progress('encoding', keys.length, 'names');
  try {
    for (let from = 0; from < keys.length; from += encodePage) {
      const page = keys.slice(from, from + encodePage);
      const vectors = await encoder.encode(page, { signal, onProgress: (n) => bar.at(from + n) });
      for (const [i, vector] of vectors.entries()) matrix.set(vector, (from + i) * encoder.dimension);
    }
    return matrix;
  } finally {
    bar.end();
  }
}

/** The embeddings of a collected file: its own, or the configured encoder's. */
async function embeddingsFor(config: Config, file: LabelledFile, set: Collected, signal: AbortSignal) {
  if (file.encoded !== null && set.embeddings !== null)
    return {
      embeddings: set.embeddings,
      dimension: set.dimension,
      encoder: file.encoded.encoder,
      encoded: 0,
    };
  const encoder = await openEncoder(config);
  try {
    return {
      embeddings: await encodeAll(encoder, set.keys, signal),
      dimension: encoder.dimension,
      encoder: encoder.identity,
      encoded: set.keys.length,
    };
  } finally {
    await encoder.close();
  }
}

/**
 * Trains from a labelled file, without a database, and writes the model into a new folder with the names of its
 * categories beside it. Category ids follow the order of their paths' names.
 *
 * @throws TaxonError when the folder is not empty or the file holds nothing that can be trained on
 */
export async function trainFromFile(
  config: Config,
  file: LabelledFile,
  folder: string,
  options: TrainOptions = {},
): Promise<FileTrainResult> {
  const started = Date.now();
  const signal = options.signal ?? new AbortController().signal;
  checkNewFolder(folder);
  const set = await collect(file.name, file.rows, file.encoded?.count ?? null);
  if (set.unencoded > 0) log.warn('rows without an embedding are left out', { rows: set.unencoded });
  const { single } = checkTrainable(file.name, set);
  if (single > 0) log.warn('categories with one name alone', { categories: single });
  const { encoded, ...embedded } = await embeddingsFor(config, file, set, signal);
  log.info('training', { names: set.keys.length, ...set.sources });
  const bar = progress('training', 100, '%');
  const { files, report } = await trainModel(
    { keys: set.keys, paths: set.paths, ...embedded },
    { ...options, signal, onProgress: (share: number) => bar.at(Math.round(share * 100)) },
  ).finally(() => bar.end());
  writeModelFolder(folder, { files, categories: set.categories });
  return {
    folder,
    encoder: embedded.encoder,
    labels: set.keys.length,
    sources: set.sources,
    categories: set.categories.size,
    conflicts: set.conflicts,
    encoded,
    seconds: Math.round((Date.now() - started) / 100) / 10,
    report,
  };
}
