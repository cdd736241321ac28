import { misuse } from '../errors.ts';
import { normalise, visible } from '../normalise.ts';
import { readMoment } from './moment.ts';
import type { LabelSource, Row, RowKind } from './row.ts';
import { shown } from './text.ts';

/** A row as a program holds it. */
export interface RowObject {
  name: string | null;
  /** Category names from the root down, or one text with " > " between them, as category_path() writes it. */
  path?: string | readonly string[];
  source?: LabelSource;
  /** The shop's own id: of the category with labels, of the product with products. */
  externalId?: string | number | null;
  /** When the label was given: a moment, or a text as in a file. */
  labelledAt?: Date | string | null;
}

const sources: readonly string[] = ['llm', 'human', 'import'] satisfies LabelSource[];
/** As categories.name allows. */
const longestCategory = 500;

function pathOf(path: RowObject['path'], bad: (what: string) => Error): string[] {
  const given = typeof path === 'string' ? path.split(' > ') : (path ?? []);
  const parts = given.map((part) => visible(String(part).normalize('NFC')));
  if (parts.length === 0) throw bad('the category is missing');
  if (parts.includes('')) throw bad('a level of the path is empty');
  if (parts.some((part) => [...part].length > longestCategory))
    throw bad(`a category of more than ${longestCategory} characters`);
  return parts;
}

/**
 * Rows of a program, checked one by one as those of a file are.
 *
 * @throws TaxonError that names the number of a bad row, from 1, and shows it
 */
export async function* objectRows(
  objects: Iterable<RowObject> | AsyncIterable<RowObject>,
  kind: RowKind,
): AsyncGenerator<Row> {
  let line = 0;
  for await (const { name, path, source = null, externalId, labelledAt } of objects) {
    line++;
    const bad = (what: string) =>
      misuse(`row ${line}: ${what}: ${shown(JSON.stringify({ name, path, source }))}`);
    // a product without a name is a row like any other, and shown as failed
    if (kind === 'labels' && normalise(name ?? '') === '') throw bad('the name is empty');
    if (source !== null && !sources.includes(source)) throw bad('the source is not llm, human or import');
    const moment = labelledAt instanceof Date ? labelledAt.toISOString() : (labelledAt ?? null);
    const read = moment === null ? null : readMoment(moment);
    if (moment !== null && read === null)
      throw bad(`labelledAt is no date and no timestamp, ${shown(moment)}`);
    yield {
      line,
      name: name ?? '',
      path: kind === 'labels' ? pathOf(path, bad) : [],
      source,
      externalId: externalId === undefined || externalId === null ? null : String(externalId),
      ...(read === null ? {} : { labelledAt: read }),
    };
  }
}
