import { misuse, type TaxonError } from '../errors.ts';
import { normalise, visible } from '../normalise.ts';
import type { RawRecord } from './delimited.ts';
import { type Columns, columnName, emptyHint, readHeader } from './header.ts';
import { readMoment } from './moment.ts';
import { Notices } from './notices.ts';
import { Paths } from './paths.ts';
import type { LabelSource, Place, Row, RowKind } from './row.ts';
import { isNothing, lostLetters, unspoilt } from './spoilt.ts';
import { shown } from './text.ts';

const sources: readonly string[] = ['llm', 'human', 'import'] satisfies LabelSource[];
/** As categories.name allows. */
const longestCategory = 500;

/** Reads the records behind one header, counts what people should know of them, and judges the whole at the end. */
class RecordReader {
  readonly #columns: Columns;
  readonly #titles: string[];
  readonly #notices = new Notices();
  readonly #paths: Paths | undefined;
  #row = 0;
  #beyondAscii = 0;
  #wholePaths = { times: 0, of: 0, first: '' };

  readonly #place: Place;
  readonly #kind: RowKind;

  constructor(header: readonly string[], place: Place, kind: RowKind) {
    this.#place = place;
    this.#kind = kind;
    this.#columns = readHeader(header, kind, place.name);
    this.#titles = header.map(columnName);
    if (kind === 'labels' && this.#columns.path !== undefined)
      this.#paths = new Paths(this.#columns.path, this.#notices);
  }

  /** The rows that can be read by now: paths may be held back until the file has shown what separates them. */
  *rows(record: RawRecord): Generator<Row> {
    const numbered = this.#place.unit === 'row' ? { ...record, line: ++this.#row } : record;
    for (const ready of this.#paths?.ready(numbered) ?? [numbered]) yield* this.#read(ready);
  }

  /**
   * What was held back; then what the whole says.
   *
   * @throws TaxonError that asks what the file means
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
    const spoilt = this.#notices.times('mojibake');
    if (spoilt * 2 > this.#beyondAscii)
      throw misuse(
        `${this.#place.name}: ${spoilt} of ${this.#beyondAscii} rows with letters beyond ASCII are UTF-8 that was read as another encoding and saved again (${this.#notices.first('mojibake')})`,
        'Export it again as UTF-8, and open it as UTF-8 on the way.',
      );
    this.#notices.say(this.#place.name);
  }

  *#read(record: RawRecord): Generator<Row> {
    const { fields, line } = record;
    if (this.#repeatsHeader(record)) return;
    if (fields.length !== this.#columns.width)
      throw this.#bad(record, `${fields.length} fields where the header has ${this.#columns.width}`);
    const columns = this.#columns;
    const name = fields[columns.name] ?? '';
    const path = this.#kind === 'labels' ? this.#path(record) : [];
    // a product without a name is a row like any other, and shown as failed
    if (this.#kind === 'labels' && normalise(name) === '') throw this.#bad(record, 'the name is empty');
    const source = this.#field(record, columns.source).toLowerCase();
    if (source !== '' && !sources.includes(source))
      throw this.#bad(record, 'the source is not llm, human or import');
    const given = this.#field(record, columns.labelledAt);
    const labelledAt = given === '' ? null : readMoment(given);
    if (given !== '' && labelledAt === null)
      throw this.#bad(
        record,
        `labelled_at is no date and no timestamp (2026-03-31, 2026-03-31T08:15:00Z): ${shown(given)}`,
      );
    const externalId = this.#field(record, columns.externalId);
    this.#look(name, path, line);
    yield {
      line,
      name,
      path,
      source: source === '' ? null : (source as LabelSource),
      externalId: externalId === '' ? null : externalId,
      ...(labelledAt === null ? {} : { labelledAt }),
    };
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
    const titled = (field: string) => field.length < 12 && columnName(field) === 'name';
    if (fields.length !== this.#titles.length || !fields.some(titled)) return false;
    const titles = fields.map(columnName);
    // of a parquet file the other columns are not read, and empty here
    if (titles.every((title, i) => title === this.#titles[i] || title === '')) {
      this.#notices.add('headers', () => `${this.#place.unit} ${line}`);
      return true;
    }
    if (
      titles.includes('name') &&
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
      const split = this.#paths?.split(this.#field(record, columns.path), where) ?? [];
      if ('wrong' in split) throw this.#bad(record, split.wrong);
      given = split.map((level) => {
        if (!isNothing(level)) return level;
        this.#notices.add('nulls', () => `${where}, path: ${level.trim()}`);
        return '';
      });
    }
    const path = given.map((level) => visible(level.normalize('NFC')));
    while (path.at(-1) === '') path.pop();
    if (path.length === 0) throw this.#bad(record, 'the category is empty');
    const hole = path.indexOf('');
    if (hole !== -1)
      throw this.#bad(
        record,
        `a hole in the path: level ${hole + 1} is empty and level ${path.length} is not`,
      );
    if (path.some((part) => part.length > longestCategory && [...part].length > longestCategory))
      throw this.#bad(record, `a category of more than ${longestCategory} characters`);
    return path;
  }

  /** Counts what looks wrong and is kept. */
  #look(name: string, path: readonly string[], line: number): void {
    const seen = (text: string) => () => `${this.#place.unit} ${line}: ${shown(text)}`;
    if (isNothing(name)) this.#notices.add('nullNames', seen(name));
    if (this.#place.unquoted === true && /^".+"$/su.test(name)) this.#notices.add('quoted', seen(name));
    if (this.#columns.width === 1 && /[;|]/u.test(name)) this.#notices.add('oneColumn', seen(name));
    const all = path.length === 0 ? name : `${name} | ${path.join(' > ')}`;
    if (/&(?:[a-z]+|#\d+);/iu.test(all)) this.#notices.add('entities', seen(all));
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

  #bad(record: RawRecord, what: string): TaxonError {
    return misuse(
      `${this.#place.name}, ${this.#place.unit} ${record.line}: ${what}: ${shown(record.fields.join(' | '))}`,
    );
  }
}

/**
 * Checks records and turns them into rows. What is not read, or read otherwise than it stands there, is named in notices.
 *
 * @throws TaxonError that names the first bad record and shows it, or asks what the file means
 */
export async function* toRows(
  records: AsyncIterable<RawRecord>,
  place: Place,
  kind: RowKind,
): AsyncGenerator<Row> {
  let reader: RecordReader | undefined;
  for await (const record of records) {
    if (reader === undefined) {
      reader = new RecordReader(record.fields, place, kind);
      continue;
    }
    yield* reader.rows(record);
  }
  if (reader === undefined) throw misuse(`${place.name} is empty`, emptyHint(kind));
  yield* reader.rest();
}
