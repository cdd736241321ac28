import { misuse, type TaxonError } from '../errors.ts';
import { normalise, visible } from '../normalise.ts';
import type { RawRecord } from './delimited.ts';
import { decoded, decodedPath, hasEntities } from './entities.ts';
import { BadRow, Faults } from './faults.ts';
import { type Columns, columnName, emptyHint, readHeader } from './header.ts';
import { Look } from './look.ts';
import { readMoment } from './moment.ts';
import { Notices } from './notices.ts';
import { Paths } from './paths.ts';
import type { LabelSource, Place, Reading, Row, RowKind } from './row.ts';
import { isNothing } from './spoilt.ts';
import { shown } from './text.ts';

const sources: readonly string[] = ['llm', 'human', 'import'] satisfies LabelSource[];
/** As categories.name allows. */
const longestCategory = 500;

/** Reads the records behind one header, counts what people should know of them, and judges the whole at the end. */
class RecordReader {
  readonly #columns: Columns;
  readonly #titles: string[];
  readonly #notices = new Notices();
  readonly #faults: Faults;
  readonly #look: Look;
  readonly #paths: Paths | undefined;
  /** Where names stand, in which entities are decoded. */
  readonly #texts: number[];
  #row = 0;
  #wholePaths = { times: 0, of: 0, first: '' };

  readonly #place: Place;
  readonly #kind: RowKind;
  readonly #reading: Reading;

  constructor(header: readonly string[], place: Place, kind: RowKind, reading: Reading) {
    this.#place = place;
    this.#kind = kind;
    this.#reading = reading;
    this.#columns = readHeader(header, kind, place.name);
    this.#titles = header.map(columnName);
    const { name, path, levels } = this.#columns;
    this.#texts = [name, path, ...levels].filter((index) => index !== undefined);
    this.#faults = new Faults(place, header, this.#columns.ownId ?? -1, reading);
    this.#look = new Look(place, this.#columns.width, this.#notices);
    if (kind !== 'products' && path !== undefined) this.#paths = new Paths(path, this.#notices, reading);
  }

  /** The rows that can be read by now: paths may be held back until the file has shown what separates them. */
  *rows(record: RawRecord): Generator<Row> {
    const numbered = this.#place.unit === 'row' ? { ...record, line: ++this.#row } : record;
    if (record.loose)
      this.#notices.add(
        'loose',
        () => `${this.#place.unit} ${numbered.line}: ${shown(record.fields.join(' | '))}`,
      );
    const plain = this.#reading.keepEntities === true ? numbered : this.#decoded(numbered);
    for (const ready of this.#paths?.ready(plain) ?? [plain]) yield* this.#read(ready);
  }

