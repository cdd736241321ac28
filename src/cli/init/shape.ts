import type { Database } from '../../database/connection/open.ts';
import { named } from '../../database/shop/catalogue.ts';
import type { Shape } from '../../database/shop/guess.ts';
import { likelyShapes } from '../../database/shop/guess.ts';
import { type Said, shapeNamed } from '../../database/shop/read.ts';
import { TaxonError } from '../../errors.ts';
import type { Asker } from './ask.ts';

const none = '(none)';

/** What a table was taken for. */
function shapeText({ table, key, name, labels, categories, at }: Shape): string {
  const tree =
    categories === null
      ? none
      : `${named(categories.table)} (${[categories.id, categories.parent, categories.name].filter((one) => one !== null).join(', ')})`;
  return [
    `table       ${named(table)}`,
    `key         ${key.join(', ') || none}`,
    `names       ${name}`,
    `labels      ${labels ?? none}`,
    `categories  ${tree}`,
    `time        ${at ?? none}`,
  ].join('\n');
}

/** The same as flags, for the next time. */
export function shapeFlags({ table, key, name, labels, categories, at }: Shape): string {
  const flags = [
    ['--table', named(table)],
    ['--key', key.join(',')],
    ['--name', name],
    ['--labels', labels],
    ['--categories', categories === null ? null : named(categories.table)],
    ['--at', at],
  ] as const;
  return flags.flatMap(([flag, value]) => (value ? [`${flag} ${value}`] : [])).join(' ');
}

const rowsOf = ({ table, labels }: Shape) =>
  `${table.estimate < 0 ? 'not counted' : `about ${table.estimate.toLocaleString('en')} rows`}${labels === null ? ', no labels' : ''}`;

async function askColumns(asker: Asker, shape: Shape): Promise<Said> {
  const columns = shape.table.columns.map(({ name, type }) => ({ value: name, label: name, hint: type }));
  const first = (wanted: string | null | undefined) =>
    columns.toSorted((a, b) => Number(b.value === wanted) - Number(a.value === wanted));
  const name = await asker.choose('Which column holds the names?', first(shape.name));
  const labels = await asker.choose('Which column holds the id of the category?', [
    ...first(shape.labels),
    { value: none, label: none },
  ]);
  const at = await asker.choose('Which column tells when a row came?', [
    ...first(shape.at),
    { value: none, label: none },
  ]);
  return { name, labels: labels === none ? undefined : labels, at: at === none ? undefined : at };
}

/**
 * The table to begin with: as the flags say, else as a person chooses among those that look like it, else the likeliest.
 *
 * @throws TaxonError where no table has names
 */
export async function chooseShape(
  db: Database,
  asker: Asker,
  table: string | undefined,
  said: Said,
): Promise<Shape> {
  let shape: Shape;
  if (table !== undefined) shape = await shapeNamed(db, table, said);
  else {
    const likely = await likelyShapes(db);
    if (likely.length === 0)
      throw new TaxonError('no table of this database looks like it holds names', {
        hint: 'Say which: --table shop.order_products --name title. An empty database begins with taxon import.',
      });
    const chosen = await asker.choose(
      'Which table holds the names?',
      likely.map((value) => ({ value, label: named(value.table), hint: rowsOf(value) })),
    );
    shape = await shapeNamed(db, named(chosen.table), said);
  }
  asker.show('What is what', shapeText(shape));
  if (!asker.here || (await asker.confirm('Is that right?', '--table'))) return shape;
  return shapeNamed(db, named(shape.table), { ...said, ...(await askColumns(asker, shape)) });
}
