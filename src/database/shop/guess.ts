import type { Database } from '../connection/open.ts';
import { type Look, look, named, type Table, tables } from './catalogue.ts';

/** Which columns of a shop's table hold what. */
export interface Shape {
  table: Table;
  key: string[];
  name: string;
  /** The column with the id of the category; null: none. */
  labels: string | null;
  categories: Categories | null;
  /** The column that tells when a row came; null: none. */
  at: string | null;
}

/** A shop's own tree: an adjacency list. */
export interface Categories {
  table: Table;
  id: string;
  parent: string | null;
  name: string;
}

const textual = /^(?:text|character varying|character|citext|name)/;
const timed = /^(?:timestamp|date)/;
const integral = /^(?:smallint|integer|bigint|uuid|text|character varying)/;

/** What names are called: in English, Polish, Ukrainian and Russian. */
const nameWords = [
  /^(?:title|name|nazwa|tytul|titel|nazva|naimenovanie)$/i,
  /(?:product|item|article|towar|produkt).*(?:name|title|nazwa)|(?:name|title|nazwa).*(?:product|item)/i,
  /name|title|nazwa|label|наз|наим/i,
  /description|opis/i,
];
const labelWords = /categ|kateg|катег|taxon|section|group|dzia[lł]/i;
const parentWords = /parent|rodzic|nadrz|upper/i;
const timeWords = [
  /^(?:created|inserted|added)(?:_at|_on|at)?$/i,
  /creat|insert|added|dodano/i,
  /labelled|updat|modif/i,
];

/** How likely a column holds the names: what it is called, and what stands in it. */
function nameScore({ column, length, spaced, distinct }: Look): number {
  const word = nameWords.findIndex((pattern) => pattern.test(column));
  const called = word === -1 ? 0 : ([4, 4, 2, 0.5][word] ?? 0);
  const worded = length >= 8 && length <= 300 ? 2 * spaced : 0;
  return length === 0 ? called : called + worded + distinct;
}

/** The column of names: no part of the key, and none that points elsewhere. */
async function nameColumn(
  db: Database,
  table: Table,
  parent: string | null = null,
): Promise<{ name: string; score: number } | null> {
  const others = [...table.key, ...table.references.map(({ column }) => column), parent];
  const texts = table.columns
    .filter(({ name, type }) => textual.test(type) && !others.includes(name))
    .map(({ name }) => name);
  const looks = await look(db, table, texts);
  const best = looks
    .map((one) => ({ name: one.column, score: nameScore(one) }))
    .sort((a, b) => b.score - a.score)[0];
  return best === undefined || best.score === 0 ? null : best;
}

const refersTo = (to: Table) => (reference: Table['references'][number]) =>
  reference.toSchema === to.schema && reference.toTable === to.name;

/** The tree that a table is, where it looks like one: by a foreign key to itself, else by a column called so. */
export async function categoriesOf(db: Database, table: Table): Promise<Categories | null> {
  const self = table.references.find(refersTo(table));
  const parent = self?.column ?? table.columns.find(({ name }) => parentWords.test(name))?.name ?? null;
  const name = await nameColumn(db, table, parent);
  const id = self?.toColumn ?? table.key[0];
  return name === null || id === undefined ? null : { table, id, parent, name: name.name };
}

/** Where a table's labels point: by a foreign key to an adjacency list, else by their name and a tree beside it. */
async function labelsOf(
  db: Database,
  table: Table,
  all: readonly Table[],
): Promise<{ column: string; categories: Categories } | null> {
  const found: { column: string; categories: Categories; score: number }[] = [];
  for (const { column, toSchema, toTable, toColumn } of table.references) {
    const to = all.find((one) => one.schema === toSchema && one.name === toTable);
    if (to === undefined || to === table) continue;
    const categories = await categoriesOf(db, to);
    if (categories === null) continue;
    const called = [column, toTable].filter((name) => labelWords.test(name)).length;
    const score = called + (categories.parent === null ? 0 : 2);
    if (score > 0) found.push({ column, categories: { ...categories, id: toColumn }, score });
  }
  found.sort((a, b) => b.score - a.score);
  if (found[0] !== undefined) return found[0];
  const column = table.columns.find(({ name, type }) => labelWords.test(name) && integral.test(type));
  const trees = all.filter((one) => one !== table && one.references.some(refersTo(one)));
  const tree = trees.find(({ name }) => labelWords.test(name)) ?? trees[0];
  if (column === undefined || tree === undefined) return null;
  const categories = await categoriesOf(db, tree);
  return categories === null ? null : { column: column.name, categories };
}

function timeColumn({ columns }: Table): string | null {
  const times = columns.filter(({ type }) => timed.test(type)).map(({ name }) => name);
  for (const word of timeWords) {
    const found = times.find((name) => word.test(name));
    if (found !== undefined) return found;
  }
  return null;
}

/** What a table looks like: its key, the column of names, of labels, of times, and the shop's tree. */
export async function shapeOf(db: Database, table: Table, all: readonly Table[]): Promise<Shape | null> {
  const name = await nameColumn(db, table);
  if (name === null) return null;
  const labels = await labelsOf(db, table, all);
  return {
    table,
    key: table.key,
    name: name.name,
    labels: labels?.column ?? null,
    categories: labels?.categories ?? null,
    at: timeColumn(table),
  };
}

/** Tables that look like they hold products, the likeliest first: many rows, real names, a category. */
export async function likelyShapes(db: Database, most = 8): Promise<Shape[]> {
  const all = await tables(db);
  const found: { shape: Shape; score: number }[] = [];
  for (const table of all.slice(0, 60)) {
    // a tree is not what is to be filed in it
    if (table.references.some(refersTo(table))) continue;
    const name = await nameColumn(db, table);
    const shape = name === null ? null : await shapeOf(db, table, all);
    if (name === null || shape === null) continue;
    const rows = Math.log10(Math.max(10, table.estimate));
    const called = /product|item|offer|towar|article|goods|produkt/i.test(table.name) ? 2 : 0;
    found.push({ shape, score: name.score + rows + called + (shape.labels === null ? 0 : 3) });
  }
  return found
    .sort((a, b) => b.score - a.score || (named(a.shape.table) < named(b.shape.table) ? -1 : 1))
    .slice(0, most)
    .map(({ shape }) => shape);
}
