import { TaxonError } from '../../errors.ts';
import type { Tree } from '../tree.ts';
import { Vocabulary } from './vocabulary.ts';

/** Linear classifiers of all nodes, n-gram by n-gram: what training writes and serving reads. */
export interface LettersWeights {
  vocabulary: Vocabulary;
  /** Gram g has the entries starts[g] … starts[g + 1] - 1. */
  starts: Uint32Array;
  /** The output of the tree that an entry belongs to. */
  outputs: Uint16Array | Uint32Array;
  /** Its weight in units of the output's scale, -127 to 127. */
  weights: Int8Array;
  /** For each output of the tree. */
  scales: Float32Array;
  biases: Float32Array;
}

/** "PTL1", little-endian. */
const magic = 0x314c5450;

/** letters.bin: a header of eight 32-bit numbers, then the arrays, each begun at a multiple of 4 bytes. */
export function writeLetters({
  vocabulary,
  starts,
  outputs,
  weights,
  scales,
  biases,
}: LettersWeights): Uint8Array {
  const wide = outputs instanceof Uint32Array ? 1 : 0;
  const header = Uint32Array.of(magic, vocabulary.size, weights.length, scales.length, wide, 0, 0, 0);
  const parts = [header, vocabulary.grams, vocabulary.idf, starts, scales, biases, outputs, weights];
  const size = parts.reduce((sum, part) => sum + padded(part.byteLength), 0);
  const bytes = new Uint8Array(size);
  let at = 0;
  for (const part of parts) {
    bytes.set(new Uint8Array(part.buffer, part.byteOffset, part.byteLength), at);
    at += padded(part.byteLength);
  }
  return bytes;
}

const padded = (bytes: number) => Math.ceil(bytes / 4) * 4;

/** @throws TaxonError when the bytes are not those of `writeLetters` */
export function readLetters(file: Uint8Array): LettersWeights {
  // a copy that begins at a multiple of 4, as typed arrays need it
  const bytes = file.byteOffset % 4 === 0 ? file : Uint8Array.from(file);
  let at = 0;
  const take = <T>(
    make: (buffer: ArrayBuffer, offset: number, length: number) => T,
    length: number,
    size: number,
  ): T => {
    if (at + length * size > bytes.byteLength) throw damaged();
    const part = make(bytes.buffer as ArrayBuffer, bytes.byteOffset + at, length);
    at += padded(length * size);
    return part;
  };
  const u32 = (length: number) => take((b, o, n) => new Uint32Array(b, o, n), length, 4);
  const f32 = (length: number) => take((b, o, n) => new Float32Array(b, o, n), length, 4);
  const [found, grams, entries, outputs, wide] = u32(8) as unknown as [
    number,
    number,
    number,
    number,
    number,
  ];
  if (found !== magic) throw damaged();
  const vocabulary = new Vocabulary(u32(grams), f32(grams));
  const starts = u32(grams + 1);
  const scales = f32(outputs);
  const biases = f32(outputs);
  const ofEntry = wide === 1 ? u32(entries) : take((b, o, n) => new Uint16Array(b, o, n), entries, 2);
  const weights = take((b, o, n) => new Int8Array(b, o, n), entries, 1);
  return { vocabulary, starts, outputs: ofEntry, weights, scales, biases };
}

function damaged(): TaxonError {
  return new TaxonError('letters.bin of the model is damaged', {
    hint: 'Train a new model with `taxon train`, or promote another one.',
  });
}

/**
 * Nodes less likely than this beside the likeliest of their level are not looked into when letters are asked alone: at .03
 * no answer to 7,637 real titles changes, and no confidence by more than .008; 2.5 times as fast as looking into all.
 */
const leastShare = 0.03;

