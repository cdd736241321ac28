import { beauty } from './words/beauty.ts';
import { electronics } from './words/electronics.ts';
import { fashion } from './words/fashion.ts';
import { food } from './words/food.ts';
import { home } from './words/home.ts';
import { leisure } from './words/leisure.ts';
import { work } from './words/work.ts';

export const languages = ['pl', 'uk', 'ru', 'en'] as const;
export type Language = (typeof languages)[number];

/** A category that names belong to: where a path ends. */
export interface Leaf {
  /** [l1, l2, l3], or [l1, l2] where the path stops there. */
  path: string[];
  /** Which brands make it; see brands.ts. */
  sector: string;
  /** Kinds of attributes that its names carry; see attributes.ts. */
  attributes: string[];
  /** The leaf that this one is an accessory of: phone cases → smartphones. */
  base: Leaf | undefined;
  /** What people call it, the usual word first. */
  words: Record<Language, string[]>;
}

const entry = /^(?:- |## )(?<name>[^<:]+?)(?: < (?<base>[^:]+?))?(?: :(?<attributes>.*))?$/u;

/**
 * Reads the compact vocabulary:
 *
 *     # Electronics @tech                  l1 and the sector of its brands
 *     ## Phones                            l2; with " : attributes" and words of its own, names stop there too
 *     - Phone cases < Smartphones : col mm:40-80    l3, accessory of another leaf, kinds of attributes
 *     pl etui, pokrowiec                   the words of the entry above, language by language
 */
function parse(text: string): Leaf[] {
  const leaves: Leaf[] = [];
  const bases = new Map<Leaf, string>();
  let l1 = '';
  let l2 = '';
  let sector = '';
  for (const line of text.split('\n')) {
    if (line.startsWith('# ')) {
      [l1 = '', sector = ''] = line.slice(2).split(' @');
    } else if (line.startsWith('## ') || line.startsWith('- ')) {
      const { name = '', base, attributes } = entry.exec(line)?.groups ?? {};
      const stops = line.startsWith('## ');
      if (stops) l2 = name;
      if (stops && attributes === undefined) continue;
      const leaf: Leaf = {
        path: stops ? [l1, name] : [l1, l2, name],
        sector,
        attributes: (attributes ?? '').split(' ').filter((kind) => kind !== ''),
        base: undefined,
        words: { pl: [], uk: [], ru: [], en: [] },
      };
      if (base !== undefined) bases.set(leaf, base);
      leaves.push(leaf);
    } else if (line !== '') {
      const leaf = leaves.at(-1) as Leaf;
      leaf.words[line.slice(0, 2) as Language] = line.slice(3).split(', ');
    }
  }
  for (const [leaf, name] of bases) leaf.base = leaves.find((other) => other.path[2] === name);
  return leaves;
}

/** Every category that names belong to. */
export const leaves: readonly Leaf[] = parse(
  [electronics, home, food, beauty, fashion, leisure, work].join('\n'),
);
