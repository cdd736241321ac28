/** A small shop that is learnt in a second: 8 categories, one type word in three languages each. */
const kinds: { path: string[]; words: string[] }[] = [
  { path: ['Electronics', 'Phones', 'Smartphones'], words: ['smartphone', 'смартфон', 'smartfon'] },
  {
    path: ['Electronics', 'Phones', 'Phone cases'],
    words: ['phone case', 'чехол для телефона', 'etui na telefon'],
  },
  { path: ['Electronics', 'Computers', 'Laptops'], words: ['laptop', 'ноутбук', 'laptop gamingowy'] },
  {
    path: ['Home', 'Kitchen', 'Kettles'],
    words: ['electric kettle', 'чайник электрический', 'czajnik elektryczny'],
  },
  { path: ['Home', 'Kitchen', 'Knives'], words: ['kitchen knife', 'нож кухонный', 'nóż kuchenny'] },
  { path: ['Food', 'Drinks', 'Tea'], words: ['black tea', 'чай чёрный', 'herbata czarna'] },
  {
    path: ['Food', 'Sweets', 'Chocolate'],
    words: ['milk chocolate', 'шоколад молочный', 'czekolada mleczna'],
  },
  { path: ['Beauty', 'Hair', 'Shampoo'], words: ['shampoo', 'шампунь', 'szampon do włosów'] },
];

const makers = [
  'Norvel',
  'Kasta',
  'Bravix',
  'Olmeko',
  'Tarvo',
  'Lumisa',
  'Ferrin',
  'Zubra',
  'Quint',
  'Marvo',
];

export interface ShopName {
  name: string;
  path: string[];
}

/** Name number `i` of a kind of product: the same every time, another for each `i`. */
function nameOf(kind: number, i: number): ShopName {
  const { path, words } = kinds[kind % kinds.length] as (typeof kinds)[number];
  const word = words[i % words.length];
  const maker = makers[(i * 7 + kind) % makers.length];
  return { name: `${word} ${maker} ${String.fromCharCode(65 + (i % 26))}${100 + ((i * 37) % 900)}`, path };
}

/** Names that memory holds: 45 of each kind. */
export const labelled: ShopName[] = kinds.flatMap((_, kind) =>
  Array.from({ length: 45 }, (_, i) => nameOf(kind, i)),
);

/**
 * Names of the same kinds that memory does not hold, with their true path. Every fifth says nothing of what it is, so that
 * only the LLM can know, unless `riddles` is false.
 */
export function newNames(count: number, from = 1000, riddles = true): ShopName[] {
  return Array.from({ length: count }, (_, i) => {
    const { name: whole, path } = nameOf(from + i, from + i);
    const name = riddles && i % 5 === 4 ? whole.split(' ').slice(-2).join(' ') : whole;
    // enough letters of its own that no labelled name is .6 similar
    return { name: `${name} ${words(from + i)} ${words((from + i) * 31 + 7)}`, path };
  });
}

/** Two made-up words for a number. */
function words(i: number): string {
  const syllables = ['ka', 'ro', 'mi', 'tu', 'sel', 'dan', 'vex', 'pol', 'zar', 'lin', 'gus', 'hem'];
  const at = (n: number) => syllables[Math.abs(n) % syllables.length];
  return `${at(i)}${at(i >> 2)}${at(i * 5 + 3)} ${at(i * 7 + 1)}${at(i >> 3)}${at(i + 11)}`;
}

/** All words that a small encoder must know to tell the kinds apart, and what precedes each name. */
export const vocabulary: string[] = [
  'passage:',
  ...new Set(kinds.flatMap(({ words }) => words.flatMap((word) => word.split(' ')))),
];
