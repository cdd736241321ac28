import { misuse } from '../errors.ts';
import type { RawRecord } from './delimited.ts';
import type { Notices } from './notices.ts';
import { shown } from './text.ts';

/** So many records are held at most until a path has shown how the file separates its levels. */
const heldAtMost = 10_000;

/** What separates the levels of a path elsewhere, the rarest in names first. */
const others = ['»', '›', '→', '&gt;', '::', '->', '=>', '>>', '|', '\\', '/', ';', ' - ', ','];
const arrows = /&gt;|[-=>]>|>>/g;

/**
 * Splits the paths of one file into levels. " > " with spaces is what separates where the file has it, and a ">" without
 * is then part of a name; so records are held back until one has shown it, 10,000 at most.
 */
export class Paths {
  #spaced: boolean | undefined;
  #splitTight = '';
  #held: RawRecord[] = [];
  readonly #roots = new Set<string>();
  readonly #with = new Map<string, { times: number; first: string }>();
  #count = 0;
  #separated = 0;

  readonly #column: number;
  readonly #notices: Notices;

  /** @param column where in a record the path stands */
  constructor(column: number, notices: Notices) {
    this.#column = column;
    this.#notices = notices;
  }

  /** The records that can be read by now, in their order. */
  ready(record: RawRecord): RawRecord[] {
    if (this.#spaced !== undefined) return [record];
    this.#held.push(record);
    const path = record.fields[this.#column] ?? '';
    if (path.includes(' > ')) this.#spaced = true;
    return this.#spaced !== undefined || this.#held.length === heldAtMost ? this.rest() : [];
  }

  /** Those that are still held. */
  rest(): RawRecord[] {
    const held = this.#held;
    this.#held = [];
    return held;
  }

  /** The levels of one path; what is wrong with it, where the file separates in two ways. */
  split(path: string, where: string): string[] | { wrong: string } {
    if (path.trim() === '') return [];
    this.#count++;
    const spaced = path.includes(' > ');
    if (spaced && this.#splitTight !== '')
      return {
        wrong: `" > " separates here, and ">" without spaces before (${this.#splitTight}): which is it`,
      };
    if (spaced) this.#spaced = true;
    const here = () => `${where}: ${shown(path)}`;
    const plain = path.replace(arrows, '');
    if (plain.includes('>')) this.#separated++;
    if (this.#separated === 0) this.#look(path, here);
    if (this.#spaced !== true) {
      if (!plain.includes('>')) return [path];
      this.#splitTight ||= here();
      return path.split('>');
    }
    // a level that is empty at the end, "a > b >", or at the beginning leaves no second space
    const levels = path.split(/(?:^|\s)>(?=\s|$)/u);
    if (levels.some((level) => level.includes('>'))) this.#notices.add('tight', here);
    this.#several(path, here);
    return levels;
  }

  #look(path: string, here: () => string): void {
    for (const other of others) {
      if (!path.includes(other)) continue;
      const met = this.#with.get(other);
      if (met === undefined) this.#with.set(other, { times: 1, first: here() });
      else met.times++;
    }
  }

  /** "a > b, a > c": a list of paths is no path. Its later ones begin with a root that is known. */
  #several(path: string, here: () => string): void {
    const [root = ''] = path.split(' > ');
    this.#roots.add(root.trim());
    const pieces = path.split(/[,;|\n]/u).slice(1);
    const begins = (piece: string) =>
      piece.includes(' > ') && this.#roots.has(piece.split(' > ')[0]?.trim() ?? '');
    if (pieces.some(begins)) this.#notices.add('several', here);
  }

  /**
   * Called when all was read.
   *
   * @throws TaxonError where most paths look separated by something else, or most fields hold more than one path
   */
  judge(file: string): void {
    if (this.#separated === 0) {
      const [other, met] = [...this.#with].find(([, { times }]) => times * 2 > this.#count) ?? [];
      if (other !== undefined && met !== undefined)
        throw misuse(
          `${file}: does "${other}" separate the levels of the paths? No path has a ">", and ${met.times} of ${this.#count} have "${other}" (${met.first})`,
          `If it does, write them as "a > b > c" (in a query: replace(path, '${other}', ' > ')). If it is part of the categories' names, call the column l1 instead of path.`,
        );
    }
    if (this.#notices.times('several') * 2 > this.#count)
      throw misuse(
        `${file}: ${this.#notices.times('several')} of ${this.#count} paths are several paths in one field (${this.#notices.first('several')})`,
        'A name has one category here: keep the path that says most, and leave the others out.',
      );
  }
}
