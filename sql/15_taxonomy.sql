-- The tree: which node is l1, l2, l3; making nodes as imports meet them.

create or replace function level_ids(path_ids bigint[], tree_levels text) returns bigint[]
  language plpgsql immutable strict parallel safe set search_path from current as $$
declare
  depths text[] := string_to_array(tree_levels, ',');
  n integer := cardinality(path_ids);
  l2_depth integer := depths[2]::integer;
begin
  -- "deepest" is the node itself, if it lies below l2
  return array[
    path_ids[least(depths[1]::integer, n)],
    path_ids[l2_depth],
    case when depths[3] <> 'deepest' then path_ids[depths[3]::integer] when n > l2_depth then path_ids[n] end];
end $$;
comment on function level_ids(bigint[], text) is 'l1, l2 and l3 of a node from its ids root to node, under a tree_levels text such as 1,2,deepest.';

create or replace function place_category() returns trigger
  language plpgsql security definer set search_path from current as $$
declare
  above bigint[];
  levels bigint[];
begin
  if tg_op = 'UPDATE' and new.parent_id is distinct from old.parent_id then
    raise exception 'category % cannot be moved by UPDATE: the nodes below it and the labels would not follow', old.category_id;
  end if;
  if new.parent_id is not null then
    select c.path_ids into above from categories c where c.category_id = new.parent_id;
  end if;
  new.path_ids := coalesce(above, '{}') || new.category_id;
  new.level := cardinality(new.path_ids);
  levels := level_ids(new.path_ids, setting('tree_levels') #>> '{}');
  new.l1 := levels[1];
  new.l2 := levels[2];
  new.l3 := levels[3];
  return new;
end $$;
comment on function place_category() is 'Trigger: fills level, path_ids, l1, l2 and l3 of a category.';

create or replace trigger place_category before insert or update on categories
  for each row execute function place_category();
comment on trigger place_category on categories is 'Fills what follows from the parent.';

create or replace function set_tree_levels(tree_levels text) returns void
  language plpgsql security definer set search_path from current as $$
begin
  if tree_levels !~ '^[1-9],[1-9],([1-9]|deepest)$'
     or split_part(tree_levels, ',', 2) <= split_part(tree_levels, ',', 1)
     or split_part(tree_levels, ',', 3) <= split_part(tree_levels, ',', 2) then
    raise exception '"%" is not a choice of tree levels', tree_levels
      using hint = 'Three rising depths, the last may be "deepest": 1,2,deepest or 1,2,4.';
  end if;
  if setting('tree_levels') #>> '{}' = tree_levels then return; end if;
  update settings s set value = to_jsonb(tree_levels), changed_at = now() where s.key = 'tree_levels';
  update categories set name = name;
  update products p set l1 = c.l1, l2 = c.l2, l3 = c.l3 from categories c
    where c.category_id = p.category_id and (p.l1, p.l2, p.l3) is distinct from (c.l1, c.l2, c.l3);
end $$;
comment on function set_tree_levels(text) is 'Chooses which depths of the tree are l1, l2 and l3 (default 1,2,deepest) and moves categories and products along; models trained before must be trained again.';

create or replace function category_path(category_id bigint) returns text
  language sql stable parallel safe
begin atomic
  select string_agg(a.name, ' > ' order by a.level)
    from categories c join categories a on a.category_id = any (c.path_ids)
    where c.category_id = category_path.category_id;
end;
comment on function category_path(bigint) is 'The names from the root to a category: "a > b > c".';

create or replace function make_category(path text[], external_id text default null) returns bigint
  language plpgsql security definer set search_path from current as $$
declare
  node bigint;
  above bigint;
  part text;
begin
  foreach part in array path loop
    select c.category_id into node from categories c where c.parent_id is not distinct from above and c.name = part;
    if node is null then
      insert into categories (parent_id, name, path_ids, level, l1) values (above, part, '{}', 0, 0)
        on conflict (parent_id, name) do nothing returning category_id into node;
      if node is null then  -- another import made it this very moment
        select c.category_id into strict node from categories c where c.parent_id is not distinct from above and c.name = part;
      end if;
    end if;
    above := node;
  end loop;
  if make_category.external_id is not null then
    update categories c set external_id = make_category.external_id
      where c.category_id = node and c.external_id is distinct from make_category.external_id;
  end if;
  return node;
end $$;
comment on function make_category(text[], text) is 'The id of the category with this path of names; nodes that are missing are made. With external_id also notes the shop''s own id.';
