-- Up Migration
-- Categories that differ only by case, apostrophe, white space or invisible characters are one.

do $$
declare
  twins record;
begin
  select array_agg(category_id order by category_id) as ids, min(name) as name into twins
    from categories where retired_at is null group by parent_id, normalise(name) having count(*) > 1 limit 1;
  if found then
    raise exception 'the categories % ("%") differ only by case, apostrophe or what nobody sees', array_to_string(twins.ids, ', '), twins.name
      using hint = format('They are one from now on. Merge them first: select * from merge_categories(array[%s], %s);', array_to_string(twins.ids[2:], ', '), twins.ids[1]);
  end if;
end $$;
drop index categories_name_in_use;
create unique index categories_name_in_use on categories (normalise(name), parent_id) nulls not distinct where retired_at is null;
create index categories_name_retired on categories (normalise(name), parent_id) where retired_at is not null;
alter table categories add constraint categories_name_seen check (normalise(name) <> '');
comment on column categories.name is 'The node''s own name, unique among its siblings: two that differ only by case, apostrophe or invisible characters are one.';

create unlogged table import_paths (
  path text[] not null,
  spelling text[] not null,
  times bigint not null,
  first bigint not null,
  external_id text,
  category_id bigint
);
comment on table import_paths is 'The distinct paths of import_rows while import_labels() runs, with the category that each is.';
comment on column import_paths.path is 'Category names as the import has them.';
comment on column import_paths.spelling is 'The same in the spelling that most rows have, level by level.';
comment on column import_paths.times is 'How many rows have the path.';
comment on column import_paths.first is 'The first of them.';
comment on column import_paths.external_id is 'The shop''s own id of the category, where a row has one.';
comment on column import_paths.category_id is 'The category in use that it leads to.';
