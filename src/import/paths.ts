import { misuse } from '../errors.ts';
import type { RawRecord } from './delimited.ts';
import type { Notices } from './notices.ts';
import type { Reading } from './row.ts';
import { chosenPath, severalPaths } from './several-paths.ts';
import { shown } from './text.ts';

/** So many records are held at most until a path has shown how the file separates its levels. */
const heldAtMost = 10_000;

/** What separates the levels of a path elsewhere, the rarest in names first. */
const others = ['»', '›', '→', '&gt;', '::', '->', '=>', '>>', '|', '\\', '/', ';', ' - ', ','];
const arrows = /&gt;|[-=>]>|>>/g;

/**
 * Splits the paths of one file into levels: by the separator that was given, else by " > " with spaces where the file has
 * it, and a ">" without is then part of a name; so records are held back until one has shown it, 10,000 at most.
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
  readonly #reading: Reading;

  /** @param column where in a record the path stands */
  constructor(column: number, notices: Notices, reading: Reading) {
    this.#column = column;
    this.#notices = notices;
    this.#reading = reading;
  }

  /** The records that can be read by now, in their order. */
  ready(record: RawRecord): RawRecord[] {
    if (this.#spaced !== undefined || this.#reading.pathSeparator !== undefined) return [record];
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

  /**
   * The levels of one path.
   *
   * @returns what is wrong with the row alone, where its field holds several paths and none is to be chosen
   * @throws TaxonError where the file separates in two ways
   */
  split(path: string, file: string, where: string): string[] | { wrong: string } {
    if (path.trim() === '') return [];
    this.#count++;
    const here = () => `${where}: ${shown(path)}`;
    const given = this.#reading.pathSeparator;
    if (given !== undefined) return this.#chosen(path, given, (one) => one.split(given), here);
    const spaced = path.includes(' > ');
    if (spaced && this.#splitTight !== '')
      throw misuse(
        `${file}, ${where}: " > " separates here, and ">" without spaces before (${this.#splitTight}): which is it: ${shown(path)}`,
        "Write all of them in one way, or say which: --path-separator ' > '.",
      );
    if (spaced) this.#spaced = true;
    const plain = path.replace(arrows, '');
    if (plain.includes('>')) this.#separated++;
    if (this.#separated === 0) this.#look(path, here);
    if (this.#spaced !== true) {
      if (!plain.includes('>')) return [path];
      this.#splitTight ||= here();
      return this.#chosen(path, '>', (one) => one.split('>'), here);
    }
    // a level that is empty at the end, "a > b >", or at the beginning leaves no second space
    const levelsOf = (one: string) => one.split(/(?:^|\s)>(?=\s|$)/u);
    if (levelsOf(path).some((level) => level.includes('>'))) this.#notices.add('tight', here);
    return this.#chosen(path, ' > ', levelsOf, here);
  }

  #look(path: string, here: () => string): void {
    for (const other of others) {
      if (!path.includes(other)) continue;
      const met = this.#with.get(other);
      if (met === undefined) this.#with.set(other, { times: 1, first: here() });
      else met.times++;
    }
  }

  /** The levels of the path, or of one of several. */
  #chosen(
    path: string,
    separator: string,
    levelsOf: (path: string) => string[],
    here: () => string,
  ): string[] | { wrong: string } {
    const rule = this.#reading.severalPaths ?? 'refuse';
    this.#roots.add(path.split(separator)[0]?.trim() ?? '');
    const several = severalPaths(path, separator, this.#roots);
    if (several.length === 1) return levelsOf(path);
    if (rule === 'refuse')
      return {
        wrong: `${several.length} paths in one field, and a name has one category here (taxon import --several-paths first, deepest or one)`,
      };
    this.#notices.add(rule, here);
    return rule === 'one' ? levelsOf(path) : chosenPath(several.map(levelsOf), rule);
  }

  /**
   * Called when all was read.
   *
   * @throws TaxonError where most paths look separated by something else
   */
  judge(file: string): void {
    if (this.#separated > 0) return;
    const [other, met] = [...this.#with].find(([, { times }]) => times * 2 > this.#count) ?? [];
    if (other !== undefined && met !== undefined)
      throw misuse(
        `${file}: does "${other}" separate the levels of the paths? No path has a ">", and ${met.times} of ${this.#count} have "${other}" (${met.first})`,
        `If it does: taxon import … --path-separator '${other}', or write them as "a > b > c" (in a query: replace(path, '${other}', ' > ')). If it is part of the categories' names, call the column l1 instead of path.`,
      );
  }
}
