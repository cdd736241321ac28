import { between, pick, type Random } from './random.ts';

const latinToCyrillic: Record<string, string> = {
  a: 'а',
  b: 'б',
  c: 'к',
  d: 'д',
  e: 'е',
  f: 'ф',
  g: 'г',
  h: 'х',
  i: 'и',
  j: 'й',
  k: 'к',
  l: 'л',
  m: 'м',
  n: 'н',
  o: 'о',
  p: 'п',
  q: 'к',
  r: 'р',
  s: 'с',
  t: 'т',
  u: 'у',
  v: 'в',
  w: 'в',
  x: 'кс',
  y: 'и',
  z: 'з',
};
const lookAlike: Record<string, string> = {
  a: 'а',
  c: 'с',
  e: 'е',
  o: 'о',
  p: 'р',
  x: 'х',
  i: 'і',
  K: 'К',
  M: 'М',
  A: 'А',
  O: 'О',
};

/** A Latin brand in Cyrillic letters: "Norvika" → "Норвика". */
export function transliterate(word: string): string {
  const letters = [...word.toLowerCase()].map((letter) => latinToCyrillic[letter] ?? letter).join('');
  return letters.charAt(0).toUpperCase() + letters.slice(1);
}

/** One letter replaced by its twin of the other script, as a wrong keyboard layout leaves it. */
export function homoglyph(word: string, random: Random): string {
  const at = [...word].flatMap((letter, i) => (letter in lookAlike ? [i] : []));
  if (at.length === 0) return word;
  const i = pick(random, at);
  return word.slice(0, i) + lookAlike[word.charAt(i)] + word.slice(i + 1);
}

/** One slip of the finger in one word of at least five letters: a letter dropped, doubled or swapped with the next. */
export function typo(name: string, random: Random): string {
  const words = name.split(' ');
  const long = words.flatMap((word, i) => (/^\p{L}{5,}$/u.test(word) ? [i] : []));
  if (long.length === 0) return name;
  const i = pick(random, long);
  const word = words[i] as string;
  const at = between(random, 1, word.length - 2);
  const slip = random();
  if (slip < 0.4) words[i] = word.slice(0, at) + word.slice(at + 1);
  else if (slip < 0.7) words[i] = word.slice(0, at) + word.charAt(at) + word.slice(at);
  else words[i] = word.slice(0, at) + word.charAt(at + 1) + word.charAt(at) + word.slice(at + 2);
  return words.join(' ');
}

/** As scraped price lists shorten: "szampon do włosów" → "szamp. d/włos.", "шампунь для волос" → "шамп. д/волос". */
export function abbreviate(phrase: string, random: Random): string {
  return phrase
    .replace(/ (?:do|dla|для) /u, (word) => (word === ' для ' ? ' д/' : ' d/'))
    .split(' ')
    .map((word) =>
      /^\p{L}{6,}$/u.test(word) && random() < 0.8 ? `${word.slice(0, between(random, 3, 5))}.` : word,
    )
    .join(' ');
}

/** Shouting, whispering, or as it is. */
export function caseNoise(name: string, random: Random): string {
  const noise = random();
  if (noise < 0.1) return name.toUpperCase();
  if (noise < 0.3) return name.toLowerCase();
  return name;
}
