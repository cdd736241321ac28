import { TaxonError } from '../errors.ts';
import { buildDecoder } from './decode.ts';
import type { Tree } from './tree.ts';
import type { Evidence, Path, Prediction, VoiceWeights } from './types.ts';

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
 * voice's weight at that level (a product of experts). `voices` is how many of them, each alone, give the answer.
 *
 * @param classes for each head the category of each output; null: there are no heads, meaning is never asked
 * @param paths every path that may be answered; their categories are all in `classes`
 * @throws TaxonError when a path has a category that no head knows
 */
export function buildJoin(
  tree: Tree,
  classes: Classes | null,
  paths: readonly Path[],
): (voices: Voices, weights: VoiceWeights) => Prediction & Pick<Evidence, 'voices'> {
  const headOutputs = classes?.map((ids, level) => {
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

  // both return the path that is the voice's own best

  function addTree(voice: Float64Array, weights: readonly number[]): Path {
    let best = 0;
    let highest = Number.NEGATIVE_INFINITY;
    for (let p = 0; p < scores.length; p++) {
      let sum = scores[p] as number;
      let own = 0;
      for (let level = 0; level < 3; level++) {
        const output = pathOutputs[p * 3 + level] as number;
        if (output < 0) break;
        const log = voice[output] as number;
        sum += (weights[level] as number) * log;
        own += log;
      }
      scores[p] = sum;
      if (own > highest) {
        highest = own;
        best = p;
      }
    }
    return paths[best] as Path;
  }

  function addHeads(
    [l1, l2, l3]: NonNullable<Voices['meaning']>,
    [first, second, third]: VoiceWeights['meaning'],
  ): Path {
    const [of1, of2, of3] = headOutputs as [Int32Array, Int32Array, Int32Array];
    let best = 0;
    let highest = Number.NEGATIVE_INFINITY;
    for (let p = 0; p < scores.length; p++) {
      const a = l1[of1[p] as number] as number;
      const b = l2[of2[p] as number] as number;
      const c = l3[of3[p] as number] as number;
      let sum = scores[p] as number;
      // where a level does not count, an impossible class (-infinity) must not either
      if (first !== 0) sum += first * a;
      if (second !== 0) sum += second * b;
      if (third !== 0) sum += third * c;
      scores[p] = sum;
      if (a + b + c > highest) {
        highest = a + b + c;
        best = p;
      }
    }
    return paths[best] as Path;
  }

  return (voices, weights) => {
    scores.fill(0);
    const own = [
      voices.letters === null ? null : addTree(voices.letters, weights.letters),
      voices.memory === null ? null : addTree(voices.memory, weights.memory),
      voices.meaning === null ? null : addHeads(voices.meaning, weights.meaning),
    ];
    const said = decode(scores);
    return { ...said, voices: own.filter((path) => path === said.path).length };
  };
}
