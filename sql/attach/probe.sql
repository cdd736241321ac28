-- taxon_internal: Whether a table can be attached, and what is read of its rows.
--
-- What a person gives as an expression is read with the owner's rights, by functions of the owner. So the server parses it in a view
-- that nobody reads, what it calls is looked at, and what is kept is what the server has made of it.

create or replace function attachable(relation regclass) returns void
  language plpgsql stable security definer set search_path from current as $$
declare
  c pg_class := (select x from pg_class x where x.oid = attachable.relation);
  why text;
begin
  why := case
    when c.relnamespace = any (own_schemas()) then 'it is pgtaxon''s own'
    when c.relkind not in ('r', 'p') then 'it is no table: triggers see changes of tables alone'
    when c.relpersistence = 't' then 'it is temporary: other sessions do not see it'
    when c.relispartition then format('it is a partition; attach the whole table: %s',
      (select i.inhparent::regclass from pg_inherits i where i.inhrelid = c.oid))
    when c.relkind = 'r' and exists (select from pg_inherits i where i.inhparent = c.oid)
      then 'other tables inherit from it, and its triggers do not see what is written into them'
    when row_security_active(c.oid) then format('row-level security hides rows of it from %s, who reads it for pgtaxon: alter role %I bypassrls, or a policy for it, and not forced',
      current_user, current_user)
    when exists (select from pg_rewrite r where r.ev_class = c.oid) then 'it has rules, which may do something else than what a statement says'
  end;
  if why is not null then
    raise exception '% cannot be attached: %', attachable.relation, why using errcode = 'wrong_object_type';
  end if;
end $$;
comment on function attachable(regclass) is 'An error, with why, where a table can be followed by no triggers of ours, or read by nobody of ours. Example: select attachable(''shop.order_products'');';

create or replace function key_of(relation regclass, key text, out columns text[], out types text[], out collations text[])
  language plpgsql stable security definer set search_path from current as $$
declare
  wanted text[];
  odd text;
begin
  if key is null then
    select array_agg(a.attname::text order by u.i) into wanted
      from pg_index i cross join unnest(i.indkey) with ordinality u(attnum, i)
      join pg_attribute a on a.attrelid = i.indrelid and a.attnum = u.attnum
      where i.indrelid = key_of.relation and i.indisprimary and u.i <= i.indnkeyatts;
    if wanted is null then
      raise exception '% has no primary key: which columns tell its rows apart?', key_of.relation
        using errcode = 'invalid_parameter_value', hint = 'key => ''id'', or several: key => ''shop_id, id''';
    end if;
  else
    wanted := parse_columns(key);
  end if;
  select array_agg(a.attname::text order by u.i), array_agg(format_type(b.base, b.mod) order by u.i),
         array_agg(case when a.attcollation <> 0 then format('%I.%I', n.nspname, l.collname) end order by u.i),
         string_agg(case when a.attname is null then format('there is no column %I', u.name)
                         when not a.attnotnull then format('%I may be NULL', u.name)
                         when b.base not in ('int2'::regtype, 'int4'::regtype, 'int8'::regtype, 'numeric'::regtype, 'uuid'::regtype,
                           'text'::regtype, 'varchar'::regtype, 'bpchar'::regtype, 'date'::regtype, 'timestamp'::regtype,
                           'timestamptz'::regtype, 'bool'::regtype, 'inet'::regtype, 'macaddr'::regtype)
                           then format('%I is of type %s, and keys are numbers, uuid, text, dates or times', u.name, format_type(b.base, b.mod)) end,
                    '; ' order by u.i)
    into columns, types, collations, odd
    from unnest(wanted) with ordinality u(name, i)
    left join pg_attribute a on a.attrelid = key_of.relation and a.attname = u.name and a.attnum > 0 and not a.attisdropped
    left join pg_type t on t.oid = a.atttypid
    left join lateral (select case when t.typtype = 'd' then t.typbasetype else t.oid end as base,
                              case when t.typtype = 'd' then t.typtypmod else a.atttypmod end as mod) b on true
    left join pg_collation l on l.oid = a.attcollation
    left join pg_namespace n on n.oid = l.collnamespace;
  if odd is not null then
    raise exception 'key => %: %', quote_literal(array_to_string(wanted, ', ')), odd using errcode = 'invalid_parameter_value';
  elsif not exists (
    select from pg_index i where i.indrelid = key_of.relation and i.indisunique and i.indisvalid and i.indpred is null
      and i.indexprs is null
      and (select array_agg(a.attname::text order by a.attname) from unnest(i.indkey) with ordinality u(attnum, place)
             join pg_attribute a on a.attrelid = i.indrelid and a.attnum = u.attnum where u.place <= i.indnkeyatts)
          = (select array_agg(w order by w collate "C") from unnest(wanted) w)) then
    raise exception 'key => %: no unique index of % is on just these columns, so they may not tell its rows apart',
        quote_literal(array_to_string(wanted, ', ')), key_of.relation
      using errcode = 'invalid_parameter_value';
  end if;
