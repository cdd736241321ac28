import { eachGram } from '../../model/letters/grams.ts';
import { Vocabulary } from '../../model/letters/vocabulary.ts';

/** An n-gram seen in fewer names is dropped: without that floor coverage at 5% error falls from .36 to .33. */
const fewestNames = 3;

/** Counts, for each gram, the names that have it; open addressing, doubled at half full. */
class GramCounts {
  private keys = new Uint32Array(1 << 16);
  private names = new Int32Array(1 << 16);
  private last = new Int32Array(1 << 16);
  private size = 0;

  add(gram: number, name: number): void {
    const mask = this.keys.length - 1;
    let at = gram & mask;
    while (this.keys[at] !== gram) {
      if (this.keys[at] === 0) {
        this.keys[at] = gram;
        this.last[at] = -1;
        this.size++;
        break;
      }
      at = (at + 1) & mask;
    }
    if (this.last[at] !== name) {
      this.last[at] = name;
      this.names[at] = (this.names[at] as number) + 1;
    }
    if (this.size * 2 > this.keys.length) this.grow();
  }

  private grow(): void {
    const { keys, names, last } = this;
    const slots = keys.length * 2;
    this.keys = new Uint32Array(slots);
    this.names = new Int32Array(slots);
    this.last = new Int32Array(slots);
    for (let i = 0; i < keys.length; i++) {
      const gram = keys[i] as number;
      if (gram === 0) continue;
      let at = gram & (slots - 1);
      while (this.keys[at] !== 0) at = (at + 1) & (slots - 1);
      this.keys[at] = gram;
      this.names[at] = names[i] as number;
      this.last[at] = last[i] as number;
    }
  }

  /** Grams of at least so many names, by ascending hash. */
  frequent(fewest: number): Uint32Array {
    return this.keys.filter((gram, i) => gram !== 0 && (this.names[i] as number) >= fewest).sort();
  }
}

/** N-grams of all names of a set. */
export interface CountedNames {
  /** Hashes of the n-grams that three names or more have, ascending: feature i is grams[i]. */
  grams: Uint32Array;
  /** Name n's features are indices[starts[n]] … indices[starts[n + 1] - 1]. */
  starts: Int32Array;
  indices: Int32Array;
  /** How often each occurs in the name, at most 255. */
  times: Uint8Array;
  /**
   * Room for a value of each, which the last fit has left for the next one: V8 counts no shared memory as its own and may leave
   * it until long after it was dropped, .6 GB of each of a dozen fits on a million names.
   */
  spare: Float32Array | null;
}

/** Names whose features say how much room all will need. */
const sampledNames = 2000;

/** Room for the features of all names, as some of them, evenly spread, predict it, and a little more. */
function predictRoom(vocabulary: Vocabulary, keys: readonly string[]): number {
  const step = Math.max(1, Math.floor(keys.length / sampledNames));
  let sampled = 0;
  let entries = 0;
  for (let n = 0; n < keys.length; n += step, sampled++)
    vocabulary.eachCount(keys[n] as string, () => entries++);
  return Math.ceil((entries / Math.max(1, sampled)) * keys.length * 1.05) + 4096;
}

function countAll(keys: readonly string[]): CountedNames {
  const counts = new GramCounts();
  for (const [n, key] of keys.entries()) eachGram(key, (gram) => counts.add(gram, n));
  const grams = counts.frequent(fewestNames);
  const vocabulary = new Vocabulary(grams, new Float32Array(grams.length));
  let room = predictRoom(vocabulary, keys);
  let indices = new Int32Array(new SharedArrayBuffer(room * 4));
  let times = new Uint8Array(new SharedArrayBuffer(room));
  const starts = new Int32Array(new SharedArrayBuffer((keys.length + 1) * 4));
  let at = 0;
  for (const [n, key] of keys.entries()) {
    vocabulary.eachCount(key, (feature, occurs) => {
      if (at === room) {
        room = Math.ceil(room * 1.2);
        const [longer, more] = [new SharedArrayBuffer(room * 4), new SharedArrayBuffer(room)];
        new Int32Array(longer).set(indices);
        new Uint8Array(more).set(times);
        indices = new Int32Array(longer);
        times = new Uint8Array(more);
      }
      indices[at] = feature;
      times[at++] = Math.min(occurs, 255);
    });
    starts[n + 1] = at;
  }
  return { grams, starts, indices, times, spare: null };
}

const counted = new WeakMap<readonly string[], CountedNames>();

/**
 * The n-grams of some names, in memory that threads share. They are counted once for as long as the list of names lives: a
 * training with cleaning fits letters a dozen times on parts of the same names, and counting was an eighth of each fit.
 */
export function countNames(keys: readonly string[]): CountedNames {
  let found = counted.get(keys);
  if (found === undefined) {
    found = countAll(keys);
    counted.set(keys, found);
  }
  return found;
}

/** What some rows of counted names know: their vocabulary, and what each n-gram of all names is in it. */
export interface Known {
  vocabulary: Vocabulary;
  /** For each feature of all names its place in the vocabulary; -1: fewer than three of the rows have it. */
  places: Int32Array;
}

/**
 * The vocabulary of some rows: every n-gram of at least three of them, idf = 1 + ln((1 + n) / (1 + names with it)). What the
 * other names have does not count.
 */
export function vocabularyOf({ grams, starts, indices }: CountedNames, rows: Int32Array): Known {
  const names = new Int32Array(grams.length);
  for (const row of rows)
    for (let i = starts[row] as number; i < (starts[row + 1] as number); i++) {
      const feature = indices[i] as number;
      names[feature] = (names[feature] as number) + 1;
    }
  let size = 0;
  const places = names.map((df) => (df >= fewestNames ? size++ : -1));
  const idf = Float32Array.from(
    names.filter((df) => df >= fewestNames),
    (df) => 1 + Math.log((1 + rows.length) / (1 + df)),
  );
  return {
    vocabulary: new Vocabulary(
      grams.filter((_, feature) => (places[feature] as number) >= 0),
      idf,
    ),
    places,
  };
}
