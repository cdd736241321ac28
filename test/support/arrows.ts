import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../../src/config.ts';
import { sqlOrder } from '../../src/database/connection/sql-files.ts';
import type { Session } from './sql.ts';

/** The topic of each function and view that the repeatable SQL makes. */
export function topics(): Map<string, string> {
  const found = new Map<string, string>();
  for (const { topic, files } of sqlOrder())
    for (const file of files)
      for (const [, name = ''] of readFileSync(join(packageRoot, file), 'utf8').matchAll(
        /^create or replace (?:function|view) (\w+)/gm,
      ))
        found.set(name, topic);
  return found;
}

/**
 * What calls or reads what: bodies that are bound when created, and views, by the catalogue; all others by their text.
 * A body that makes a function's name of a purpose's hooks calls that function of each purpose.
 */
export async function arrows(sql: Session): Promise<{ from: string; to: string }[]> {
  const bound = await sql.rows<{ from: string; to: string }>(`
    with thing (class, oid, name) as (
      select 'pg_proc'::regclass, p.oid, p.proname from pg_proc p
      union all
      select 'pg_class'::regclass, c.oid, c.relname from pg_class c where c.relkind = 'v'
    )
    select distinct f.name as "from", t.name as "to"
      from pg_depend d
      left join pg_rewrite r on d.classid = 'pg_rewrite'::regclass and r.oid = d.objid
      join thing f on f.class = case when r.oid is null then d.classid else 'pg_class'::regclass end and f.oid = coalesce(r.ev_class, d.objid)
      join thing t on t.class = d.refclassid and t.oid = d.refobjid
      where f.name <> t.name`);
  const written = await sql.rows<{ name: string; text: string }>(
    `select p.proname as name, p.prosrc as text from pg_proc p
       where p.pronamespace in (select oid from pg_namespace where nspname like 'taxon%') and p.prosqlbody is null`,
  );
  const hooks = await sql.rows<{ hooks: string }>('select distinct hooks from purposes');
  const bare = (text: string) => text.replaceAll(/--.*|'(?:[^']|'')*'/g, '');
  return [
    ...bound,
    ...written.flatMap(({ name, text }) =>
      Array.from(bare(text).matchAll(/\b(\w+)\s*\(|\b(?:from|join)\s+(\w+)/g), ([, called, read]) => ({
        from: name,
        to: called ?? read ?? '',
      })),
    ),
    ...written.flatMap(({ name, text }) =>
      Array.from(text.matchAll(/\bhooks \|\| '(_\w+)'/g)).flatMap(([, suffix]) =>
        hooks.map((purpose) => ({ from: name, to: `${purpose.hooks}${suffix}` })),
      ),
    ),
  ];
}

/**
 * Arrows from a topic to one that stands behind it in `sql/order`, as `route: claim → health (screens)`.
 *
 * @param where the topic of each function and view
 */
export async function arrowsBack(
  sql: Session,
  where: ReadonlyMap<string, string> = topics(),
): Promise<string[]> {
  const height = new Map(sqlOrder().map(({ topic }, i) => [topic, i]));
  const back = (await arrows(sql)).flatMap(({ from, to }) => {
    const [a, b] = [where.get(from), where.get(to)];
    if (a === undefined || b === undefined || (height.get(a) ?? 0) >= (height.get(b) ?? 0)) return [];
    return [`${a}: ${from} → ${to} (${b})`];
  });
  return [...new Set(back)].sort();
}
