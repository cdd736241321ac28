import { pathKey } from '../normalise.ts';
import type { Database } from './connection/open.ts';

export interface CategoryNode {
  id: number;
  parent: number | null;
  name: string;
}

/** Changes whenever a category in use was made, renamed, moved or retired. */
export async function taxonomyVersion(db: Database): Promise<string> {
  const { v } = await db.row<{ v: string }>(
    `select concat_ws(' ', count(*), max(category_id), bit_xor(hashtextextended(concat(parent_id, ' ', name), category_id))) as v
     from ${db.at}categories where retired_at is null`,
  );
  return v;
}

/** All categories in use, parents before children. */
export function loadCategories(db: Database): Promise<CategoryNode[]> {
  return db.rows(
    `select category_id as id, parent_id as parent, name from ${db.at}categories where retired_at is null order by level, category_id`,
  );
}

/** The path of names of every category in use that a label or model may carry, with its l1, l2, l3 ids. */
export function loadPaths(
  db: Database,
): Promise<{ category_id: number; names: string[]; l1: number; l2: number | null; l3: number | null }[]> {
  return db.rows(
    `select c.category_id, array_agg(a.name order by a.level) as names, c.l1, c.l2, c.l3
     from ${db.at}categories c join ${db.at}categories a on a.category_id = any (c.path_ids)
     where c.retired_at is null group by c.category_id`,
  );
}

/** The names from the root down of categories, retired ones too. */
export async function categoryPaths(db: Database, ids: readonly number[]): Promise<Map<number, string[]>> {
  const rows = await db.rows<{ category_id: number; names: string[] }>(
    `select c.category_id, array_agg(a.name order by a.level) as names
     from ${db.at}categories c join ${db.at}categories a on a.category_id = any (c.path_ids)
     where c.category_id = any ($1) group by c.category_id`,
    [ids],
  );
  return new Map(rows.map((row) => [row.category_id, row.names]));
}

/** The id of every category in use, by the pathKey() of its names from the root down. */
export async function categoriesByPath(db: Database): Promise<Map<string, number>> {
  return new Map((await loadPaths(db)).map((row) => [pathKey(row.names), row.category_id]));
}

/** Which depths of the tree are l1, l2 and l3, such as `1,2,deepest`. */
export async function treeLevels(db: Database): Promise<string> {
  return (await db.row<{ levels: string }>(`select ${db.at}setting('tree_levels') #>> '{}' as levels`))
    .levels;
}