  /**
   * What was held back; then what the whole says.
   *
   * @throws TaxonError that asks what the file means, or names the rows that cannot be read
   */
  *rest(): Generator<Row> {
    for (const ready of this.#paths?.rest() ?? []) yield* this.#read(ready);
    this.#paths?.judge(this.#place.name);
    const { times, of, first } = this.#wholePaths;
    if (times * 2 > of)
      throw misuse(
        `${this.#place.name}: most of its levels hold whole paths (${first})`,
        'Call the column that holds a path like "a > b > c" path, and leave the other levels out.',
      );
    this.#look.judge();
    this.#notices.say(this.#place.name, this.#reading.onNotice);
    this.#faults.judge();
  }

  *#read(record: RawRecord): Generator<Row> {
    if (this.#repeatsHeader(record)) return;
    try {
      const row = this.#checked(record);
      if (!this.#faults.fatal) yield row;
    } catch (error) {
      if (!(error instanceof BadRow)) throw error;
      this.#faults.add(record, error.message);
    }
  }

  /** @throws BadRow that says what is wrong with it */
  #checked(record: RawRecord): Row {
    const { fields, line } = record;
    const columns = this.#columns;
    if (fields.length !== columns.width)
      throw new BadRow(`${fields.length} fields where the header has ${columns.width}`);
    const name = columns.name === undefined ? '' : (fields[columns.name] ?? '');
    const node = columns.parentId !== undefined;
    const path = this.#kind === 'products' || node ? [] : this.#path(record);
    // a product without a name is a row like any other, and shown as failed
    if (this.#kind !== 'products' && columns.name !== undefined && normalise(name) === '')
      throw new BadRow('the name is empty');
    const source = this.#field(record, columns.source).toLowerCase();
    if (source !== '' && !sources.includes(source))
      throw new BadRow('the source is not llm, human or import');
    const given = this.#field(record, columns.labelledAt);
    const labelledAt = given === '' ? null : readMoment(given);
    if (given !== '' && labelledAt === null)
      throw new BadRow(
        `labelled_at is no date and no timestamp (2026-03-31, 2026-03-31T08:15:00Z): ${shown(given)}`,
      );
    const externalId = this.#field(record, columns.externalId);
    if (node && externalId === '') throw new BadRow('the id is empty');
    this.#look.at(name, path, line);
    return {
      line,
      name,
      path,
      source: source === '' ? null : (source as LabelSource),
      externalId: externalId === '' ? null : externalId,
      ...(node ? { parentId: this.#field(record, columns.parentId) || null } : {}),
      ...(labelledAt === null ? {} : { labelledAt }),
    };
  }

  /** The record with its HTML entities decoded, where a name or category has some. */
  #decoded(record: RawRecord): RawRecord {
    const found = this.#texts.filter((index) => hasEntities(record.fields[index] ?? ''));
    const [first] = found;
    if (first === undefined) return record;
    const fields = [...record.fields];
    for (const index of found)
      fields[index] = (index === this.#columns.path ? decodedPath : decoded)(record.fields[index] ?? '');
    const before = record.fields[first] ?? '';
    this.#notices.add(
      'decoded',
      () => `${this.#place.unit} ${record.line}: ${shown(before)} is read as ${shown(decoded(before))}`,
    );
    return { ...record, fields };
  }

  /** A field other than the name; empty where it only says that there is nothing. */
  #field({ fields, line }: RawRecord, index: number | undefined): string {
    const text = index === undefined ? '' : (fields[index] ?? '').trim();
    if (!isNothing(text)) return text;
    this.#notices.add('nulls', () => `${this.#place.unit} ${line}, ${this.#titles[index ?? 0]}: ${text}`);
    return '';
  }

  /** Files that were put together from several have their headers inside. */
  #repeatsHeader(record: RawRecord): boolean {
    const { fields, line } = record;
    const sure = this.#columns.name === undefined ? 'path' : 'name';
    const titled = (field: string) => field.length < 12 && columnName(field) === sure;
    if (fields.length !== this.#titles.length || !fields.some(titled)) return false;
    const titles = fields.map(columnName);
    // of a parquet file the other columns are not read, and empty here
    if (titles.every((title, i) => title === this.#titles[i] || title === '')) {
      this.#notices.add('headers', () => `${this.#place.unit} ${line}`);
      return true;
    }
    if (
      titles.includes(sure) &&
      titles.length > 1 &&
      String(titles.sort()) === String(this.#titles.toSorted())
    )
      throw this.#bad(record, 'another header, with the columns in another order');
    return false;
  }

  /** The path of one record: composed, as people see it, so that two spellings of one category are one node. */
  #path(record: RawRecord): string[] {
    const { line } = record;
    const columns = this.#columns;
    const where = `${this.#place.unit} ${line}`;
    let given: string[];
    if (columns.path === undefined) {
      given = columns.levels.map((index) => this.#field(record, index));
      this.#wholePaths.of++;
      const whole = given.find((level) => /\s>\s/u.test(level));
      if (whole !== undefined && this.#wholePaths.times++ === 0)
        this.#wholePaths.first = `${where}: ${shown(whole)}`;
    } else {
      const split = this.#paths?.split(this.#field(record, columns.path), this.#place.name, where) ?? [];
      if ('wrong' in split) throw new BadRow(split.wrong);
      given = split.map((level) => {
        if (!isNothing(level)) return this.#reading.keepEntities === true ? level : decoded(level);
        this.#notices.add('nulls', () => `${where}, path: ${level.trim()}`);
        return '';
      });
    }
    const path = given.map((level) => visible(level.normalize('NFC')));
    while (path.at(-1) === '') path.pop();
    if (path.length === 0) throw new BadRow('the category is empty');
    const hole = path.indexOf('');
    if (hole !== -1)
      throw new BadRow(`a hole in the path: level ${hole + 1} is empty and level ${path.length} is not`);
    if (path.some((part) => part.length > longestCategory && [...part].length > longestCategory))
      throw new BadRow(`a category of more than ${longestCategory} characters`);
    return path;
  }

  #bad(record: RawRecord, what: string): TaxonError {
    return misuse(
      `${this.#place.name}, ${this.#place.unit} ${record.line}: ${what}: ${shown(record.fields.join(' | '))}`,
    );
  }
}

/**
 * Checks records and turns them into rows. What is not read, or read otherwise than it stands there, is named in notices.
 *
 * @throws TaxonError that names the rows that cannot be read and shows them, or asks what the file means
 */
export async function* toRows(
  records: AsyncIterable<RawRecord>,
  place: Place,
  kind: RowKind,
  reading: Reading = {},
): AsyncGenerator<Row> {
  let reader: RecordReader | undefined;
  for await (const record of records) {
    if (reader === undefined) {
      reader = new RecordReader(record.fields, place, kind, reading);
      continue;
    }
    yield* reader.rows(record);
  }
  if (reader === undefined) throw misuse(`${place.name} is empty`, emptyHint(kind));
  yield* reader.rest();
}
