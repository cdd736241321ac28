import { printable } from '../printable.ts';
import type { Fault } from './types.ts';

const mostPlaces = 5;
/** So much of a name stands beside its place. */
const longestText = 80;

/** Counts what is wrong in the input, and keeps the first places of each. */
export class Faults {
  readonly #met = new Map<string, Fault>();

  /** @param text what stands there, if it helps to see it */
  add(what: string, where: string, text = ''): void {
    const met = this.#met.get(what) ?? { what, times: 0, places: [] };
    met.times++;
    if (met.places.length < mostPlaces)
      met.places.push(text === '' ? where : `${where}: ${printable(text, longestText)}`);
    this.#met.set(what, met);
  }

  times(what: string): number {
    return this.#met.get(what)?.times ?? 0;
  }

  /** The most frequent first. */
  all(): Fault[] {
    return [...this.#met.values()].sort((a, b) => b.times - a.times);
  }
}
