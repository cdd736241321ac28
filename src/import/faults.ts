import { TaxonError } from '../errors.ts';
import type { RawRecord } from './delimited.ts';
import type { Fault, Place, Reading } from './row.ts';
import { shown } from './text.ts';

/** So many are shown at once. */
const shownFaults = 20;

/** What is wrong with one row; the others may be right. */
export class BadRow extends Error {}

/** The rows of one file that cannot be read: handed on, or kept for one error that names the first of them. */
export class Faults {
  #count = 0;
  readonly #first: string[] = [];

  readonly #place: Place;
  readonly #titles: readonly string[];
  readonly #idAt: number;
  readonly #reading: Reading;

  /** @param titles the header as it stands there; `idAt`: where in a record the shop's own id is, -1: nowhere */
  constructor(place: Place, titles: readonly string[], idAt: number, reading: Reading) {
    this.#place = place;
    this.#titles = titles;
    this.#idAt = idAt;
    this.#reading = reading;
  }

  /** Whether the import fails by now, so that no row needs to be sent. */
  get fatal(): boolean {
    return this.#count > 0 && this.#reading.onFault === undefined;
  }

  add({ line, fields }: RawRecord, reason: string): void {
    this.#count++;
    const fault: Fault = { line, id: fields[this.#idAt]?.trim() || null, reason, fields };
    this.#reading.onFault?.(fault, this.#titles);
    if (this.#first.length < shownFaults)
      this.#first.push(`${this.#place.unit} ${line}: ${reason}: ${shown(fields.join(' | '))}`);
  }

  /** @throws TaxonError with all that was wrong */
  judge(): void {
    if (!this.fatal) return;
    const { name } = this.#place;
    const hint = this.#reading.faultHint;
    const options = hint === undefined ? {} : { hint };
    const [first = ''] = this.#first;
    if (this.#count === 1) throw new TaxonError(`${name}, ${first}`, options);
    const which = this.#count > shownFaults ? `, the first ${shownFaults}` : '';
    throw new TaxonError(
      [`${name}: ${this.#count} rows cannot be read${which}:`, ...this.#first].join('\n  '),
      options,
    );
  }
}
