import type { Database } from '../database/connection/open.ts';
import { named } from '../database/shop/catalogue.ts';
import type { Shape } from '../database/shop/guess.ts';
import { readCategories, rowsQuery } from '../database/shop/read.ts';
import { misuse } from '../errors.ts';
import type { RawRecord } from '../import/delimited.ts';
import { decoded } from '../import/entities.ts';
import { columnName } from '../import/header.ts';
import { readMoment } from '../import/moment.ts';
import { openFile, openQuery, type Source } from '../import/read.ts';
import type { Reading } from '../import/row.ts';
import { toRows } from '../import/rows.ts';
import { isNothing } from '../import/spoilt.ts';
import { normalise } from '../normalise.ts';
import { Faults } from './faults.ts';
import { judgeName } from './names.ts';
import type { Input, XrayRow } from './types.ts';

/** More rows are not read: their texts would not fit into memory. */
const mostRows = 1_000_000;

/** Which columns of a file or query hold what, where they are not called so. */
export interface ColumnNames {
  name?: string | undefined;
  labels?: string | undefined;
  at?: string | undefined;
}

/** Other words for the columns that are needed. */
const synonyms = {
  name: /^(?:title|product_?name|product_?title|nazwa|item|product|назва|название|наименование)$/,
  path: /^(?:category|category_path|kategoria|категорія|категория)$/,
  labelled_at: /^(?:created_at|created|date|timestamp)$/,
};

/** The header under the names that are read; what was taken for what is told. */
function renamed(
  header: readonly string[],
  said: ColumnNames,
  file: string,
): { fields: string[]; taken: string[] } {
  const names = header.map(columnName);
  const fields = [...header];
  const taken: string[] = [];
  const wanted = [
    ['name', said.name, ['name']],
    ['path', said.labels, ['path', 'l1']],
    ['labelled_at', said.at, ['labelled_at']],
  ] as const;
  for (const [target, given, known] of wanted) {
    const at =
      given !== undefined
        ? names.indexOf(columnName(given))
        : known.some((one) => names.includes(one))
          ? -1
          : names.findIndex((one) => synonyms[target].test(one));
    if (given !== undefined && at === -1)
      throw misuse(`${file} has no column ${given}`, `Its header is: ${header.join(', ')}`);
    if (at === -1) continue;
    // a column of that name that is not meant
    for (const [i, one] of names.entries()) if (one === target && i !== at) fields[i] = `other ${one}`;
    if (names[at] !== target) taken.push(`The column "${header[at]}" is taken for ${target}.`);
    fields[at] = target;
  }
  return { fields, taken };
}

/** Keeps rows in the order of time where nine tenths of them tell it. */
function inOrder(rows: XrayRow[]): Input['ordered'] {
  const timed = rows.filter(({ at }) => at !== null).length;
  if (rows.length === 0 || timed < rows.length * 0.9) return 'as read';
  rows.sort((a, b) => (a.at ?? 0) - (b.at ?? 0));
  return 'time';
}

/** Where the values that are read stand in a record. */
interface Places {
  name: number;
  at: number;
  /** Those of the label: path, or l1, l2, l3. */
  labels: number[];
}

function placesOf(fields: readonly string[], file: string): Places {
  const names = fields.map(columnName);
  const labels = ['path', 'l1', 'l2', 'l3'].map((one) => names.indexOf(one)).filter((i) => i !== -1);
  const name = names.indexOf('name');
  if (name === -1)
    throw misuse(
      `${file} has no column "name"; its header is: ${fields.join(', ')}`,
      'Say which holds the names: --name COLUMN',
    );
  return { name, at: names.indexOf('labelled_at'), labels };
}

type Ordered = XrayRow & { order: number };

/** The rows of one source; those without a name or a label are no error here. */
class SourceReader {
  readonly rows: Ordered[] = [];
  readonly faults = new Faults();
  read = 0;
  taken: string[] = [];
  readonly #source: Source;
  readonly #said: ColumnNames;

  constructor(source: Source, said: ColumnNames) {
    this.#source = source;
    this.#said = said;
  }

