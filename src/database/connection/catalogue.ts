/**
 * Everything in the first two schemas of the search_path that pgtaxon may have made: object, definition, repair, as table schema_objects
 * holds them. Needs pgtaxon's own search_path (internal schema first), which decides which names the server writes with their schema; it has
 * no parameters, so that a DBA's script can hold it.
 *
 * Owners, storage and statistics are the owner's business, and so are grants to roles that are not ours.
 */
export const catalogue = `
  with here as (
    select n.oid, n.nspname, n.nspowner, n.nspacl, case n.nspname when current_schema() then 'schema internal' else 'schema public' end as object
      from pg_namespace n 
      where n.nspname = any ((current_schemas(false))[1:2])
  ), relation as (
    select c.oid, c.relname, c.relkind, c.relowner, c.relacl, c.reloptions, quote_ident(c.relname) as quoted,
           case c.relkind when 'v' then 'view ' when 'S' then 'sequence ' else 'table ' end || c.relname as object
      from pg_class c join here h on h.oid = c.relnamespace where c.relkind in ('r', 'p', 'v', 'S')
  ), col as (
    select a.*, r.relname, r.relkind, r.quoted || '.' || quote_ident(a.attname) as quoted, r.quoted as quoted_table,
           r.object as parent, pg_get_expr(d.adbin, d.adrelid) as expression
      from pg_attribute a join relation r on r.oid = a.attrelid
      left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
      where r.relkind in ('r', 'p', 'v') and a.attnum > 0 and not a.attisdropped
  ), routine as (
    select p.oid, p.proowner, p.proacl, pg_get_functiondef(p.oid) as definition,
           format('function %s(%s)', p.proname, pg_get_function_identity_arguments(p.oid)) as object
      from pg_proc p join here h on h.oid = p.pronamespace where p.prokind in ('f', 'p')
  ), made (object, definition, repair) as (
    select r.object, coalesce(case when r.relkind = 'v' then pg_get_viewdef(r.oid) || coalesce(r.reloptions::text, '') end, ''), null
      from relation r
    union all
    select format('column %s.%s', c.relname, c.attname),
           concat_ws(' ', format_type(c.atttypid, c.atttypmod), case when c.attnotnull then 'not null' end,
             'identity ' || nullif(c.attidentity::text, ''), 'generated ' || nullif(c.attgenerated::text, '')), null
      from col c
    union all
    select format('default of %s.%s', c.relname, c.attname), c.expression,
           case when c.attgenerated = '' then format('alter table %s alter column %I set default %s', c.quoted_table, c.attname, c.expression) end
      from col c where c.expression is not null
    union all
    select format('constraint %s on %s', k.conname, r.relname), pg_get_constraintdef(k.oid),
           format('alter table %s add constraint %I %s', r.quoted, k.conname, pg_get_constraintdef(k.oid))
      from pg_constraint k join relation r on r.oid = k.conrelid where k.contype in ('c', 'f', 'p', 'u', 'x')
    union all
    select 'index ' || c.relname, pg_get_indexdef(i.indexrelid) || case when i.indisvalid then '' else ' (invalid)' end,
           pg_get_indexdef(i.indexrelid)
      from pg_index i join relation r on r.oid = i.indrelid join pg_class c on c.oid = i.indexrelid
      where not exists (select from pg_constraint k where k.conindid = i.indexrelid and k.conrelid = i.indrelid)
        and c.relname not like 'embeddings\\_near\\_%' -- comes and goes with its encoder
    union all
    select format('trigger %s on %s', t.tgname, r.relname), pg_get_triggerdef(t.oid) || ' ' || t.tgenabled::text, pg_get_triggerdef(t.oid)
      from pg_trigger t join relation r on r.oid = t.tgrelid where not t.tgisinternal
    union all
    select f.object, f.definition, null from routine f
    union all
    select 'comment on ' || r.object, obj_description(r.oid, 'pg_class'),
           format('comment on %s %s is %L', split_part(r.object, ' ', 1), r.quoted, obj_description(r.oid, 'pg_class'))
      from relation r
    union all
    select format('comment on column %s.%s', c.relname, c.attname), col_description(c.attrelid, c.attnum),
           format('comment on column %s is %L', c.quoted, col_description(c.attrelid, c.attnum))
      from col c
    union all
    select 'comment on ' || f.object, obj_description(f.oid, 'pg_proc'), null from routine f
  ), granted (object, acl, on_column) as (
    select h.object, coalesce(h.nspacl, acldefault('n', h.nspowner)), null from here h
    union all
    select r.object, coalesce(r.relacl, acldefault(case r.relkind when 'S' then 's' else 'r' end::"char", r.relowner)), null from relation r
    union all
    select c.parent, c.attacl, c.attname from col c where c.attacl is not null
    union all
    select f.object, coalesce(f.proacl, acldefault('f', f.proowner)), null from routine f
  ), grantee as (
    select 0::oid as oid, 'PUBLIC' as name
    union all
    select r.oid, r.rolname from pg_roles r where r.rolname in ('taxon_reader', 'taxon_writer', 'taxon_admin', 'taxon_sidecar')
  ), privilege as (
    select g.object, e.name || ': ' || string_agg(
             concat(lower(a.privilege_type), '(' || g.on_column || ')', case when a.is_grantable then ' with grant option' end),
             ', ' order by a.privilege_type, g.on_column) as may
      from granted g, aclexplode(g.acl) a join grantee e on e.oid = a.grantee group by g.object, e.name
  )
  select m.object, m.definition, m.repair from made m where m.definition is not null
  union all
  select 'privileges of ' || g.object, coalesce(p.may, 'none'), null
    from granted g
    left join (select p.object, string_agg(p.may, '; ' order by p.may) as may from privilege p group by p.object) p on p.object = g.object
    where g.on_column is null
  union all
  select h.object, h.nspname, null from here h
  union all
  select 'search path', current_setting('search_path'), null
  union all
  select 'server', 'PostgreSQL ' || current_setting('server_version_num')::integer / 10000, null`;
