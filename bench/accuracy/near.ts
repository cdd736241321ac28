/** The trigrams of pg_trgm: of each word, with two blanks before and one behind it. */
export function trigrams(name: string): Set<string> {
  const found = new Set<string>();
  for (const word of name.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? []) {
    const padded = `  ${word} `;
    for (let i = 0; i + 3 <= padded.length; i++) found.add(padded.slice(i, i + 3));
  }
  return found;
}

/**
 * Which of some names have no name of memory with a trigram similarity of .6 or more: what layer 2 leaves, but for its guard, so
 * that these are somewhat fewer. For benches without a database; all trigrams are counted, in 2 ms a name at 57,000.
 */
export function farFrom(memory: readonly string[], asked: readonly string[], similarity = 0.6): boolean[] {
  const lists = new Map<string, number[]>();
  const sizes = Int32Array.from(memory, (name, row) => {
    const own = trigrams(name);
    for (const each of own) {
      const list = lists.get(each);
      if (list === undefined) lists.set(each, [row]);
      else list.push(row);
    }
    return own.size;
  });
  const shared = new Uint16Array(memory.length);
  return asked.map((name) => {
    const own = trigrams(name);
    shared.fill(0);
    for (const each of own)
      for (const row of lists.get(each) ?? []) shared[row] = (shared[row] as number) + 1;
    return !shared.some((common, row) => {
      const all = own.size + (sizes[row] as number) - common;
      return all > 0 && common / all >= similarity;
    });
  });
}
