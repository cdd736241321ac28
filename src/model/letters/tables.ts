import type { Tree } from '../tree.ts';
import { type SharedVocabulary, shared } from './vocabulary.ts';
import { damaged, type LettersWeights } from './weights.ts';

/**
 * The weights as a name is read with them, in memory that threads share: a second thread costs no second copy. What
 * belongs together lies together and is small, as the time goes into waiting for memory.
 */
export interface LettersTables {
  vocabulary: SharedVocabulary;
  /** For each output of the tree. */
  scales: Float32Array;
  biases: Float32Array;
  /** Each entry's output, counted from its node's first, times 256 plus its weight plus 128. */
  entries: Uint16Array | Uint32Array;
  /** Gram g has the pieces pieceStarts[g] … pieceStarts[g + 1] - 1: its entries of one node each, nodes ascending. */
  pieceStarts: Uint32Array;
  /** Node and first entry of each piece, in turn; behind the last one the number of entries. */
  pieces: Uint32Array;
}

/** The most children of a node that leave an entry in 16 bits; 24 MB instead of 49 for 57,029 real titles. */
const narrow = 256;

const memory = (bytes: number) => new SharedArrayBuffer(bytes);

/**
 * Lays weights out for reading.
 *
 * @param tree the one that they were fitted on
 * @throws TaxonError when it cannot be that one
 */
export function layOut(weights: LettersWeights, tree: Tree): LettersTables {
  const { starts, outputs, vocabulary } = weights;
  const { nodeOf, nodeStarts } = tree;
  if (weights.scales.length !== tree.outputs) throw damaged();
  const nodeAt = (entry: number) => nodeOf[outputs[entry] as number] as number;
  const pieceStarts = new Uint32Array(memory(4 * (vocabulary.size + 1)));
  const begins = (gram: number, e: number) => e === starts[gram] || nodeAt(e) !== nodeAt(e - 1);
  for (let g = 0; g < vocabulary.size; g++) {
    let count = pieceStarts[g] as number;
    for (let e = starts[g] as number; e < (starts[g + 1] as number); e++) if (begins(g, e)) count++;
    pieceStarts[g + 1] = count;
  }
  const pieces = new Uint32Array(memory(8 * ((pieceStarts[vocabulary.size] as number) + 1)));
  pieces[pieces.length - 1] = outputs.length;
  const wide = nodeStarts.some((start, k) => start - (nodeStarts[k - 1] ?? 0) > narrow);
  const entries = wide
    ? new Uint32Array(memory(4 * outputs.length))
    : new Uint16Array(memory(2 * outputs.length));
  let at = 0;
  for (let g = 0; g < vocabulary.size; g++)
    for (let e = starts[g] as number; e < (starts[g + 1] as number); e++) {
      const node = nodeAt(e);
      const child = (outputs[e] as number) - (nodeStarts[node] as number);
      entries[e] = child * 256 + (weights.weights[e] as number) + 128;
      if (!begins(g, e)) continue;
      pieces[at++] = node;
      pieces[at++] = e;
    }
  return {
    vocabulary: vocabulary.share(),
    scales: shared(weights.scales),
    biases: shared(weights.biases),
    entries,
    pieceStarts,
    pieces,
  };
}
