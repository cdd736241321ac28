import { lostLetters, unspoilt } from '../import/spoilt.ts';
import { normalise } from '../normalise.ts';
import type { Faults } from './faults.ts';
import type { NamesPart, XrayRow } from './types.ts';

/** Longer names are cut for prompts, and from 500 on similar does not look at them. */
const longName = 300;

/** What looks wrong in a name that is there. */
export function judgeName(faults: Faults, where: string, name: string): void {
  if (/&(?:[a-z]+|#\d+);/iu.test(name)) faults.add('HTML entities in names', where, name);
  if (/[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff]/u.test(name))
    faults.add('invisible characters in names', where, name);
  // biome-ignore lint/suspicious/noControlCharactersInRegex: it is these that are looked for
  if (/[\u0000-\u0008\u000b\u000c\u000e-\u001f]/u.test(name))
    faults.add('control characters in names', where, name);
  if (lostLetters(name)) faults.add('letters lost to a wrong encoding', where, name);
  const before = unspoilt(name);
  if (before !== null) faults.add('UTF-8 read as another encoding', where, `${name}: was it "${before}"?`);
  if (name.length > longName && [...name].length > longName)
    faults.add(`names of more than ${longName} characters`, where, name);
  if (!/\p{L}/u.test(name)) faults.add('names without a letter', where, name);
}

/** Counts of names and of their repeats, and the distinct name keys in the order in which they came first. */
export function countNames(rows: readonly XrayRow[]): {
  counts: Pick<NamesPart, 'distinct' | 'repeats' | 'respelt'>;
  keys: string[];
} {
  const spelling = new Map<string, string>();
  let respelt = 0;
  for (const { name } of rows) {
    const key = normalise(name);
    const first = spelling.get(key);
    if (first === undefined) spelling.set(key, name);
    else if (first !== name) respelt++;
  }
  const distinct = spelling.size;
  return { counts: { distinct, repeats: rows.length - distinct, respelt }, keys: [...spelling.keys()] };
}
