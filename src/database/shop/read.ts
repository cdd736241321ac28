import { misuse } from '../../errors.ts';
import type { Database } from '../connection/open.ts';
import type { CategoryNode } from '../taxonomy.ts';
import { named, quoted, type Table, tables } from './catalogue.ts';
import { type Categories, categoriesOf, type Shape, shapeOf } from './guess.ts';

/** Deeper is a circle. */
const deepest = 20;

/** What a person says of his table himself; the rest is guessed. */
export interface Said {
  key?: string | undefined;
  name?: string | undefined;
  labels?: string | undefined;
  categories?: string | undefined;
  at?: string | undefined;
}

async function tableNamed(db: Database, name: string, flag: string): Promise<Table> {
  const [table] = await tables(db, name);
  if (table !== undefined) return table;
  throw misuse(
    `${flag}: there is no table ${name} that may be read`,
    'Name it with its schema, as in shop.order_products.',
  );
}

function checked(table: Table, column: string | undefined, flag: string): string | undefined {
  if (column === undefined || table.columns.some(({ name }) => name === column)) return column;
  throw misuse(
    `${flag} ${column}: ${named(table)} has no such column`,
    `It has: ${table.columns.map(({ name }) => name).join(', ')}`,
  );
}

/**
 * What a table looks like, by what is said of it and else by its own catalogue.
 *
 * @throws TaxonError (misuse) for a table or column that is not there, or where nothing looks like names
 */
export async function shapeNamed(db: Database, table: string, said: Said): Promise<Shape> {
  const found = await tableNamed(db, table, 'TABLE');
  const guessed = await shapeOf(db, found, await tables(db));
  const name = checked(found, said.name, '--name') ?? guessed?.name;
  if (name === undefined)
    throw misuse(`${named(found)}: no column looks like it holds names`, 'Say which: --name COLUMN');
  const key = said.key?.split(',').map((one) => checked(found, one.trim(), '--key') as string);
  const tree =
    said.categories === undefined
      ? null
      : await categoriesOf(db, await tableNamed(db, said.categories, '--categories'));
  return {
    table: found,
    key: key ?? found.key,
    name,
    labels: checked(found, said.labels, '--labels') ?? guessed?.labels ?? null,
    categories: tree ?? guessed?.categories ?? null,
    at: checked(found, said.at, '--at') ?? guessed?.at ?? null,
  };
}

/** Every category of a shop's tree, with numbers of their own for its ids. */
export async function readCategories(db: Database, tree: Categories): Promise<CategoryNode[]> {
  const parent = tree.parent === null ? 'null' : `${quoted(tree.parent)}::text`;
  const rows = await db.rows<{ id: string; parent: string | null; name: string | null }>(
    `select ${quoted(tree.id)}::text as id, ${parent} as parent, ${quoted(tree.name)}::text as name from ${named(tree.table)} order by 1`,
  );
  const numbers = new Map(rows.map(({ id }, i) => [id, i + 1]));
  return rows.map(({ id, parent: above, name }) => ({
    id: numbers.get(id) as number,
    parent: above === null ? null : (numbers.get(above) ?? null),
    name: name ?? '',
  }));
}

/**
 * The SELECT of a shop's rows, the newest first: key, name, path (a JSON array of names, empty where there is no label),
 * category (what the label's column says), at.
 */
export function rowsQuery({ table, key, name, labels, categories, at }: Shape, most: number): string {
  const from = `from ${named(table)} t`;
  const column = (one: string) => `t.${quoted(one)}`;
  const where =
    key.length === 0 ? `''` : `concat_ws(', ', ${key.map((one) => `${column(one)}::text`).join(', ')})`;
  const newest =
    at !== null ? `${column(at)} desc nulls last` : key.map((one) => `${column(one)} desc`).join(', ');
  const order = newest === '' ? '' : ` order by ${newest}`;
  const time = at === null ? 'null' : `extract(epoch from ${column(at)}) * 1000`;
  const shown = `${where} as key, ${column(name)}::text as name`;
  if (labels === null || categories === null)
    return `select ${shown}, '[]' as path, ${labels === null ? 'null' : `${column(labels)}::text`} as category, ${time} as at ${from}${order} limit ${most}`;
  const { id, parent } = categories;
  const c = (one: string) => `c.${quoted(one)}`;
  const top = parent === null ? 'true' : `${c(parent)} is null`;
  const below =
    parent === null
      ? ''
      : ` union all select ${c(id)}, p.path || ${c(categories.name)}::text from ${named(categories.table)} c join tree p on ${c(parent)} = p.id where cardinality(p.path) < ${deepest}`;
  return `with recursive tree (id, path) as (
  select ${c(id)}, array[${c(categories.name)}::text] from ${named(categories.table)} c where ${top}${below}
)
select ${shown}, coalesce(to_json(tree.path)::text, '[]') as path, ${column(labels)}::text as category, ${time} as at
${from} left join tree on tree.id = ${column(labels)}${order} limit ${most}`;
}
