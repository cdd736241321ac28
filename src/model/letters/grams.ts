/** Shortest and longest n-gram. */
const shortest = 2;
const longest = 5;

const digit = /\p{Nd}/u;
const letter = /\p{L}/u;

/**
 * A name key as the letters voice reads it: words with a blank before and after each, digits parted from letters
 * ("256gb" → "256", "gb"), so that a unit is the same n-gram whatever number stands before it.
 */
export function spaced(nameKey: string): string {
  let text = ' ';
  let before = '';
  for (const c of nameKey) {
    if ((digit.test(before) && letter.test(c)) || (letter.test(before) && digit.test(c))) text += ' ';
    text += c;
    before = c;
  }
  return `${text} `;
}

/**
 * Calls `each` with a 32-bit hash (never 0) of every character n-gram of 2 to 5 UTF-16 units inside word bounds, as
 * often as it occurs: a word counts with the blank on either side, and one that is shorter than n gives no n-gram of
 * that length. FNV-1a over the units, then Murmur3's finaliser: the n-grams that start at one place cost one
 * multiplication each.
 */
export function eachGram(nameKey: string, each: (hash: number) => void): void {
  const text = spaced(nameKey);
  for (let at = 0; at < text.length - 1; at++) {
    let hash = 0x811c9dc5;
    for (let n = 1; n <= longest && at + n <= text.length; n++) {
      const unit = text.charCodeAt(at + n - 1);
      hash = Math.imul(hash ^ unit, 0x01000193);
      if (n >= shortest) each(finish(hash));
      // a blank ends the word; as the first unit it begins one
      if (unit === 32 && n > 1) break;
    }
  }
}

function finish(hash: number): number {
  let h = hash;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  h = (h ^ (h >>> 16)) >>> 0;
  return h === 0 ? 1 : h;
}
