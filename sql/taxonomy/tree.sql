-- taxon_internal: The tree: which node is l1, l2, l3; making nodes as imports meet them. What changes it on live traffic: 88_*.sql.

create or replace function hold_taxonomy() returns void
  language plpgsql set search_path from current as $$
begin
  perform hold_lock('taxonomy', shared => true, patience => '10 s');
end $$;
comment on function hold_taxonomy() is 'What writes categories into labels or products calls it first: the taxonomy then stays as it is until the transaction ends. Inserts of applications do not: mend_taxonomy() looks after them. 55P03 when a change of it takes over 10 s: what settles tries again. Example: select hold_taxonomy();';

create or replace function lock_taxonomy(changed bigint[]) returns void
  language plpgsql security definer set search_path from current set lock_timeout = '10s' as $$
begin
  perform hold_lock('taxonomy', patience => '10 s');
  -- a label that is being written by hand holds its category
  perform from categories c where c.category_id = any (changed) order by c.category_id for update;
exception when lock_not_available then
  raise exception 'the taxonomy is in use by another transaction: an import, a change of it, or one that was left open: %',
      coalesce(lock_holders('taxonomy'), 'somebody who writes a label of it by hand')
    using hint = 'Try again. Who may hold it: select pid, state, query from pg_stat_activity where backend_xid is not null;',
          errcode = 'lock_not_available';
end $$;
comment on function lock_taxonomy(bigint[]) is 'A change of the taxonomy calls it first, with the categories that it changes: waits 10 s at most for those that write labels and rows, and has them wait. Example: select lock_taxonomy(array[7]);';

create or replace function in_use(category_id bigint) returns bigint
  language sql stable parallel safe
begin atomic
  select coalesce(c.merged_into, case when c.retired_at is null then c.category_id end)
    from categories c where c.category_id = in_use.category_id;
end;
comment on function in_use(bigint) is 'The category itself, or where it is retired its successor; NULL where it has none. Example: select in_use(7);';
grant execute on function in_use to taxon_admin;

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
  if tg_op = 'INSERT' then
    perform hold_taxonomy();  -- its parent is not moved or retired meanwhile
    -- One that comes with its place keeps it, as from a dump of data alone: there a child may come before its parent, and below a
    -- retired one. What makes categories gives none.
    if new.path_ids[cardinality(new.path_ids)] = new.category_id and new.level = cardinality(new.path_ids) then return new; end if;
    if exists (select from categories c where c.category_id = new.parent_id and c.retired_at is not null) then
      raise exception 'category % is retired: nothing can be added below it', new.parent_id;
    end if;
  -- move_category() says both
  elsif new.parent_id is distinct from old.parent_id and new.path_ids is not distinct from old.path_ids then
    raise exception 'category % cannot be moved by UPDATE: the nodes below it and the labels would not follow', old.category_id
      using hint = format('select * from move_category(%s, %s);', old.category_id, coalesce(new.parent_id::text, 'NULL'));
  end if;
  if new.parent_id is not null then
    select c.path_ids into above from categories c where c.category_id = new.parent_id;
  end if;
  new.path_ids := coalesce(above, '{}') || new.category_id;
  new.level := cardinality(new.path_ids);
  levels := level_ids(new.path_ids, setting('tree_levels') #>> '{}');
  -- what was said of it counts as said of its successor, wherever answers are compared by l1, l2 and l3
  if new.merged_into is not null then
    select array[c.l1, c.l2, c.l3] into levels from categories c where c.category_id = new.merged_into;
  end if;
  new.l1 := levels[1];
  new.l2 := levels[2];
  new.l3 := levels[3];
  return new;
end $$;
comment on function place_category() is 'Trigger: fills level, path_ids, l1, l2 and l3 of a category, unless it is inserted with them (a restored one).';

select keep_trigger('create trigger place_category before insert or update on categories
    for each row execute function place_category()',
  'Fills what follows from the parent.');

create or replace function make_category(path text[], external_id text default null, below bigint default null) returns bigint
  language plpgsql security definer set search_path from current as $$
declare
  node bigint;
  retired bigint;
  above bigint := below;
  part text;
  key text;
begin
  perform hold_taxonomy();
  foreach part in array path loop
    key := normalise(part);
    select c.category_id into node from categories c
      where c.parent_id is not distinct from above and normalise(c.name) = key and c.retired_at is null;
    if node is null then
      -- an old file knows it by its old place: where it went, or nowhere
      select c.category_id, in_use(c.category_id) into retired, node from categories c
        where c.parent_id is not distinct from above and normalise(c.name) = key and c.retired_at is not null
        order by c.name = part desc, c.retired_at desc limit 1;
      if retired is not null and node is null then
        raise exception 'the category "%" is retired', category_path(retired)
          using hint = 'Bring it back: select * from taxonomy_history; select * from undo_taxonomy_change(…). Or make a new one of that name: select * from add_category(…).';
      end if;
    end if;
    if node is null then
      insert into categories (parent_id, name, path_ids, level, l1) values (above, part, '{}', 0, 0)
        on conflict (normalise(name), parent_id) where retired_at is null do nothing returning category_id into node;
      if node is null then  -- another import made it this very moment
        select c.category_id into strict node from categories c
          where c.parent_id is not distinct from above and normalise(c.name) = key and c.retired_at is null;
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
comment on function make_category(text[], text,
  bigint) is 'The id of the category with this path of names; nodes that are missing are made. A name that differs from one that is there only by case, apostrophe or invisible characters is that one. A path that was merged leads to its successor; one that was retired is refused. With external_id also notes the shop''s own id; with below the path begins below that category.';
grant execute on function make_category to taxon_admin;

-- The taxonomy is changed by functions alone.
grant update (external_id) on categories to taxon_admin;
grant select on categories to taxon_writer, taxon_sidecar;
