import { TaxonError } from '../../errors.ts';
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

export function damaged(): TaxonError {
  return new TaxonError('letters.bin of the model is damaged', {
    hint: 'Train a new model with `taxon train`, or promote another one.',
  });
}
