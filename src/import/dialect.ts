import { columnName } from './header.ts';

/** How a .csv is written. */
export interface Dialect {
  /** What stands between two fields. */
  delimiter: string;
  /** Lines before the header: Excel's `sep=;`. */
  skipped: number;
}

const delimiters = [',', ';', '\t', '|'];
/** So many records behind the header say which of two delimiters that fit it equally well is meant. */
const looked = 20;

/** The first records of a text, a line end between quotes being part of a field. */
function firstRecords(text: string, most: number): string[] {
  const records: string[] = [];
  let quoted = false;
  let start = 0;
  for (let at = 0; at < text.length && records.length < most; at++) {
    if (text[at] === '"') quoted = !quoted;
    if (text[at] !== '\n' || quoted) continue;
    records.push(text.slice(start, at).trimEnd());
    start = at + 1;
  }
  if (records.length < most && start < text.length) records.push(text.slice(start).trimEnd());
  return records.filter((record) => record !== '');
}

/** The fields of one record, as they would be with this delimiter. */
function fieldsOf(record: string, delimiter: string): string[] {
  const fields: string[] = [];
  let quoted = false;
  let field = '';
  for (const character of record) {
    if (character === '"') quoted = !quoted;
    if (character !== delimiter || quoted) {
      field += character;
      continue;
    }
    fields.push(field);
    field = '';
  }
  fields.push(field);
  return fields.map((text) => (/^\s*".*"\s*$/su.test(text) ? text.trim().slice(1, -1) : text));
}

/**
 * The delimiter is the one that splits the header into the most columns that are read, outside quotes: titles of other
 * columns hold any character ("Цена, грн"). Among equals Excel's own word for it counts, then what gives the records
 * behind the header the header's number of fields. A header of one column has none: no line end, comma or semicolon in
 * a name is a mistake then, only a tab is.
 */
export function dialectOf(text: string, known: readonly string[]): Dialect {
  const excel = /^"?sep=(.)\1*"?\r?(?:\n|$)/iu.exec(text);
  const [header = '', ...records] = firstRecords(text.slice(excel?.[0].length ?? 0), looked + 1);
  const judged = [...new Set([...(excel?.[1] === undefined ? [] : [excel[1]]), ...delimiters])].map(
    (delimiter) => {
      const columns = fieldsOf(header, delimiter).map(columnName);
      const alike = records.filter((record) => fieldsOf(record, delimiter).length === columns.length);
      return {
        delimiter,
        width: columns.length,
        score: [
          known.filter((column) => columns.includes(column)).length,
          Number(delimiter === excel?.[1]),
          columns.length > 1 ? alike.length : -1,
          columns.length,
        ],
      };
    },
  );
  judged.sort((a, b) => {
    const place = a.score.findIndex((value, i) => value !== b.score[i]);
    return place === -1 ? 0 : (b.score[place] ?? 0) - (a.score[place] ?? 0);
  });
  const [best] = judged;
  return {
    delimiter: best === undefined || best.width === 1 ? '\t' : best.delimiter,
    skipped: excel === null ? 0 : 1,
  };
}
