import type { Config } from '../../src/config.ts';
import { seededRandom, shuffle } from '../../src/train/random.ts';
import { readTitles, titlesFile } from '../accuracy/data.ts';
import { embeddingsOf } from '../accuracy/embeddings.ts';
import { readScaleNames } from '../scale/names.ts';

/** Names with a vector each. */
export interface Vectors {
  keys: string[];
  /** keys.length × dimension, L2-normalised, rounded as halfvec rounds. */
  matrix: Float32Array;
  dimension: number;
}

/** Slots that n-grams are hashed to. */
const slots = 2 ** 17;
const epochs = 4;

/** 3- and 4-grams of a name's letters, and its words, as slots. */
function slotsOf(key: string): number[] {
  const found: number[] = [];
  const text = ` ${key} `;
  const add = (from: number, to: number, salt: number) => {
    let hash = 2166136261 ^ salt;
    for (let i = from; i < to; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 16777619);
    found.push((hash ^ (hash >>> 15)) & (slots - 1));
  };
  for (let i = 0; i + 3 <= text.length; i++) {
    add(i, i + 3, 3);
    if (i + 4 <= text.length) add(i, i + 4, 4);
  }
  for (let from = 1, to = 1; to < text.length; to++)
    if (text[to] === ' ') {
      add(from, to, 5);
      from = to + 1;
    }
  return found;
}

/** Rounds a row to length 1 and to half floats. */
function finish(row: Float32Array): void {
  const norm = Math.sqrt(row.reduce((sum, x) => sum + x * x, 0)) || 1;
  row.set(new Float16Array(row.map((x) => x / norm)));
}

/**
 * What a linear pupil of the real encoder says: a vector for each hashed n-gram, learnt by least squares on real embeddings, so
 * that a name's is the mean and their sum.
 *
 * @returns writes the vector of a name
 */
function pupilOf({ keys, matrix, dimension }: Vectors): (key: string, target: Float32Array) => void {
  const mean = new Float32Array(dimension);
  for (let i = 0; i < matrix.length; i++)
    mean[i % dimension] = (mean[i % dimension] as number) + (matrix[i] as number) / keys.length;
  const weights = new Float32Array(slots * dimension);
  const say = (found: readonly number[], target: Float32Array) => {
    target.set(mean);
    const share = 1 / Math.sqrt(found.length);
    for (const slot of found) {
      const at = slot * dimension;
      for (let d = 0; d < dimension; d++)
        target[d] = (target[d] as number) + share * (weights[at + d] as number);
    }
  };
  const said = new Float32Array(dimension);
  const order = Int32Array.from(keys.keys());
  const random = seededRandom(1);
  for (let epoch = 0; epoch < epochs; epoch++) {
    shuffle(order, random);
    for (const i of order) {
      const found = slotsOf(keys[i] as string);
      say(found, said);
      const step = 0.3 / Math.sqrt(found.length);
      for (let d = 0; d < dimension; d++)
        said[d] = step * ((matrix[i * dimension + d] as number) - (said[d] as number));
      for (const slot of found) {
        const at = slot * dimension;
        for (let d = 0; d < dimension; d++)
          weights[at + d] = (weights[at + d] as number) + (said[d] as number);
      }
    }
  }
  return (key, target) => say(slotsOf(key), target);
}

/** The real titles by the real encoder, in an order drawn at random; null where they are not there. */
export async function realNames(config: Config): Promise<Vectors | null> {
  const titles = await readTitles(titlesFile);
  if (titles === null) return null;
  const { embeddings, dimension } = await embeddingsOf(config, titles.train.keys);
  const order = Int32Array.from(titles.train.keys.keys());
  shuffle(order, seededRandom(1));
  const matrix = new Float32Array(embeddings.length);
  for (const [to, from] of order.entries()) {
    const row = matrix.subarray(to * dimension, (to + 1) * dimension);
    row.set(embeddings.subarray(from * dimension, (from + 1) * dimension));
    finish(row);
  }
  return { keys: Array.from(order, (from) => titles.train.keys[from] as string), matrix, dimension };
}

/** The first so many real names of the large file with a pupil's vectors; null where the file is not there. */
export async function simulatedNames(teacher: Vectors, count: number): Promise<Vectors | null> {
  const names = await readScaleNames(count);
  if (names === null) return null;
  const { dimension } = teacher;
  const pupil = pupilOf(teacher);
  const matrix = new Float32Array(count * dimension);
  for (const [i, key] of names.keys.entries()) {
    const row = matrix.subarray(i * dimension, (i + 1) * dimension);
    pupil(key, row);
    finish(row);
  }
  return { keys: names.keys, matrix, dimension };
}
