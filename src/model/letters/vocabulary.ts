import { eachGram } from './grams.ts';

/** A name as sparse features: indices ascending, values of Euclidean norm 1; none where no n-gram is known. */
export interface SparseRow {
  indices: Int32Array;
  values: Float32Array;
  /** Share of the name's n-grams, as often as they occur, that are not in the vocabulary. */
  unknown: number;
}

/** Slots a gram; an open-addressing table that is at most half full. */
const slotsPerGram = 2;

/** Gram and feature in turn, open addressing, in memory that threads can share. */
function hashed(grams: Uint32Array): Uint32Array {
  let slots = 16;
  while (slots < grams.length * slotsPerGram) slots *= 2;
  const table = new Uint32Array(new SharedArrayBuffer(slots * 8));
  const mask = table.length - 2;
  for (let i = 0; i < grams.length; i++) {
    const gram = grams[i] as number;
    let at = (gram << 1) & mask;
    while (table[at] !== 0) at = (at + 2) & mask;
    table[at] = gram;
    table[at + 1] = i;
  }
  return table;
}

/** A vocabulary as it is handed to another thread. */
export interface SharedVocabulary {
  grams: Uint32Array;
  idf: Float32Array;
  slots: Uint32Array;
}

/** A copy in memory that threads share. */
export function shared<T extends Uint32Array | Float32Array | Float64Array>(array: T): T {
  const make = array.constructor as new (buffer: SharedArrayBuffer) => T;
  const copy = new make(new SharedArrayBuffer(array.byteLength));
  copy.set(array);
  return copy;
}

/**
 * The n-grams that training kept, and their weight (inverse document frequency). Grams are known by their 32-bit hash:
 * they were counted before they were hashed together, so rare ones are dropped and few of the rest collide (7 pairs in
 * 250,000).
 */
export class Vocabulary {
  /** Hashes of the grams, ascending: feature i is grams[i]. */
  readonly grams: Uint32Array;
  readonly idf: Float32Array;
  /** A gram and its feature in turn; a gram of 0 where the slot is free. Side by side they cost one wait for memory. */
  private readonly slots: Uint32Array;
  private readonly mask: number;
  // reused by every call: a name's features, gathered and sorted here
  private found = new Int32Array(1024);

  constructor(grams: Uint32Array, idf: Float32Array, slots = hashed(grams)) {
    this.grams = grams;
    this.idf = idf;
    this.slots = slots;
    this.mask = slots.length - 2;
  }

  /** What another thread makes the same vocabulary of, in memory that both share. */
  share(): SharedVocabulary {
    const { grams, idf, slots } = this;
    return { grams: shared(grams), idf: shared(idf), slots };
  }

  get size(): number {
    return this.grams.length;
  }

  private place(gram: number): number {
    const { slots, mask } = this;
    let at = (gram << 1) & mask;
    for (;;) {
      const key = slots[at];
      if (key === gram) return slots[at + 1] as number;
      if (key === 0) return -1;
      at = (at + 2) & mask;
    }
  }

  /** The known grams of a name, ascending, with repetition, in memory that the next call writes to; and how many grams it has. */
  private gather(nameKey: string): { sorted: Int32Array; all: number } {
    let all = 0;
    let count = 0;
    eachGram(nameKey, (gram) => {
      all++;
      const place = this.place(gram);
      if (place < 0) return;
      if (count === this.found.length) {
        const longer = new Int32Array(count * 2);
        longer.set(this.found);
        this.found = longer;
      }
      this.found[count++] = place;
    });
    return { sorted: this.found.subarray(0, count).sort(), all };
  }

  /** Calls `each` with every known gram of a name, ascending, and how often it occurs there. */
  eachCount(nameKey: string, each: (feature: number, times: number) => void): void {
    const { sorted } = this.gather(nameKey);
    for (let i = 0; i < sorted.length; ) {
      const place = sorted[i] as number;
      let end = i + 1;
      while (end < sorted.length && sorted[end] === place) end++;
      each(place, end - i);
      i = end;
    }
  }

  /** Features of a name key: (1 + ln tf) × idf of each known gram, L2-normalised. */
  features(nameKey: string): SparseRow {
    const { sorted, all } = this.gather(nameKey);
    const count = sorted.length;
    const indices = new Int32Array(count);
    const values = new Float32Array(count);
    let kept = 0;
    let squares = 0;
    for (let i = 0; i < count; ) {
      const place = sorted[i] as number;
      let end = i + 1;
      while (end < count && sorted[end] === place) end++;
      const value = (1 + Math.log(end - i)) * (this.idf[place] as number);
      indices[kept] = place;
      values[kept++] = value;
      squares += value * value;
      i = end;
    }
    const scale = squares > 0 ? 1 / Math.sqrt(squares) : 0;
    for (let i = 0; i < kept; i++) values[i] = (values[i] as number) * scale;
    const unknown = all === 0 ? 0 : 1 - count / all;
    return { indices: indices.subarray(0, kept), values: values.subarray(0, kept), unknown };
  }
}