  async run(): Promise<void> {
    const records = this.#source.records[Symbol.asyncIterator]();
    const first = await records.next();
    if (first.done) throw misuse(`${this.#source.place.name} is empty`);
    const header = renamed(first.value.fields, this.#said, this.#source.place.name);
    this.taken = header.taken;
    const places = placesOf(header.fields, this.#source.place.name);
    const labelled = this.#labelled({ [Symbol.asyncIterator]: () => records }, places);
    if (places.labels.length === 0) for await (const _ of labelled);
    else await this.#check({ line: 0, fields: header.fields }, labelled);
    this.rows.sort((a, b) => a.order - b.order);
  }

  #where(order: number): string {
    return `${this.#source.place.unit} ${order}`;
  }

  /** The records with a name and a label; what has no label is kept as it is. */
  async *#labelled(records: AsyncIterable<RawRecord>, places: Places): AsyncGenerator<RawRecord> {
    for await (const { line, fields } of records) {
      if (this.read >= mostRows) return;
      this.read++;
      const order = this.#source.place.unit === 'row' ? this.read : line;
      const where = this.#where(order);
      const name = fields[places.name] ?? '';
      if (normalise(name) === '') {
        this.faults.add('rows without a name', where);
        continue;
      }
      judgeName(this.faults, where, name);
      const filled = places.labels.some(
        (i) => (fields[i] ?? '').trim() !== '' && !isNothing(fields[i] ?? ''),
      );
      if (filled) {
        yield { line: order, fields };
        continue;
      }
      if (places.labels.length > 0) this.faults.add('rows without a label', where, name);
      const moment = readMoment(fields[places.at] ?? '');
      this.rows.push({
        order,
        where,
        name: decoded(name),
        path: [],
        category: null,
        at: moment === null ? null : Date.parse(moment),
      });
    }
  }

  async #check(header: RawRecord, records: AsyncIterable<RawRecord>): Promise<void> {
    async function* all(): AsyncGenerator<RawRecord> {
      yield header;
      yield* records;
    }
    // numbers are given already, of rows too
    const place = { ...this.#source.place, unit: 'line' as const };
    const reading: Reading = {
      onFault: ({ line, reason, fields }) =>
        this.faults.add(reason.split(':')[0] as string, this.#where(line), fields.join(' | ')),
      onNotice: (text) => void this.taken.push(`${text}.`),
    };
    for await (const { line, name, path, labelledAt, externalId = null } of toRows(
      all(),
      place,
      'labels',
      reading,
    )) {
      const at = labelledAt === undefined ? null : Date.parse(labelledAt);
      this.rows.push({ order: line, where: this.#where(line), name, path, category: externalId, at });
    }
  }
}

/** What was read, in the order of time. */
function input(
  source: Input['source'],
  rows: XrayRow[],
  facts: { read: number; faults: Faults; categories: Input['categories']; notes: string[] },
): Input {
  const { read, faults, categories, notes } = facts;
  const cut = read < mostRows ? [] : [`Only the first ${mostRows.toLocaleString('en')} rows were read.`];
  return {
    source,
    read,
    rows,
    ordered: inOrder(rows),
    faults: faults.all(),
    categories,
    notes: [...notes, ...cut],
  };
}

async function readSource(source: Source, kind: 'file' | 'query', said: ColumnNames): Promise<Input> {
  const reader = new SourceReader(source, said);
  await reader.run();
  const { rows, read, faults, taken } = reader;
  return input({ kind, name: source.place.name }, rows, { read, faults, categories: null, notes: taken });
}

/** The rows of a file. */
export function readFile(
  path: string,
  said: ColumnNames,
  onProgress: (bytes: number) => void,
): Promise<Input> {
  return readSource(openFile(path, { onProgress }), 'file', said);
}

/** The rows of a SELECT, in a transaction that may only read. */
export function readQuery(db: Pick<Database, 'url'>, sql: string, said: ColumnNames): Promise<Input> {
  return readSource(openQuery(db, sql), 'query', said);
}

/** The rows of a shop's table, with its categories; only read. */
export async function readTable(db: Database, shape: Shape): Promise<Input> {
  const { records } = openQuery(db, rowsQuery(shape, mostRows));
  const faults = new Faults();
  const rows: XrayRow[] = [];
  let read = -1;
  for await (const { fields } of records) {
    if (read++ === -1) continue;
    const [key = '', name = '', path = '[]', category = '', at = ''] = fields;
    const where = key === '' ? `row ${read}` : key;
    if (normalise(name) === '') {
      faults.add('rows without a name', where);
      continue;
    }
    judgeName(faults, where, name);
    let names = (JSON.parse(path) as (string | null)[]).map((one) => one ?? '');
    if (category === '') faults.add('rows without a label', where, name);
    else if (names.length === 0 && shape.categories !== null)
      faults.add('labels that no category of the tree has', where, category);
    else if (names.some((one) => normalise(one) === '')) {
      faults.add('labels below a category without a name', where, category);
      names = [];
    }
    rows.push({
      where,
      name,
      path: names,
      category: category === '' ? null : category,
      at: at === '' ? null : Number(at),
    });
  }
  // they came newest first
  rows.reverse();
  const categories = shape.categories === null ? null : await readCategories(db, shape.categories);
  const notes = [
    `Names are in the column ${shape.name}${shape.labels === null ? '' : `, labels in ${shape.labels}`}${shape.categories === null ? '' : `, categories in ${named(shape.categories.table)}`}.`,
  ];
  return input({ kind: 'table', name: named(shape.table) }, rows, {
    read: Math.max(0, read),
    faults,
    categories,
    notes,
  });
}
