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

/** Nodes less likely than this beside the likeliest of their level are not looked into when letters are asked alone. */
const leastShare = 1e-3;

/** The letters voice of a loaded model. */
export class Letters {
  private readonly weights: LettersWeights;
  private readonly tree: Tree;
  private readonly temperature: number;
  /** Gram g has the pieces pieceStarts[g] … pieceStarts[g + 1] - 1: its entries of one node each, nodes ascending. */
  private readonly pieceStarts: Uint32Array;
  private readonly pieceNodes: Int32Array;
  private readonly pieceEntries: Uint32Array;
  /** Log-probability of reaching each node; -Infinity where it is not looked into. */
  private readonly reached: Float64Array;

  /** @param temperature what margins are multiplied with before the softmax among siblings */
  constructor(weights: LettersWeights, tree: Tree, temperature: number) {
    if (weights.scales.length !== tree.outputs) throw damaged();
    this.weights = weights;
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
    this.pieceNodes = new Int32Array(pieces);
    this.pieceEntries = new Uint32Array(pieces + 1).fill(outputs.length, pieces);
    let at = 0;
    for (let g = 0; g < grams; g++)
      for (let e = starts[g] as number; e < (starts[g + 1] as number); e++)
        if (e === starts[g] || nodeAt(e) !== nodeAt(e - 1)) {
          this.pieceNodes[at] = nodeAt(e);
          this.pieceEntries[at++] = e;
        }
    this.reached = new Float64Array(tree.nodeStarts.length - 1);
  }

  /** Writes, for every output of the tree, the log-probability of that child given its node. */
  score(nameKey: string, target: Float64Array): void {
    const { vocabulary, starts, outputs, weights } = this.weights;
    const { indices, values } = vocabulary.features(nameKey);
    target.fill(0);
    for (let i = 0; i < indices.length; i++) {
      const gram = indices[i] as number;
      const value = values[i] as number;
      const end = starts[gram + 1] as number;
      for (let e = starts[gram] as number; e < end; e++) {
        const output = outputs[e] as number;
        target[output] = (target[output] as number) + value * (weights[e] as number);
      }
    }
    for (let k = 0; k < this.reached.length; k++) this.finish(k, target);
  }

  /**
   * As `score`, level by level and only in nodes that may matter: those at least `leastShare` as likely as the likeliest
   * of their level. The children of the others share their node's probability evenly.
   */
  scoreLikely(nameKey: string, target: Float64Array): void {
    const { vocabulary, outputs, weights } = this.weights;
    const { nodeStarts, nodeOf, nodeBelow, levelStarts } = this.tree;
    const { pieceStarts, pieceNodes, pieceEntries, reached } = this;
    const { indices, values } = vocabulary.features(nameKey);
    target.fill(0);
    const next = Uint32Array.from(indices, (gram) => pieceStarts[gram] as number);
    reached.fill(Number.NEGATIVE_INFINITY);
    reached[0] = 0;
    for (let level = 0; level < 3; level++) {
      const from = levelStarts[level] as number;
      const to = levelStarts[level + 1] as number;
      for (let i = 0; i < indices.length; i++) {
        const end = pieceStarts[(indices[i] as number) + 1] as number;
        const value = values[i] as number;
        let piece = next[i] as number;
        for (; piece < end; piece++) {
          const node = pieceNodes[piece] as number;
          if (node >= to) break;
          if (reached[node] === Number.NEGATIVE_INFINITY) continue;
          const stop = pieceEntries[piece + 1] as number;
          for (let e = pieceEntries[piece] as number; e < stop; e++) {
            const output = outputs[e] as number;
            target[output] = (target[output] as number) + value * (weights[e] as number);
          }
        }
        next[i] = piece;
      }
      let best = Number.NEGATIVE_INFINITY;
      for (let k = from; k < to; k++) {
        const start = nodeStarts[k] as number;
        const stop = nodeStarts[k + 1] as number;
        if (reached[k] === Number.NEGATIVE_INFINITY) {
          target.fill(-Math.log(stop - start), start, stop);
          continue;
        }
        this.finish(k, target);
        for (let o = start; o < stop; o++)
          if ((nodeBelow[o] as number) >= 0)
            best = Math.max(best, (reached[k] as number) + (target[o] as number));
      }
      if (level === 2) break;
      const least = best + Math.log(leastShare);
      for (let o = nodeStarts[from] as number; o < (nodeStarts[to] as number); o++) {
        const below = nodeBelow[o] as number;
        const log = (reached[nodeOf[o] as number] as number) + (target[o] as number);
        if (below >= 0 && log >= least) reached[below] = log;
      }
    }
  }

  /** Turns the sums of a node's outputs into log-probabilities among them. */
  private finish(node: number, target: Float64Array): void {
    const { scales, biases } = this.weights;
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
