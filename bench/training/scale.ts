import type { Path } from '../../src/model/types.ts';
import { seededRandom } from '../../src/train/random.ts';
import { readScaleNames } from '../scale/names.ts';
import { judgePeak, peakBytes } from '../scale/peak.ts';
import { type Step, step } from './measured.ts';
import { moduleOf, type StepOptions } from './titles.ts';

/** Numbers of an embedding of multilingual-e5-small. */
const dimension = 384;

/** A matrix of rows of length 1, those of one path about a common centre: simulated, for time and memory alone. */
function simulated(paths: readonly Path[]): Float32Array {
  const random = seededRandom(1);
  const centres = new Map<Path, Float32Array>();
  const matrix = new Float32Array(paths.length * dimension);
  for (const [row, path] of paths.entries()) {
    let centre = centres.get(path);
    if (centre === undefined) {
      centre = Float32Array.from({ length: dimension }, () => random.next() - 0.5);
      centres.set(path, centre);
    }
    let squares = 0;
    for (let j = 0; j < dimension; j++) {
      const value = (centre[j] as number) + 2 * (random.next() - 0.5);
      matrix[row * dimension + j] = value;
      squares += value * value;
    }
    const scale = 1 / Math.sqrt(squares);
    for (let j = row * dimension; j < (row + 1) * dimension; j++) matrix[j] = (matrix[j] as number) * scale;
  }
  return matrix;
}

/** A training's steps at scale in one process that holds names and matrix all the while. */
export async function* scaleSteps({
  code,
  folds,
  names = 1_000_000,
  epochs = 1,
}: StepOptions): AsyncGenerator<Step> {
  const read = await readScaleNames(names);
  if (read === null) return console.error('skipped: the names of scale.tsv.xz are not here');
  const set = { ...read, embeddings: simulated(read.paths), dimension, encoder: 'simulated' };
  const tell = (what: string) => {
    let told = 0;
    return (share: number) => {
      if (share < told + 0.1) return;
      told = share;
      console.error(`${what}: ${Math.round(share * 100)} %, peak ${(peakBytes() / 1e9).toFixed(2)} GB`);
    };
  };
  const { fitLettersOf } = await moduleOf(code, 'src/train/join/voices.ts');
  const letters = await step('scale: letters', names, async () => {
    const rows = Int32Array.from(set.keys.keys());
    const { letters } = await fitLettersOf(set, rows, { seed: 1, onProgress: tell('letters') });
    return { found: { 'n-grams': letters.vocabulary.size, weights: letters.weights.length } };
  });
  judgePeak(letters.peak);
  yield letters;
  if (folds > 0) {
    const { outOfFold } = await moduleOf(code, 'src/train/cleaning/out-of-fold.ts');
    const enough = new AbortController();
    const judges = await step(`scale: judges, ${folds} of 5 folds`, names, async () => {
      const told = tell('judges');
      const onProgress = (share: number) => {
        told(share);
        if (share >= folds / 5 - 1e-9 && folds < 5) enough.abort();
      };
      await outOfFold(set, { seed: 1, signal: enough.signal, onProgress }).catch((error: unknown) => {
        if (!enough.signal.aborted) throw error;
      });
      return undefined;
    });
    judgePeak(judges.peak);
    yield judges;
  }
  if (epochs > 0) {
    const { trainModel } = await moduleOf(code, 'src/train/fit.ts');
    const model = await step(`scale: model, ${epochs} epochs`, names, async () => {
      const { report } = await trainModel(set, { seed: 1, epochs, onProgress: tell('model') });
      return { found: { bytes: report.size } };
    });
    judgePeak(model.peak);
    yield model;
  }
}
