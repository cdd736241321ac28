import { misuse } from '../errors.ts';
import { hasEntities } from './entities.ts';
import type { Notices } from './notices.ts';
import type { Place } from './row.ts';
import { isNothing, lostLetters, unspoilt } from './spoilt.ts';
import { shown } from './text.ts';

/** Counts what looks wrong in the rows of one file and is kept. */
export class Look {
  #beyondAscii = 0;

  readonly #place: Place;
  readonly #width: number;
  readonly #notices: Notices;

  /** @param width how many columns the header has */
  constructor(place: Place, width: number, notices: Notices) {
    this.#place = place;
    this.#width = width;
    this.#notices = notices;
  }

  at(name: string, path: readonly string[], line: number): void {
    const seen = (text: string) => () => `${this.#place.unit} ${line}: ${shown(text)}`;
    if (isNothing(name)) this.#notices.add('nullNames', seen(name));
    if (this.#place.unquoted === true && /^".+"$/su.test(name)) this.#notices.add('quoted', seen(name));
    if (this.#width === 1 && /[;|]/u.test(name)) this.#notices.add('oneColumn', seen(name));
    const all = path.length === 0 ? name : [...(name === '' ? [] : [name]), path.join(' > ')].join(' | ');
    if (hasEntities(all)) this.#notices.add('entities', seen(all));
    if (lostLetters(all)) this.#notices.add('lost', seen(all));
    // biome-ignore lint/suspicious/noControlCharactersInRegex: it is ASCII that is meant
    if (!/[^\x00-\x7f]/u.test(all)) return;
    this.#beyondAscii++;
    for (const text of [name, ...path]) {
      const before = unspoilt(text);
      if (before === null) continue;
      this.#notices.add('mojibake', seen(`${text}: was it "${before}"?`));
      break;
    }
  }

  /** @throws TaxonError where most of what could show it was spoilt by another encoding */
  judge(): void {
    const spoilt = this.#notices.times('mojibake');
    if (spoilt * 2 > this.#beyondAscii)
      throw misuse(
        `${this.#place.name}: ${spoilt} of ${this.#beyondAscii} rows with letters beyond ASCII are UTF-8 that was read as another encoding and saved again (${this.#notices.first('mojibake')})`,
        'Export it again as UTF-8, and open it as UTF-8 on the way.',
      );
  }
}
