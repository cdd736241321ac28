import { TaxonError } from '../errors.ts';
import { buildDecoder } from './decode.ts';
import type { Tree } from './tree.ts';
import type { Path, Prediction, VoiceWeights } from './types.ts';

/** For each head the category of each of its outputs; null is "the path stops above this level". */
export type Classes = readonly [
  readonly (number | null)[],
  readonly (number | null)[],
  readonly (number | null)[],
];

/** What the voices say of one name; null where a voice was not asked. */
export interface Voices {
  /** Log-probabilities by output of the tree, given the node. */
  letters: Float64Array | null;
  /** Log-probabilities of the three heads by class. */
  meaning: readonly [Float32Array, Float32Array, Float32Array] | null;
  /** As letters. */
  memory: Float64Array | null;
}

/**
 * Joins the voices: a path's score is the sum, over its levels, of each voice's log-probability of that step times the
 * voice's weight at that level (a product of experts).
 *
 * @param classes for each head the category of each output
 * @param paths every path that may be answered; their categories are all in `classes`
 * @throws TaxonError when a path has a category that no head knows
 */
export function buildJoin(
  tree: Tree,
  classes: Classes,
  paths: readonly Path[],
): (voices: Voices, weights: VoiceWeights) => Prediction {
  const headOutputs = classes.map((ids, level) => {
    const index = new Map(ids.map((id, i) => [id, i]));
    return Int32Array.from(paths, (path) => {
      const found = index.get(path[level as 0 | 1 | 2]);
      if (found === undefined)
        throw new TaxonError(`no head knows the path ${path.join(', ')} of the manifest`);
      return found;
    });
  });
  const { pathOutputs } = tree;
  const decode = buildDecoder(paths);
  const scores = new Float64Array(paths.length);

  function addTree(voice: Float64Array, weights: readonly number[]): void {
    for (let p = 0; p < scores.length; p++) {
      let sum = scores[p] as number;
      for (let level = 0; level < 3; level++) {
        const output = pathOutputs[p * 3 + level] as number;
        if (output < 0) break;
        sum += (weights[level] as number) * (voice[output] as number);
      }
      scores[p] = sum;
    }
  }

  return (voices, weights) => {
    scores.fill(0);
    if (voices.letters !== null) addTree(voices.letters, weights.letters);
    if (voices.memory !== null) addTree(voices.memory, weights.memory);
    for (const [level, logs] of (voices.meaning ?? []).entries()) {
      const weight = weights.meaning[level] as number;
      if (weight === 0) continue;
      const outputs = headOutputs[level] as Int32Array;
      for (let p = 0; p < scores.length; p++)
        scores[p] = (scores[p] as number) + weight * (logs[outputs[p] as number] as number);
    }
    return decode(scores);
  };
}
