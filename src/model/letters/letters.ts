import type { Tree } from '../tree.ts';
import type { LettersTables } from './tables.ts';
import { Vocabulary } from './vocabulary.ts';

/**
 * Nodes less likely than this beside the likeliest of their level are not looked into when letters are asked alone: at .03
 * no answer to 7,637 real titles changes, and no confidence by more than .008; 2.5 times as fast as looking into all.
 */
const leastShare = 0.03;

/** The letters voice of a loaded model. */
export class Letters {
  /** What another thread makes the same voice of. */
  readonly tables: LettersTables;
  private readonly vocabulary: Vocabulary;
  private readonly tree: Tree;
  private readonly temperature: number;
  /** What children say that know nothing: each as likely as its siblings. */
  private readonly even: Float64Array;
  /** Log-probability of reaching each node that was looked into, or whose parent was. */
  private readonly reached: Float64Array;
  /** What `readAhead` made of its reads: without it V8 could leave them out. */
  ahead = 0;

  /** @param temperature what margins are multiplied with before the softmax among siblings */
  constructor(tables: LettersTables, tree: Tree, temperature: number) {
    const { grams, idf, slots } = tables.vocabulary;
    this.tables = tables;
    this.vocabulary = new Vocabulary(grams, idf, slots);
    this.tree = tree;
    this.temperature = temperature;
    this.reached = new Float64Array(tree.nodeStarts.length - 1);
    this.even = Float64Array.from(
      tree.nodeOf,
      (node) => -Math.log((tree.nodeStarts[node + 1] as number) - (tree.nodeStarts[node] as number)),
    );
  }

  /**
   * Writes, for every output of the tree, the log-probability of that child given its node.
   *
   * @returns the share of the name's n-grams that are not known
   */
  score(nameKey: string, target: Float64Array): number {
    const { pieceStarts } = this.tables;
    const { indices, values, unknown } = this.vocabulary.features(nameKey);
    target.fill(0);
    for (let i = 0; i < indices.length; i++) {
      const gram = indices[i] as number;
      const end = pieceStarts[gram + 1] as number;
      for (let piece = pieceStarts[gram] as number; piece < end; piece++)
        this.add(piece, values[i] as number, target);
    }
    for (let k = 0; k < this.reached.length; k++) this.finish(k, target);
    return unknown;
  }

  /** The share of a name's n-grams that are not known. */
  unknown(nameKey: string): number {
    return this.vocabulary.features(nameKey).unknown;
  }

  /**
   * As `score`, level by level and only in nodes that may matter: those at least `leastShare` as likely as the likeliest
   * of their level. The children of the others share their node's probability evenly.
   */
  scoreLikely(nameKey: string, target: Float64Array): number {
    const { nodeStarts, nodeBelow } = this.tree;
    const { pieceStarts, pieces } = this.tables;
    const { reached } = this;
    const { indices, values, unknown } = this.vocabulary.features(nameKey);
    this.readAhead(indices);
    target.set(this.even);
    let nodes = [0];
    reached[0] = 0;
    for (let level = 0; level < 3 && nodes.length > 0; level++) {
      for (const node of nodes) target.fill(0, nodeStarts[node], nodeStarts[node + 1]);
      for (let i = 0; i < indices.length; i++) {
        const gram = indices[i] as number;
        const value = values[i] as number;
        const end = pieceStarts[gram + 1] as number;
        let piece = pieceStarts[gram] as number;
        for (const node of nodes) {
          // the few nodes that matter among up to all that the gram has weights in
          let high = end;
          while (piece < high) {
            const middle = (piece + high) >>> 1;
            if ((pieces[2 * middle] as number) < node) piece = middle + 1;
            else high = middle;
          }
          if (piece === end) break;
          if (pieces[2 * piece] !== node) continue;
          this.add(piece, value, target);
        }
      }
      let best = Number.NEGATIVE_INFINITY;
      for (const node of nodes) {
        this.finish(node, target);
        for (let o = nodeStarts[node] as number; o < (nodeStarts[node + 1] as number); o++) {
          const below = nodeBelow[o] as number;
          if (below < 0) continue;
          reached[below] = (reached[node] as number) + (target[o] as number);
          if ((reached[below] as number) > best) best = reached[below] as number;
        }
      }
      const least = best + Math.log(leastShare);
      const next: number[] = [];
      for (const node of nodes)
        for (let o = nodeStarts[node] as number; o < (nodeStarts[node + 1] as number); o++) {
          const below = nodeBelow[o] as number;
          if (below >= 0 && (reached[below] as number) >= least) next.push(below);
        }
      nodes = next.sort((a, b) => a - b);
    }
    return unknown;
  }

  /**
   * Touches what will be read of each gram. These reads do not wait for one another, so that the memory serves many at
   * once; on the way down each read must know the one before. 182 µs of a processor a name with it, 220 without.
   */
  private readAhead(indices: Int32Array): void {
    const { pieceStarts, pieces, entries } = this.tables;
    let sum = 0;
    for (let i = 0; i < indices.length; i++)
      sum += pieces[2 * (pieceStarts[indices[i] as number] as number) + 1] as number;
    for (let i = 0; i < indices.length; i++)
      sum += entries[pieces[2 * (pieceStarts[indices[i] as number] as number) + 1] as number] ?? 0;
    this.ahead = sum;
  }

  /** Adds the entries of a piece. */
  private add(piece: number, value: number, target: Float64Array): void {
    const { entries, pieces } = this.tables;
    const first = this.tree.nodeStarts[pieces[2 * piece] as number] as number;
    const to = pieces[2 * piece + 3] as number;
    for (let e = pieces[2 * piece + 1] as number; e < to; e++) {
      const entry = entries[e] as number;
      const output = first + (entry >>> 8);
      target[output] = (target[output] as number) + value * ((entry & 255) - 128);
    }
  }

  /** Turns the sums of a node's outputs into log-probabilities among them. */
  private finish(node: number, target: Float64Array): void {
    const { scales, biases } = this.tables;
    const from = this.tree.nodeStarts[node] as number;
    const to = this.tree.nodeStarts[node + 1] as number;
    let highest = Number.NEGATIVE_INFINITY;
    for (let o = from; o < to; o++) {
      const score =
        this.temperature * ((target[o] as number) * (scales[o] as number) + (biases[o] as number));
      target[o] = score;
      if (score > highest) highest = score;
    }
    let sum = 0;
    for (let o = from; o < to; o++) sum += Math.exp((target[o] as number) - highest);
    const log = highest + Math.log(sum);
    for (let o = from; o < to; o++) target[o] = (target[o] as number) - log;
  }
}
