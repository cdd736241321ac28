import pg from 'pg';
import { generateCatalogue } from '../../src/demo/catalogue/generate.ts';

/** A row of a shop's own table, as its application wrote it. */
interface OwnRow {
  id: number;
  title: string | null;
  category: number | null;
  /** ISO. */
  at: string;
}

/** What was planted, and how often. */
interface Planted {
  empty: number;
  entities: number;
  repeats: number;
  respelt: number;
  unlabelled: number;
  /** Distinct names whose label is not their true category. */
  wrong: number;
  emptyLeaves: number;
  twins: number;
}

export interface OwnShop {
  categories: { id: number; parent: number | null; name: string }[];
  rows: OwnRow[];
  planted: Planted;
}

const start = Date.UTC(2026, 0, 1);
const minute = 60_000;

/**
 * A shop with a table of its own and an adjacency list: Polish, Ukrainian, Russian and English titles of the invented catalogue
 * with its teacher's wrong labels, and planted among them repeats, empty titles, HTML entities, rows without a label,
 * leaves that nobody uses and a twin. The same each time.
 */
export function ownShop(count = 6000, { twin = true } = {}): OwnShop {
  const planted: Planted = {
    ...{
      empty: 0,
      entities: 0,
      repeats: 0,
      respelt: 0,
      unlabelled: 0,
      wrong: 0,
      emptyLeaves: 3,
      twins: twin ? 1 : 0,
    },
  };
  const repeats = Math.floor(count * 0.15);
  const empty = Math.floor(count / 240);
  const { labelled } = generateCatalogue({ labelled: count - repeats - empty, arriving: 10 });
  const categories: OwnShop['categories'] = [];
  const ids = new Map<string, number>();
  const categoryOf = (path: readonly string[]): number => {
    const key = path.join('\n');
    const known = ids.get(key);
    if (known !== undefined) return known;
    const parent = path.length === 1 ? null : categoryOf(path.slice(0, -1));
    const id = 100 + categories.length;
    categories.push({ id, parent, name: path.at(-1) ?? '' });
    ids.set(key, id);
    return id;
  };
  // first, or other leaves without a name would be the examples that are shown
  for (let i = 0; i < planted.emptyLeaves; i++) categoryOf(['Outlet', `Nothing yet ${i + 1}`]);
  for (const { path, truth } of labelled) {
    categoryOf(truth);
    categoryOf(path);
  }
  // a twin that holds an invisible sign, beside the first leaf
  const first = labelled[0]?.path ?? [];
  if (twin) categoryOf([...first.slice(0, -1), `${first.at(-1)}\u200b`]);

  const rows: OwnRow[] = [];
  /** Rows as they were first written: what is repeated is none of the repeats. */
  const firsts: OwnRow[] = [];
  const add = (title: string | null, category: number | null) => {
    const id = 1001 + rows.length;
    rows.push({ id, title, category, at: new Date(start + rows.length * 37 * minute).toISOString() });
  };
  for (const [i, { name, path, truth }] of labelled.entries()) {
    if (path.join() !== truth.join()) planted.wrong++;
    const coded = i % 100 === 50;
    if (coded) planted.entities++;
    const title = coded ? `${name} &amp; more` : name;
    const unlabelled = i % 50 === 25;
    if (unlabelled) planted.unlabelled++;
    add(title, unlabelled ? null : categoryOf(path));
    firsts.push(rows.at(-1) as OwnRow);
    // of the names so far, the same each time
    if (i % 17 < 3 && planted.repeats < repeats && i > 0) {
      const again = firsts[(i * 7919) % firsts.length];
      if (again?.title) {
        planted.repeats++;
        const upper = again.title.toUpperCase();
        const respelt =
          i % 3 === 0 && upper.toLowerCase() === again.title.toLowerCase() && upper !== again.title;
        if (respelt) planted.respelt++;
        if (again.category === null) planted.unlabelled++;
        if (/&amp;/i.test(again.title)) planted.entities++;
        add(respelt ? upper : again.title, again.category);
      }
    }
    if (planted.empty < empty && i % 200 === 7) {
      add([null, '', '  \u00a0'][planted.empty % 3] ?? null, categoryOf(path));
      planted.empty++;
    }
  }
  return { categories, rows, planted };
}

/** Puts it into a database, as the schema `shop`. */
export async function putShop(url: string, { categories, rows }: OwnShop): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(`create schema shop;
      create table shop.categories (id integer primary key, parent_id integer references shop.categories, name text not null);
      create table shop.order_products (id bigint primary key, title text, category_id integer references shop.categories,
        sku text, created_at timestamptz not null);
      create table shop.customers (id bigint primary key, email text)`);
    await client.query(
      'insert into shop.categories select * from jsonb_to_recordset($1) x(id integer, parent integer, name text)',
      [JSON.stringify(categories)],
    );
    await client.query(
      `insert into shop.order_products select x.id, x.title, x.category, 'SKU-' || x.id, x.at
         from jsonb_to_recordset($1) x(id bigint, title text, category integer, at timestamptz)`,
      [JSON.stringify(rows)],
    );
    await client.query('analyze shop.categories, shop.order_products');
  } finally {
    await client.end();
  }
}

/** The same rows as a file: title;path;created_at. */
export function shopCsv({ categories, rows }: OwnShop): string {
  const byId = new Map(categories.map((node) => [node.id, node]));
  const path = (id: number | null): string => {
    const node = id === null ? undefined : byId.get(id);
    if (node === undefined) return '';
    return node.parent === null ? node.name : `${path(node.parent)} > ${node.name}`;
  };
  const cell = (text: string) => `"${text.replaceAll('"', '""')}"`;
  const lines = rows.map(({ title, category, at }) => [title ?? '', path(category), at].map(cell).join(','));
  return `name,path,labelled_at\n${lines.join('\n')}\n`;
}
