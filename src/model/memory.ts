import { deepest, type Tree } from './tree.ts';
import type { Neighbour, Path } from './types.ts';

/** How many of the nearest labelled names vote. */
export const neighboursAsked = 30;

/**
 * Weight of a vote: exp(sharpness × (cosine - 1)). Memory alone on the real titles, path right: .488 at 10, .515 at 30.
 */
const sharpness = 20;
/** How much the vote of a neighbour counts. */
export const voteOf = (cosine: number): number => Math.exp(sharpness * (cosine - 1));

/** Votes for nobody, spread evenly over the children of each node, so that no child is impossible. */
const smoothing = 0.3;

/** The memory voice: the nearest labelled names by embedding vote for their categories. */
export class Memory {
  private readonly tree: Tree;
  /** By the category that a path ends in: it may have been moved in the tree since. */
  private readonly place: Map<number, number>;
  private readonly votes: Float64Array;

  constructor(tree: Tree, paths: readonly Path[]) {
    this.tree = tree;
    this.place = new Map(paths.map((path, p) => [deepest(path), p]));
    this.votes = new Float64Array(tree.outputs);
  }

  /**
   * Writes, for every output of the tree, the log of its smoothed share of its node's votes; all 0 without a neighbour
   * whose path the model knows.
   *
   * @returns whether anybody voted
   */
  score(neighbours: readonly Neighbour[], target: Float64Array): boolean {
    const { nodeStarts, pathOutputs } = this.tree;
    const { votes } = this;
    votes.fill(0);
    let all = 0;
    for (const { path, cosine } of neighbours) {
      const p = this.place.get(deepest(path));
      if (p === undefined) continue;
      const vote = voteOf(cosine);
      all += vote;
      for (let level = 0; level < 3; level++) {
        const output = pathOutputs[p * 3 + level] as number;
        if (output >= 0) votes[output] = (votes[output] as number) + vote;
      }
    }
    if (all === 0) {
      target.fill(0);
      return false;
    }
    for (let k = 0; k + 1 < nodeStarts.length; k++) {
      const from = nodeStarts[k] as number;
      const to = nodeStarts[k + 1] as number;
      let node = 0;
      for (let o = from; o < to; o++) node += votes[o] as number;
      const base = node / all + smoothing;
      for (let o = from; o < to; o++)
        target[o] = Math.log(((votes[o] as number) / all + smoothing / (to - from)) / base);
    }
    return true;
  }
}
