/** A seeded source of random numbers: the same seed gives the same model. */
export interface Random {
  /** Uniform in [0, 1). */
  next(): number;
  /** Fills with random bytes, four at a time. */
  fill(words: Uint32Array): void;
}

/** Mulberry32 (Tommy Ettinger, public domain): 32 bits of state, fast enough to make dropout masks (about 1 ns a byte). */
export function seededRandom(seed: number): Random {
  let state = seed >>> 0;
  const word = () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return (t ^ (t >>> 14)) >>> 0;
  };
  return {
    next: () => word() / 2 ** 32,
    fill: (words) => {
      for (let i = 0; i < words.length; i++) words[i] = word();
    },
  };
}

/** Fisher-Yates, in place. */
export function shuffle(values: Int32Array, random: Random): void {
  for (let i = values.length - 1; i > 0; i--) {
    const j = Math.floor(random.next() * (i + 1));
    const kept = values[i] as number;
    values[i] = values[j] as number;
    values[j] = kept;
  }
}
