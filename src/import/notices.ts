import { log } from '../log.ts';

/** What of a file was read otherwise than it stands there, or looks wrong: how people are told, once a file. */
const says = {
  nulls: (n: number) => `${n} fields hold NULL, nan or the like: read as empty`,
  nullNames: (n: number) => `${n} names are NULL, nan or the like: kept as names`,
  headers: (n: number) => `${n} times the header stands there again: skipped`,
  tight: (n: number) =>
    `${n} paths hold a ">" without spaces: kept as part of a category's name, as " > " separates the others`,
  first: (n: number) => `${n} fields hold several paths: the first was taken`,
  deepest: (n: number) => `${n} fields hold several paths: the deepest was taken`,
  one: (n: number) => `${n} paths look like several paths in one field: read as one`,
  mojibake: (n: number) => `${n} rows look like UTF-8 that was read as another encoding and saved again`,
  lost: (n: number) =>
    `${n} rows hold letters that a wrong encoding has turned into "�" or "???": they are lost in the file itself`,
  decoded: (n: number) => `${n} rows hold HTML entities such as &amp; or &quot;: decoded`,
  entities: (n: number) => `${n} rows hold HTML entities such as &amp; or &quot;: kept as they are`,
  quoted: (n: number) =>
    `${n} names stand in quotes, which mean nothing in a .tsv: kept. If they should, call the file .csv`,
  loose: (n: number) =>
    `${n} rows hold a quote in a field that has none around it, as in 27" monitor: kept as a letter`,
  oneColumn: (n: number) =>
    `${n} names hold a ";" or "|", and the header names one column: kept. If it separates, the header must name what stands there`,
} satisfies Record<string, (n: number) => string>;

export type Notice = keyof typeof says;

/** Counts what people should be told of a file, and remembers where each was met first. */
export class Notices {
  readonly #met = new Map<Notice, { times: number; first: string }>();

  /** @param first where and what, e.g. `line 3: NULL` */
  add(notice: Notice, first: () => string): void {
    const met = this.#met.get(notice);
    if (met === undefined) this.#met.set(notice, { times: 1, first: first() });
    else met.times++;
  }

  times(notice: Notice): number {
    return this.#met.get(notice)?.times ?? 0;
  }

  first(notice: Notice): string {
    return this.#met.get(notice)?.first ?? '';
  }

  /** Tells them, one line each. */
  say(file: string, tell: (text: string) => void = (text) => log.warn(text)): void {
    for (const [notice, { times, first }] of this.#met)
      tell(`${file}: ${says[notice](times)} (first: ${first})`);
  }
}
