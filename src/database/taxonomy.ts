import type { Database } from './open.ts';

export interface CategoryNode {
  id: number;
  parent: number | null;
  name: string;
}

/** Changes whenever a category in use was made, renamed or retired. */
export async function taxonomyVersion(db: Database): Promise<string> {
  const { v } = await db.row<{ v: string }>(
    `select concat_ws(' ', count(*), max(category_id), bit_xor(hashtextextended(name, category_id))) as v
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