end $$;
comment on function key_of(regclass, text) is 'The columns of a table''s key, their types (of a domain, what it is made of) and collations; key NULL: its primary key. An error where they may not tell rows apart. Example: select columns from key_of(''shop.order_products'', ''id'');';

create or replace function parse_columns(said text) returns text[]
  language plpgsql immutable set search_path from current as $$
declare
  found text[];
begin
  -- names as SQL writes them: in lower case unless they are quoted
  select array_agg((parse_ident(btrim(u.part)))[1] order by u.i) into found
    from unnest(string_to_array(said, ',')) with ordinality u(part, i);
  return found;
exception when invalid_parameter_value then
  raise exception '"%" is no list of columns', said using errcode = 'invalid_parameter_value',
    hint = 'Columns as SQL writes them, with commas between them: id, or "Shop Id", id.';
end $$;
comment on function parse_columns(text) is 'Names of columns out of a list with commas. Example: parse_columns(''id, "Day"'') is {id,Day}.';

create or replace function trusts(relation regclass) returns boolean
  language sql stable security definer set search_path from current as $$
  select pg_has_role(c.relowner, current_user::regrole, 'member') from pg_class c where c.oid = trusts.relation;
$$;
comment on function trusts(regclass) is 'Whether a table''s owner may act as the owner of this schema anyway, so that what he wrote (a function, a trigger) may run with that one''s rights. Example: select trusts(''products''::regclass);';

create or replace function called_by(node text) returns setof regprocedure
  language sql stable set search_path from current as $$
  select distinct f.id::regprocedure from (
    select (m.found)[1]::oid as id from regexp_matches(node, ':\w*funcid (\d+)', 'g') m(found) where (m.found)[1] <> '0'
    union
    select o.oprcode from regexp_matches(node, ':opno (\d+)', 'g') m(found) join pg_operator o on o.oid = (m.found)[1]::oid
  ) f;
$$;
comment on function called_by(text) is 'The functions in an expression, as pg_rewrite or pg_attrdef store it. Example: select * from called_by('':funcid 1299'');';

create or replace function probe_row(relation regclass, key_columns text[], name text, filter text, labels text, labelled_at text,
                                     out select_list text, out watched text[])
  language plpgsql security definer set search_path from current as $$
declare
  probe regclass;
  node text;
  bad text;
  odd text := concat_ws(' ', name, filter);
