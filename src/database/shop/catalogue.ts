import type { Database } from '../connection/open.ts';
import { internalSchema } from '../connection/schemas.ts';

/** Tables of a shop as its own database describes them. All of it only reads. */

interface Column {
  name: string;
  /** As format_type() writes it. */
  type: string;
}

/** A foreign key of one column. */
interface Reference {
  column: string;
  toSchema: string;
  toTable: string;
  toColumn: string;
}

export interface Table {
  schema: string;
  name: string;
  /** By the statistics; -1: never analysed. */
  estimate: number;
  key: string[];
  columns: Column[];
  references: Reference[];
}

/** `shop.order_products`, as it is typed. */
export const named = ({ schema, name }: Pick<Table, 'schema' | 'name'>): string =>
  [schema, name].map(quoted).join('.');

/** A name as SQL takes it. */
export function quoted(name: string): string {
  return /^[a-z_][a-z0-9_]*$/.test(name) ? name : `"${name.replaceAll('"', '""')}"`;
}

/**
 * Every table that one may read, pgtaxon's own and the server's left out, the largest first.
 *
 * @param only of this name alone, as to_regclass() reads it
 */
export function tables(db: Database, only: string | null = null): Promise<Table[]> {
  return db.rows<Table>(
    `select n.nspname as schema, c.relname as name,
            case c.relkind when 'p' then coalesce((select sum(greatest(p.reltuples, 0)) from pg_partition_tree(c.oid) t join pg_class p on p.oid = t.relid where t.isleaf), 0)
                           else c.reltuples end::float8 as estimate,
            coalesce((select array_agg(a.attname::text order by k.place) from pg_index i, unnest(i.indkey) with ordinality k(attnum, place)
                        join pg_attribute a on a.attrelid = c.oid and a.attnum = k.attnum
                        where i.indrelid = c.oid and i.indisprimary and a.attrelid = i.indrelid), '{}') as key,
            (select json_agg(json_build_object('name', a.attname, 'type', format_type(a.atttypid, a.atttypmod)) order by a.attnum)
               from pg_attribute a where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped) as columns,
            coalesce((select json_agg(json_build_object('column', a.attname, 'toSchema', tn.nspname, 'toTable', t.relname, 'toColumn', ta.attname))
               from pg_constraint f join pg_class t on t.oid = f.confrelid join pg_namespace tn on tn.oid = t.relnamespace
               join pg_attribute a on a.attrelid = c.oid and a.attnum = f.conkey[1]
               join pg_attribute ta on ta.attrelid = t.oid and ta.attnum = f.confkey[1]
               where f.conrelid = c.oid and f.contype = 'f' and cardinality(f.conkey) = 1), '[]') as references
       from pg_class c join pg_namespace n on n.oid = c.relnamespace
       where c.relkind in ('r', 'p') and not c.relispartition and n.nspname !~ '^pg_' and n.nspname <> 'information_schema'
         and n.nspname <> all ($1) and ($2::text is null or c.oid = to_regclass($2))
         and has_schema_privilege(n.oid, 'usage') and has_table_privilege(c.oid, 'select')
         and exists (select from pg_attribute a where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped)
       order by estimate desc, 1, 2`,
    [[db.schema, internalSchema(db.schema)], only],
  );
}

/** What the values of some columns look like, from the first rows. */
export interface Look {
  column: string;
  /** Mean length in characters, share of values with a space, share that are different. */
  length: number;
  spaced: number;
  distinct: number;
}

/** Looks at the first rows of a table: which of its texts could be names. */
export async function look(db: Database, table: Table, columns: readonly string[]): Promise<Look[]> {
  if (columns.length === 0) return [];
  const parts = columns.map(
    (column) =>
      `select ${literal(column)} as "column", coalesce(avg(length(v)), 0)::float8 as length,
              coalesce(avg((v ~ '\\s')::integer), 0)::float8 as spaced, coalesce(count(distinct v) / nullif(count(v), 0)::float8, 0) as "distinct"
         from (select ${quoted(column)}::text as v from few) x`,
  );
  return db.rows<Look>(
    `with few as materialized (select * from ${named(table)} limit 500) ${parts.join(' union all ')}`,
  );
}

/** A text as an SQL literal. */
const literal = (text: string): string => `'${text.replaceAll("'", "''")}'`;
