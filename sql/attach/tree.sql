-- taxon_internal: The shop's own table of categories, an adjacency list, becomes the taxonomy and is followed.

create or replace function tree_of(said text, out relation regclass, out columns text[])
  language plpgsql stable set search_path from current as $$
declare
  parts text[] := regexp_match(said, '^\s*([^()]+?)\s*(?:\(([^()]*)\))?\s*$');
  missing text;
begin
  relation := to_regclass(parts[1]);
  if relation is null then
    raise exception 'categories => %: there is no such table', quote_literal(said)
      using errcode = 'undefined_table', hint = 'With its schema: categories => ''shop.categories'', or with its columns for id, parent and name: ''shop.categories(id, parent_id, name)''.';
  elsif parts[2] is not null then
    columns := parse_columns(parts[2]);
  else
    -- its primary key, the column that refers to itself, and the first that may be a name
    columns := array[
      (select a.attname from pg_index i join pg_attribute a on a.attrelid = i.indrelid and a.attnum = i.indkey[0]
         where i.indrelid = relation and i.indisprimary and i.indnkeyatts = 1),
      coalesce((select a.attname from pg_constraint k join pg_attribute a on a.attrelid = k.conrelid and a.attnum = k.conkey[1]
                  where k.conrelid = relation and k.confrelid = relation and k.contype = 'f' and cardinality(k.conkey) = 1 limit 1),
               (select a.attname from pg_attribute a where a.attrelid = relation and a.attname in ('parent_id', 'parent', 'parent_category_id')
                  and not a.attisdropped order by a.attname desc limit 1)),
      (select a.attname from pg_attribute a where a.attrelid = relation and a.attname in ('name', 'title', 'category_name')
         and not a.attisdropped order by a.attname limit 1)];
  end if;
  select string_agg(coalesce(u.name, u.part), ', ' order by u.i) into missing
    from unnest(columns, '{id,parent,name}'::text[]) with ordinality u(name, part, i)
    where u.name is null
      or not exists (select from pg_attribute a where a.attrelid = relation and a.attname = u.name and not a.attisdropped);
  if missing is not null or cardinality(columns) <> 3 then
    raise exception 'categories => %: which columns of % hold id, parent and name? Not found: %', quote_literal(said), relation,
        coalesce(missing, 'three columns')
      using errcode = 'undefined_column', hint = format('categories => ''%s(id, parent_id, name)''', relation);
  end if;
end $$;
comment on function tree_of(text) is 'The shop''s table of categories, with its columns for id, parent and name: as they are given in brackets, else its primary key, the column that refers to the table itself, and name or title. Example: select columns from tree_of(''shop.categories'');';

create or replace function may_read(who name, relation regclass) returns void
  language plpgsql stable security definer set search_path from current as $$
declare
  c pg_class := (select x from pg_class x where x.oid = may_read.relation);
begin
  if c.relkind not in ('r', 'p') and not trusts(may_read.relation) then
    raise exception '% is no table, and what it is made of would run with the rights of %', may_read.relation, current_user
      using errcode = 'wrong_object_type';
  elsif not has_schema_privilege(who, c.relnamespace, 'usage') or not has_table_privilege(who, c.oid, 'select') then
    raise exception '% may not read %', who, may_read.relation
      using errcode = 'insufficient_privilege',
        hint = format('grant usage on schema %I to %I; grant select on %s to %2$I;', c.relnamespace::regnamespace::text, who, may_read.relation);
  end if;
end $$;
comment on function may_read(name, regclass) is 'An error, with what to type, where somebody may not read a table, or it is a view that would run somebody else''s code. Example: select may_read(current_user, ''products''::regclass);';

create or replace function follow_tree(relation regclass, columns text[]) returns jsonb
  language plpgsql security definer set search_path from current set row_security = off as $$
declare
  made jsonb;
begin
  perform hold_lock('import', patience => '30 s');
  delete from import_nodes;
  -- quoted names: @plpgsql_check_options: security_warnings = false
  execute format('insert into import_nodes (line, external_id, parent_external_id, name) select row_number() over (order by x.%1$I), x.%1$I::text, x.%2$I::text, x.%3$I::text from %4$s x',
    columns[1], columns[2], columns[3], relation);
  made := make_tree(format('as %s has it', relation));
  delete from import_nodes;
  return made;
end $$;
comment on function follow_tree(regclass, text[]) is 'Makes, renames and moves categories as the shop''s own table of them says; returns the counts of make_tree(). Example: select follow_tree(''shop.categories'', ''{id,parent_id,name}'');';

create or replace function follow_trees() returns integer
  language plpgsql security definer set search_path from current as $$
declare
  a attachments;
  changed integer := 0;
  made jsonb;
begin
  for a in select distinct on (x.tree_relation) x.* from attachments x where x.tree_relation is not null loop
    begin
      made := follow_tree(a.tree_relation, a.tree_columns);
      changed := changed + (made ->> 'made')::integer + (made ->> 'renamed')::integer + (made ->> 'moved')::integer;
      update attachments x set tree_failure = null where x.tree_relation = a.tree_relation;
      -- labels that named what was not there yet
      if (made ->> 'made')::integer > 0 then
        perform sweep_attached(x.relation) from attachments x where x.tree_relation = a.tree_relation and x.labels is not null;
      end if;
    exception when others or assert_failure then
      if is_conflict(sqlstate) then raise; end if;
      -- the rest of the shop's data is followed all the same
      update attachments x set tree_failure = sqlerrm where x.tree_relation = a.tree_relation;
    end;
  end loop;
  return changed;
end $$;
comment on function follow_trees() is 'follow_tree() for each table of categories that attached tables name; what is wrong with one is said by health(). Returns how many categories were made, renamed or moved. Sidecars call it at their start and every hour. Example: select follow_trees();';
grant execute on function follow_trees to taxon_admin, taxon_sidecar;
