import { misuse } from '../errors.ts';
import { normalise } from '../normalise.ts';
import type { RawRecord } from './delimited.ts';
import { type Columns, emptyHint, readHeader } from './header.ts';
import { readMoment } from './moment.ts';
import { shown } from './text.ts';

/** Who gave a label. */
export type LabelSource = 'llm' | 'human' | 'import';

/** What a file is read as. */
export type RowKind = 'labels' | 'products';

/** One checked row on its way in. */
export interface Row {
  /** Line of the text file, or row of the parquet file or query, from 1. */
  line: number;
  name: string;
  /** Category names from the root down, as deep as the path goes; empty where products are read. */
  path: string[];
  source: LabelSource | null;
  /** The shop's own id: of the category where labels are read, of the product where products are. */
  externalId?: string | null;
  /** When the label was given, ISO in UTC; absent where the file does not say. */
  labelledAt?: string;
}

/** Where records come from, for messages. */
export interface Place {
  name: string;
  /** Whether a record's number is a line of text or a row. */
  unit: 'line' | 'row';
}

const sources: readonly string[] = ['llm', 'human', 'import'] satisfies LabelSource[];
/** As categories.name allows. */
const longestCategory = 500;

/** Composed, without invisible characters, white space collapsed: two spellings of one category would be two nodes. */
function categoryName(text: string): string {
  return text.normalize('NFC').replaceAll('\u200b', '').replace(/\s+/g, ' ').trim();
}

/** The path of one record, or what is wrong with it. */
function readPath(fields: readonly string[], columns: Columns): string[] | string {
  const given =
    columns.path === undefined
      ? columns.levels.map((index) => fields[index] ?? '')
      : (fields[columns.path] ?? '').split('>');
  const path = given.map(categoryName);
  while (path.at(-1) === '') path.pop();
  if (path.length === 0) return 'the category is empty';
  const hole = path.indexOf('');
  if (hole !== -1) return `a hole in the path: level ${hole + 1} is empty and level ${path.length} is not`;
  const long = path.some((part) => part.length > longestCategory && [...part].length > longestCategory);
  return long ? `a category of more than ${longestCategory} characters` : path;
}

/**
 * Checks records and turns them into rows. Unknown columns are named in a notice and not read.
 *
 * @throws TaxonError that names the first bad record and shows it
 */
export async function* toRows(
  records: AsyncIterable<RawRecord>,
  place: Place,
  kind: RowKind,
): AsyncGenerator<Row> {
  let columns: Columns | undefined;
  let row = 0;
  for await (const record of records) {
    const { fields } = record;
    if (columns === undefined) {
      columns = readHeader(fields, kind, place.name);
      continue;
    }
    const line = place.unit === 'row' ? ++row : record.line;
    const bad = (what: string) =>
      misuse(`${place.name}, ${place.unit} ${line}: ${what}: ${shown(fields.join(' | '))}`);
    const text = (index: number | undefined) => (index === undefined ? '' : (fields[index] ?? ''));
    if (fields.length !== columns.width)
      throw bad(`${fields.length} fields where the header has ${columns.width}`);
    const name = text(columns.name);
    const path = kind === 'labels' ? readPath(fields, columns) : [];
    if (typeof path === 'string') throw bad(path);
    // a product without a name is a row like any other, and shown as failed
    if (kind === 'labels' && normalise(name) === '') throw bad('the name is empty');
    const source = text(columns.source).trim().toLowerCase();
    if (source !== '' && !sources.includes(source)) throw bad('the source is not llm, human or import');
    const given = text(columns.labelledAt).trim();
    const labelledAt = given === '' ? null : readMoment(given);
    if (given !== '' && labelledAt === null)
      throw bad(
        `labelled_at is no date and no timestamp (2026-03-31, 2026-03-31T08:15:00Z): ${shown(given)}`,
      );
    const externalId = text(columns.externalId).trim();
    yield {
      line,
      name,
      path,
      source: source === '' ? null : (source as LabelSource),
      externalId: externalId === '' ? null : externalId,
      ...(labelledAt === null ? {} : { labelledAt }),
    };
  }
  if (columns === undefined) throw misuse(`${place.name} is empty`, emptyHint(kind));
}
