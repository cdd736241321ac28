import type { TaxonDatabase } from './sql.ts';

/** What a change of the taxonomy returns. */
export interface Change {
  taxonomy_change_id: number | null;
  kind: string;
  category_id: number;
  labels: number;
  human_labels: number;
  products: number;
  waiting: number;
  thresholds: number;
  training_rows: number;
  models: number[];
  note: string | null;
}

/** Calls a change: `change('merge_categories($1, $2)', ids, id)`. */
export const changing =
  (t: TaxonDatabase) =>
  (call: string, ...values: unknown[]) =>
    t.owner.row<Change>(`select * from ${call}`, ...values);

/** Rows and labels that point at a retired category, or whose levels are not those of theirs; must be none. */
export const strays = (t: TaxonDatabase) =>
  t.owner.rows<{ what: string }>(
    `select 'row ' || p.name as what from products p join categories c using (category_id)
       where c.retired_at is not null or (p.l1, p.l2, p.l3) is distinct from (c.l1, c.l2, c.l3)
     union all
     select 'label ' || l.name_key from labels l join categories c using (category_id) where c.retired_at is not null`,
  );

/** Name and path of every row, as people read them. */
export const answered = (t: TaxonDatabase) =>
  t.owner.rows<{ name: string; path: string | null }>(
    'select name, path from products_readable order by product_id',
  );
