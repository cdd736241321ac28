import { closeSync, openSync, writeSync } from 'node:fs';
import { csvField } from '../csv.ts';
import { messageOf, misuse } from '../errors.ts';
import type { Fault } from './row.ts';

/**
 * Rows that were left out, as CSV: line, own_id, reason, and the row's own fields, so that it can be corrected there and
 * imported.
 */
export class SkippedRows {
  count = 0;
  readonly #file: number;

  /** @throws TaxonError where the file cannot be written */
  constructor(path: string) {
    try {
      this.#file = openSync(path, 'w');
    } catch (error) {
      throw misuse(`${path} cannot be written: ${messageOf(error)}`);
    }
  }

  add({ line, id, reason, fields }: Fault, titles: readonly string[]): void {
    if (this.count === 0) this.#write(['line', 'own_id', 'reason', ...titles]);
    this.#write([String(line), id ?? '', reason, ...fields]);
    this.count++;
  }

  close(): void {
    closeSync(this.#file);
  }

  #write(fields: readonly string[]): void {
    writeSync(this.#file, `${fields.map(csvField).join(',')}\n`);
  }
}
