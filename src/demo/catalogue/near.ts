import { colours, praise } from './attributes.ts';
import { accessoryOf, type Listing } from './names.ts';
import { between, pick, type Random } from './random.ts';
import { abbreviate, typo } from './slips.ts';
import type { Leaf } from './vocabulary.ts';

type Change = (name: string, listing: Listing, random: Random) => string;

/** Another number of as many digits, where there is one. */
const otherNumber: Change = (name, _, random) => {
  const numbers = [...name.matchAll(/\d+/gu)];
  if (numbers.length === 0) return name;
  const { 0: digits, index } = pick(random, numbers);
  const first = String(between(random, 1, 9));
  return name.slice(0, index) + first + digits.slice(1) + name.slice(index + digits.length);
};

const otherColour: Change = (name, listing, random) => {
  const known = colours[listing.language].find((colour) => name.toLowerCase().includes(` ${colour}`));
  if (known === undefined) return otherNumber(name, listing, random);
  const at = name.toLowerCase().indexOf(` ${known}`) + 1;
  return name.slice(0, at) + pick(random, colours[listing.language]) + name.slice(at + known.length);
};

const otherOrder: Change = (name, _, random) => {
  const words = name.split(' ');
  if (words.length < 3) return name;
  const at = between(random, 0, words.length - 2);
  [words[at], words[at + 1]] = [words[at + 1] as string, words[at] as string];
  return words.join(' ');
};

const addition: Change = (name, { language }, random) =>
  `${name} ${pick(random, [...praise[language], ...colours[language], '2 szt', '3шт', 'x2', String(between(random, 100, 99_999))])}`;

const omission: Change = (name) => {
  const words = name.split(' ');
  return words.length < 5 ? name : words.slice(0, -1).join(' ');
};

/** Polish without its own letters, as many type it. */
const plainLetters: Change = (name) =>
  name
    .normalize('NFD')
    .replace(/(?<=\p{Script=Latin})\u0301|\u0328|(?<=[zZ])\u0307/gu, '')
    .replaceAll('ł', 'l')
    .normalize('NFC');

const changes: readonly Change[] = [
  (name, _, random) => typo(name, random),
  (name, _, random) => typo(name, random),
  (name, _, random) => abbreviate(name, random),
  plainLetters,
  otherNumber,
  otherNumber,
  otherColour,
  otherOrder,
  addition,
  addition,
  omission,
];

/** The name of the same thing as another shop writes it: one small change or a few. */
export function nearlyThe(listing: Listing, random: Random): string {
  let name = listing.name;
  for (let left = pick(random, [1, 2, 2, 3, 3, 4, 5]); left > 0; left--)
    name = pick(random, changes)(name, listing, random);
  return name;
}

/** "case for" the very product that memory knows: nearly the same letters, another category. */
export function treacherous(listing: Listing, accessory: Leaf, random: Random): string {
  return accessoryOf(accessory, listing.language, listing.name, random);
}
