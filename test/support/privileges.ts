import { arrows } from './arrows.ts';
import type { Session } from './sql.ts';

/** The functions of a schema that a role may call. */
export async function callable(sql: Session, role: string, schema: string): Promise<string[]> {
  const rows = await sql.rows<{ name: string }>(
    `select p.proname as name from pg_proc p where p.pronamespace = $2::regnamespace
       and has_function_privilege($1, p.oid, 'execute') order by 1`,
    role,
    schema,
  );
  return rows.map(({ name }) => name);
}

/** Public views that a role may read; they look with the rights of whoever looks. */
const views = `
  select c.relname as name from pg_class c
    where c.relnamespace = 'taxon'::regnamespace and c.relkind = 'v' and has_table_privilege($1, c.oid, 'select')`;

/** Functions that columns, constraints and indexes of the public tables call that a role inserts into. */
const written = `
  select distinct p.proname as name
    from pg_class c
    join lateral (select c.oid union all select i.indexrelid from pg_index i where i.indrelid = c.oid) o(oid) on true
    left join pg_attrdef a on a.adrelid = o.oid
    left join pg_constraint k on k.conrelid = o.oid
    join pg_depend d on d.refclassid = 'pg_proc'::regclass
      and (d.classid, d.objid) in (('pg_attrdef'::regclass, a.oid), ('pg_constraint'::regclass, k.oid), ('pg_class'::regclass, o.oid))
    join pg_proc p on p.oid = d.refobjid
    where c.relnamespace = 'taxon'::regnamespace and c.relkind = 'r' and has_any_column_privilege($1, c.oid, 'insert')`;

const invokers = `
  select proname as name from pg_proc
    where pronamespace in ('taxon'::regnamespace, 'taxon_internal'::regnamespace) and not prosecdef`;

/**
 * What a role has to be able to call besides what it calls itself, each with what needs it: a public function that runs with
 * the caller's rights, a view, or the rows of a table.
 */
export async function needed(sql: Session, role: string): Promise<Map<string, string>> {
  const namesOf = async (query: string, ...values: unknown[]) =>
    (await sql.rows<{ name: string }>(query, ...values)).map(({ name }) => name);
  const calls = Map.groupBy(await arrows(sql), ({ from }) => from);
  const asCaller = new Set([...(await namesOf(invokers)), ...(await namesOf(views, role))]);
  const why = new Map((await namesOf(written, role)).map((name) => [name, 'rows that it inserts']));
  const todo = [
    ...why.keys(),
    ...(await callable(sql, role, 'taxon')),
    ...(await namesOf(views, role)),
  ].sort();
  const seen = new Set<string>();
  for (let from = todo.pop(); from !== undefined; from = todo.pop()) {
    if (seen.has(from) || !asCaller.has(from)) continue;
    seen.add(from);
    for (const { to } of calls.get(from) ?? []) {
      if (!why.has(to) && to !== from) why.set(to, from);
      todo.push(to);
    }
  }
  return why;
}
