-- taxon: A change of the taxonomy is taken back.

create or replace function undo_taxonomy_change(taxonomy_change_id bigint, reason text default null,
  preview boolean default false) returns taxonomy_changes
  language plpgsql security definer set search_path from current as $$
declare
  c taxonomy_changes;
  u taxonomy_changes;
  now_is categories;
  back bigint[];
  why text;
  of_labels record;
  of_rows record;
begin
  if preview then
    -- done, and undone with its savepoint
    begin
      u := undo_taxonomy_change(undo_taxonomy_change.taxonomy_change_id, undo_taxonomy_change.reason);
      raise exception using errcode = 'TXOFF';
    exception when sqlstate 'TXOFF' then
      u.taxonomy_change_id := null;
      return u;
    end;
  end if;
  select * into c from taxonomy_changes x where x.taxonomy_change_id = undo_taxonomy_change.taxonomy_change_id;
  if not found then
    raise exception 'there is no change %', coalesce(undo_taxonomy_change.taxonomy_change_id::text, 'NULL')
      using hint = 'select * from taxonomy_history;', errcode = 'no_data_found';
  end if;
  back := c.categories || c.category_id || array(select (e #>> '{}')::bigint
    from jsonb_array_elements(coalesce(nullif(c.before -> 'made', 'null'), '[]')) e);
  perform lock_taxonomy(back);
  select * into c from taxonomy_changes x where x.taxonomy_change_id = undo_taxonomy_change.taxonomy_change_id for update;
  select * into now_is from categories x where x.category_id = c.category_id;
  if c.undone_at is not null then
    raise exception 'change % is undone already', c.taxonomy_change_id using errcode = 'object_not_in_prerequisite_state';
  elsif c.kind in ('add', 'levels', 'undo') then
    raise exception '% is not undone here', case c.kind when 'add' then 'making a category' when 'levels' then 'a choice of levels'
      else 'an undo' end
      using hint = case c.kind when 'add' then format('select * from retire_category(%s);', c.category_id)
                              when 'levels' then format('select set_tree_levels(%L);', c.before ->> 'levels')
                                else 'Make the change again.' end, errcode = 'object_not_in_prerequisite_state';
  elsif c.kind in ('rename', 'move', 'merge', 'split') and now_is.retired_at is not null then
    raise exception 'category % ("%") was retired since', c.category_id, category_path(c.category_id)
      using hint = 'Undo that first: select * from taxonomy_history;', errcode = 'object_not_in_prerequisite_state';
  end if;
  why := format('change %s undone', c.taxonomy_change_id);
  u := note_change('undo', c.category_id, back, back, '{}', undo_taxonomy_change.reason, false, undo_of => c.taxonomy_change_id);
  if c.kind = 'rename' then
    if now_is.name <> c.before ->> 'after' then raise exception 'it was renamed again since, to "%"', now_is.name
      using errcode = 'object_not_in_prerequisite_state'; end if;
    perform refuse_same_name(now_is.parent_id, c.before ->> 'name', c.category_id);
    update categories x set name = c.before ->> 'name' where x.category_id = c.category_id;
  elsif c.kind = 'move' then
    if now_is.parent_id is distinct from (c.before ->> 'after')::bigint then raise exception 'it was moved again since, to "%"',
      category_path(c.category_id) using errcode = 'object_not_in_prerequisite_state'; end if;
    if c.before ->> 'parent' is not null then perform need_category((c.before ->> 'parent')::bigint); end if;
    perform refuse_same_name((c.before ->> 'parent')::bigint, now_is.name);
    perform place_below(c.category_id, (c.before ->> 'parent')::bigint);
  elsif c.kind in ('merge', 'retire') then
    perform back_in_use(case c.kind when 'merge' then array(select (e #>> '{}')::bigint from jsonb_array_elements(c.before -> 'merged') e)
                                    else array[c.category_id] end, c.before -> 'followers');
    -- a child that was moved or retired since stays where it is
    perform place_below(k.key::bigint, k.value::bigint) from jsonb_each_text(coalesce(c.before -> 'children', '{}')) k
      join categories x on x.category_id = k.key::bigint and x.parent_id = c.category_id and x.retired_at is null;
    perform drop_branches(c.before, c.category_id);
    update checks k set category_id = k2.before from (
        select k1.check_id, p.before_category_id as before from checks k1 join product_changes p on p.product_id = k1.product_id
          and p.taxonomy_change_id = c.taxonomy_change_id
          where k1.check_id in (select (e #>> '{}')::bigint from jsonb_array_elements(nullif(c.before -> 'checks', 'null')) e)) k2
      where k.check_id = k2.check_id and k.verdict is null;
  end if;
  if c.kind in ('merge', 'retire', 'split') then
    update taxonomy_questions k set state = 'dropped', settled_at = now()
      where k.taxonomy_change_id = c.taxonomy_change_id and k.state in ('waiting', 'asked');
    select * into of_labels from bring_back_labels(c.taxonomy_change_id, why);
    select * into of_rows from bring_back_rows(c.taxonomy_change_id, why);
    perform follow_labels(c.taxonomy_change_id, why);
    u.note := format('%s labels and %s rows are as they were; %s labels and %s rows were changed since and stay',
                     of_labels.restored, of_rows.restored, of_labels.kept, of_rows.kept);
  end if;
  if c.kind = 'split' then
    -- whatever came to the new ones since goes back into the one
    perform merge_categories(array(select x.category_id from categories x where x.category_id = any (back)
      and x.category_id <> c.category_id and x.retired_at is null),
                             c.category_id, why) from categories x where x.category_id = any (back) and x.category_id <> c.category_id
                               and x.retired_at is null limit 1;
  end if;
  perform follow_categories(back, u.taxonomy_change_id, why);
  update taxonomy_changes x set undone_at = now() where x.taxonomy_change_id = c.taxonomy_change_id;
  update taxonomy_changes x set note = u.note where x.taxonomy_change_id = u.taxonomy_change_id;
  return u;
end $$;
comment on function undo_taxonomy_change(bigint, text, boolean) is
  'Takes a rename, move, merge, retirement or split back.
taxonomy_change_id: the change, as taxonomy_history numbers it.
reason: why; NULL by default.
preview: true: shows what it would do and changes nothing. Default false.
Returns: the row of history of the undo. Labels and rows that the change moved come back in every column; what was changed since stays (note says how many), and names labelled since stay where they are. Of a split the new categories are merged back into the one.
Errors: P0002 where there is no such change; 55000 where it is undone already or cannot be, or the category was retired, renamed or moved again since: the later change is undone first; 55P03 while another transaction uses the taxonomy.
Example: select kind, path, note from undo_taxonomy_change(1, preview => true);';
grant execute on function undo_taxonomy_change to taxon_admin;
