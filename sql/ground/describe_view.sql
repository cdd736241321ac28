-- taxon_internal: Columns of a view that mean what a table's mean are described once.

create or replace function describe_view(view_name text, table_name text) returns void
  language plpgsql set search_path from current as $$
declare
  col record;
begin
  for col in
    select a.attname, coalesce(d.description, '') as description
      from pg_attribute a
      left join pg_attribute t on t.attrelid = table_name::regclass and t.attname = a.attname
      left join pg_description d on d.objoid = t.attrelid and d.objsubid = t.attnum
      where a.attrelid = view_name::regclass and a.attnum > 0
  loop
    execute format('comment on column %I.%I is %L', view_name, col.attname, col.description);
  end loop;
end $$;
comment on function describe_view(text, text) is 'Gives the columns of a view the comments of the table''s columns of the same names; others are described afterwards. Example: select describe_view(''products_readable'', ''products'');';