/** The letters voice of a loaded model. */
export class Letters {
  private readonly vocabulary: Vocabulary;
  private readonly scales: Float32Array;
  private readonly biases: Float32Array;
  private readonly tree: Tree;
  private readonly temperature: number;
  // What belongs together lies together, as the time goes into waiting for memory: side by side in one array instead of
  // in two, twice as many names a second.
  /** Each entry's output times 256 plus its weight plus 128. */
  private readonly entries: Uint32Array;
  /** Gram g has the pieces pieceStarts[g] … pieceStarts[g + 1] - 1: its entries of one node each, nodes ascending. */
  private readonly pieceStarts: Uint32Array;
  /** Node and first entry of each piece, in turn. */
  private readonly pieces: Uint32Array;
  /** What children say that know nothing: each as likely as its siblings. */
  private readonly even: Float64Array;
  /** Log-probability of reaching each node that was looked into, or whose parent was. */
  private readonly reached: Float64Array;

  /** @param temperature what margins are multiplied with before the softmax among siblings */
  constructor(weights: LettersWeights, tree: Tree, temperature: number) {
    if (weights.scales.length !== tree.outputs) throw damaged();
    this.vocabulary = weights.vocabulary;
    this.scales = weights.scales;
    this.biases = weights.biases;
    this.tree = tree;
    this.temperature = temperature;
    const { starts, outputs } = weights;
    const nodeAt = (entry: number) => tree.nodeOf[outputs[entry] as number] as number;
    const grams = weights.vocabulary.size;
    this.pieceStarts = new Uint32Array(grams + 1);
    for (let g = 0; g < grams; g++) {
      let pieces = 0;
      for (let e = starts[g] as number; e < (starts[g + 1] as number); e++)
        if (e === starts[g] || nodeAt(e) !== nodeAt(e - 1)) pieces++;
      this.pieceStarts[g + 1] = (this.pieceStarts[g] as number) + pieces;
    }
    const pieces = this.pieceStarts[grams] as number;
    this.pieces = new Uint32Array(2 * pieces + 2);
    this.pieces[2 * pieces + 1] = outputs.length;
    this.entries = new Uint32Array(outputs.length);
    for (let e = 0; e < outputs.length; e++)
      this.entries[e] = (outputs[e] as number) * 256 + (weights.weights[e] as number) + 128;
    let at = 0;
    for (let g = 0; g < grams; g++)
      for (let e = starts[g] as number; e < (starts[g + 1] as number); e++)
        if (e === starts[g] || nodeAt(e) !== nodeAt(e - 1)) {
          this.pieces[at++] = nodeAt(e);
          this.pieces[at++] = e;
        }
    this.reached = new Float64Array(tree.nodeStarts.length - 1);
    this.even = Float64Array.from(
      tree.nodeOf,
      (node) => -Math.log((tree.nodeStarts[node + 1] as number) - (tree.nodeStarts[node] as number)),
    );
  }

  /** Writes, for every output of the tree, the log-probability of that child given its node. */
  score(nameKey: string, target: Float64Array): void {
    const { pieceStarts, pieces } = this;
    const { indices, values } = this.vocabulary.features(nameKey);
    target.fill(0);
    for (let i = 0; i < indices.length; i++) {
      const gram = indices[i] as number;
      this.add(
        pieces[2 * (pieceStarts[gram] as number) + 1] as number,
        pieces[2 * (pieceStarts[gram + 1] as number) + 1] as number,
        values[i] as number,
        target,
      );
    }
    for (let k = 0; k < this.reached.length; k++) this.finish(k, target);
  }

  /**
   * As `score`, level by level and only in nodes that may matter: those at least `leastShare` as likely as the likeliest
   * of their level. The children of the others share their node's probability evenly.
   */
  scoreLikely(nameKey: string, target: Float64Array): void {
    const { nodeStarts, nodeBelow } = this.tree;
    const { pieceStarts, pieces, reached } = this;
    const { indices, values } = this.vocabulary.features(nameKey);
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
          this.add(pieces[2 * piece + 1] as number, pieces[2 * piece + 3] as number, value, target);
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
  }

  private add(from: number, to: number, value: number, target: Float64Array): void {
    const { entries } = this;
    for (let e = from; e < to; e++) {
      const entry = entries[e] as number;
      const output = entry >>> 8;
      target[output] = (target[output] as number) + value * ((entry & 255) - 128);
    }
  }

  /** Turns the sums of a node's outputs into log-probabilities among them. */
  private finish(node: number, target: Float64Array): void {
    const { scales, biases } = this;
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
