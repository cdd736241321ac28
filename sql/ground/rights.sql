-- taxon_internal: Who could make the owner run something that is not ours. taxon migrate asks with this very text before it makes
-- anything, so it is bound when created, begins and ends with the lines below, and calls nothing of this schema.

create or replace function path_risks(schemas text[]) returns table (place text, who text, risk text, remedy text)
  language sql stable security definer
begin atomic
  with outsider as (
    -- neither a superuser, nor somebody who can become the owner anyway, as CREATEROLE could before PostgreSQL 16, nor the
    -- database's owner, who chooses the search_path of everybody's sessions
    select r.oid, r.rolname::text as who, quote_ident(r.rolname) as quoted
      from pg_roles r join pg_roles m on m.rolname = current_user join pg_database d on d.datname = current_database()
      where not r.rolsuper and r.rolname <> 'pg_database_owner' and not pg_has_role(r.oid, m.oid, 'member')
        and (m.rolsuper or not (pg_has_role(r.oid, d.datdba, 'member')
                                or r.rolcreaterole and current_setting('server_version_num')::integer < 160000))
    union all
    select 0::oid, 'PUBLIC', 'public'
  ), schema_on_path as (
    select n.oid, n.nspname::text as place, n.nspowner, coalesce(n.nspacl, acldefault('n', n.nspowner)) as acl
      from pg_namespace n where n.nspname = any (path_risks.schemas)
  ), creator as (
    select s.oid, s.place, o.oid as role, o.who, o.quoted, s.nspowner,
           exists (select from aclexplode(s.acl) a where a.grantee = o.oid and a.privilege_type = 'CREATE') as granted
      from schema_on_path s, outsider o
      where case when o.oid = 0 then exists (select from aclexplode(s.acl) a where a.grantee = 0 and a.privilege_type = 'CREATE')
                 -- whoever is no exception because everybody may is not named one by one
                 else has_schema_privilege(o.oid, s.oid, 'create')
                      and not exists (select from aclexplode(s.acl) a where a.grantee = 0 and a.privilege_type = 'CREATE') end
  )
  select c.place, c.who, 'may create functions in it' as risk,
         case when c.role = c.nspowner then format('alter schema %I owner to %I', c.place, current_user)
              when c.granted then format('revoke create on schema %I from %s', c.place, c.quoted)
              else format('alter schema %I owner to %I', c.place, current_user) end as remedy
    from creator c
    -- one that may by a role of his which is named itself
    where c.granted or c.role = c.nspowner
       or not exists (select from creator g where g.oid = c.oid and g.role not in (0, c.role) and pg_has_role(c.role, g.role, 'usage'))
  union all
  -- the server prefers the function that fits best, in whichever schema, so one that is there already counts as well
  select t.place, o.who, format('owns the %s %s in it', t.kind, t.thing), format('drop %s %s', t.kind, t.thing)
    from (
      select s.place, p.proowner as owner, 'function' as kind,
        format('%I.%I(%s)', s.place, p.proname, pg_get_function_identity_arguments(p.oid)) as thing
        from schema_on_path s join pg_proc p on p.pronamespace = s.oid
      union all
      select s.place, p.oprowner, 'operator', format('%I.%s (%s, %s)', s.place, p.oprname,
             case p.oprleft when 0 then 'none' else format_type(p.oprleft, null) end, format_type(p.oprright, null))
        from schema_on_path s join pg_operator p on p.oprnamespace = s.oid
    ) t join outsider o on o.oid = t.owner
  union all
  -- a trigger runs as whoever writes the row: the owner, when a name is settled
  select s.place, o.who, format('may make triggers on %I.%I', s.place, c.relname),
    format('revoke trigger on %I.%I from %s', s.place, c.relname, o.quoted)
    from schema_on_path s join pg_class c on c.relnamespace = s.oid
    join pg_roles m on m.oid = c.relowner and m.rolname = current_user
    cross join aclexplode(c.relacl) a join outsider o on o.oid = a.grantee
    -- of the two in front, which are ours: their functions write nowhere else
    where a.privilege_type = 'TRIGGER' and s.place = any ((path_risks.schemas)[1:2])
  order by 1, 2, 3;
end;
comment on function path_risks(text[]) is 'Who could make the owner''s functions call something else: may create in a schema that they look into, or owns a function or an operator there, or may make triggers on the owner''s tables in the first two of the schemas; and the statement that ends it. No row: nobody but superusers and members of the owner. Example: select * from path_risks(current_schemas(false)::text[]);';
grant execute on function path_risks to taxon_admin;

create or replace function rights_health() returns table (item text, status text, value text, detail text)
  language sql stable security definer set search_path from current as $$
  select 'rights', 'warn', r.who, format('%s %s (schema %s), so the owner''s rights are theirs too: %s', r.who, r.risk, r.place, r.remedy)
    from path_risks(current_schemas(false)::text[]) r
  union all
  select 'rights', 'warn', 'PUBLIC', format('everybody may call %s functions that run with the owner''s rights, as after a restore without the roles; type: taxon migrate', count(*))
    from pg_proc p cross join aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) a
    where p.pronamespace = any (own_schemas()) and p.prosecdef and a.grantee = 0 having count(*) > 0
  union all
  select 'rights', 'warn', string_agg(r.name, ', ' order by r.nth), 'missing roles, as after a restore without them; type: taxon migrate'
    from unnest('{taxon_reader,taxon_writer,taxon_admin,taxon_sidecar}'::text[]) with ordinality r(name, nth)
    where not exists (select from pg_roles p where p.rolname = r.name) having count(*) > 0;
$$;
comment on function rights_health() is 'What health() says of rights that somebody has and should not have; no row where all is well. Example: select item, detail from rights_health();';