begin
  -- what is run is one statement, whatever stands in the text
  if odd like '%;%' then
    raise exception 'a name or a filter is one expression, without a semicolon: %', odd using errcode = 'invalid_parameter_value';
  end if;
  select string_agg(format('there is no column %I', u.c), '; ') into bad from unnest(array[labels, labelled_at]) u(c)
    where u.c is not null and not exists (select from pg_attribute a where a.attrelid = probe_row.relation and a.attname = u.c
                                            and a.attnum > 0 and not a.attisdropped);
  if bad is not null then
    raise exception '%: %', probe_row.relation, bad using errcode = 'undefined_column';
  end if;
  begin
    -- only parsed, never read: @plpgsql_check_options: security_warnings = false
    execute format(E'create view attach_probe as select %s,\n(%s\n)::text as name,\ncoalesce((%s\n)::boolean, false) as wanted,\n%s::text as label,\n%s::timestamptz as labelled_at\nfrom %s x',
      (select string_agg(format('x.%I as %I', u.c, 'k' || u.i), ', ' order by u.i) from unnest(key_columns) with ordinality u(c, i)),
      name, coalesce(filter, 'true'), coalesce('x.' || quote_ident(labels), 'null'), coalesce('x.' || quote_ident(labelled_at), 'null'),
      probe_row.relation);
  exception when syntax_error_or_access_rule_violation or data_exception or feature_not_supported or invalid_parameter_value then
    raise exception '%: the expression for the name (%) or for where (%) cannot be read: %', probe_row.relation, name,
        coalesce(filter, 'none'), sqlerrm
      using errcode = sqlstate, hint = 'Write them as in select … from the table, functions with their schema: name => ''concat_ws('''' '''', brand, title)''.';
  end;
  probe := to_regclass('attach_probe');
  select r.ev_action::text into node from pg_rewrite r where r.ev_class = probe;
  if node ~ ':(hasAggs|hasWindowFuncs|hasTargetSRFs|hasSubLinks) true|:setOperations \{|:cteList \(|:distinctClause \('
     or exists (select from pg_depend d join pg_rewrite r on d.classid = 'pg_rewrite'::regclass and d.objid = r.oid
                  where r.ev_class = probe and d.refclassid = 'pg_class'::regclass
                    and d.refobjid not in (r.ev_class, probe_row.relation)) then
    raise exception 'a name or a filter is made of one row''s own columns: no subquery, no aggregate: %', odd
      using errcode = 'invalid_parameter_value';
  elsif not trusts(probe_row.relation) then
    select string_agg(p.oid::regprocedure::text, ', ') into bad from called_by(node) f join pg_proc p on p.oid = f
      where p.pronamespace <> 'pg_catalog'::regnamespace or p.provolatile = 'v' or p.proname ~ '(^pg_|^lo_|^dblink|_to_xml|xmlschema)';
    if bad is not null or node like '%COERCETODOMAIN%' then
      raise exception '% would run with the rights of %, who does not own %', coalesce(bad, 'what checks a domain'), current_user,
          probe_row.relation
        using errcode = 'insufficient_privilege', hint = 'Use functions of PostgreSQL itself that change nothing, or keep the name in a column.';
    end if;
  end if;
  select array_agg(distinct a.attname::text order by a.attname::text) into watched
    from pg_depend d join pg_rewrite r on d.classid = 'pg_rewrite'::regclass and d.objid = r.oid
    join pg_attribute a on a.attrelid = d.refobjid and a.attnum = d.refobjsubid
    where r.ev_class = probe and d.refclassid = 'pg_class'::regclass and d.refobjid = probe_row.relation and d.refobjsubid > 0;
  select_list := regexp_replace(pg_get_viewdef(probe), '^(.*)\sFROM\s.*$', '\1');
  execute 'drop view attach_probe';
end $$;
comment on function probe_row(regclass, text[], text, text, text,
  text) is 'What is read of one row of a table: SELECT with the key (k1, k2 …), name, wanted, label and labelled_at as the server words them, without FROM (its rows are called x), and the columns that these are made of. Expressions that read anything else are refused, and such as would run somebody else''s code with the owner''s rights. Example: select watched from probe_row(''shop.order_products'', ''{id}'', ''title'', null, null, null);';
