-- taxon: The path of a category, as people read it.

create or replace function category_path(category_id bigint) returns text
  -- strict: the plans of NULLs, which cost nothing, kept the server from keeping one plan for all: .05 ms a call, with it .02
  language sql stable strict parallel safe
begin atomic
  select string_agg(a.name, ' > ' order by a.level)
    from categories c join categories a on a.category_id = any (c.path_ids)
    where c.category_id = category_path.category_id;
end;
comment on function category_path(bigint) is
  'Writes the names from the root to a category: "a > b > c".
category_id: the category; NULL where there is none of this id.
Example: select category_path(3);';
grant execute on function category_path to taxon_reader, taxon_writer, taxon_admin, taxon_sidecar;
