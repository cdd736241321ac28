-- taxon: The taxonomy is changed on live traffic: each change is one transaction, a row of history, and with preview nothing at all.

create or replace function add_category(name text, parent_id bigint default null, external_id text default null, reason text default null,
    preview boolean default false) returns taxonomy_changes
  language plpgsql security definer set search_path from current as $$
declare
  made bigint;
  c taxonomy_changes;
begin
  perform hold_taxonomy();
  if parent_id is not null then perform need_category(parent_id); end if;
  perform refuse_same_name(parent_id, name);
  perform refuse_same_id(array[external_id]);
  if not preview then
    insert into categories (parent_id, name, external_id, path_ids, level, l1)
      values (add_category.parent_id, add_category.name, add_category.external_id, '{}', 0, 0) returning category_id into made;
  end if;
  c := note_change('add', coalesce(made, 0), array[made], array[made], '{}', reason, preview);
  c.path := concat_ws(' > ', category_path(parent_id), name);
  c.note := 'The LLM is offered it at once, with names that seem to lie near it; once names are labelled with it, they lead others there. taxon train teaches it to the model.';
  update taxonomy_changes x set path = c.path, note = c.note, settled_at = now() where x.taxonomy_change_id = c.taxonomy_change_id;
  return c;
end $$;
comment on function add_category(text, bigint, text, text, boolean) is
  'Makes a category.
name: its name, 1 to 500 characters.
parent_id: the category above it; NULL (the default): it stands at the top.
external_id: your own id of it, by which imports find it whatever it is called; NULL by default.
reason: why; NULL by default.
preview: true: shows what it would touch and changes nothing. Default false.
Returns: the row of history; category_id is its id. The name of a retired category may be used again: it is another category then.
Errors: P0002 where there is no such parent; 55000 where the parent is retired or has a category of this name already, or another has the id; 22023 where the name is none; 55P03 while another transaction uses the taxonomy.
Example: select path from add_category(''Boats'', preview => true);';
grant execute on function add_category to taxon_admin;

create or replace function rename_category(category_id bigint, name text, reason text default null, preview boolean default false)
  returns taxonomy_changes
  language plpgsql security definer set search_path from current as $$
declare
begin
  if not preview then perform lock_taxonomy(array[rename_category.category_id]); end if;
  return rename_node(need_category(category_id), name, reason, preview);
end $$;
comment on function rename_category(bigint, text, text, boolean) is
  'Gives a category another name; its id stays, and with it every label, row, threshold and model.
category_id: the category.
name: its new name, 1 to 500 characters.
reason: why; NULL by default.
preview: true: shows what it would touch and changes nothing. Default false.
Returns: the row of history.
Errors: P0002 where there is no such category; 55000 where it is retired or another has the name; 22023 where the name is none; 55P03 while another transaction uses the taxonomy.
Example: select path, labels from rename_category(7, ''Kettles'', preview => true);';
grant execute on function rename_category to taxon_admin;

create or replace function move_category(category_id bigint, parent_id bigint, reason text default null, preview boolean default false)
  returns taxonomy_changes
  language plpgsql security definer set search_path from current as $$
declare
  moved bigint[] := array(select x.category_id from categories x where x.path_ids @> array[move_category.category_id]);
  was categories;
  c taxonomy_changes;
begin
  if not preview then
    perform lock_taxonomy(moved || parent_id);
    moved := array(select x.category_id from categories x where x.path_ids @> array[move_category.category_id]);
  end if;
  was := need_category(category_id);
  if parent_id is not null then perform need_category(parent_id); end if;
  if parent_id = any (moved) then
    raise exception 'category % cannot be moved below itself ("%")', category_id, category_path(parent_id)
      using errcode = 'invalid_parameter_value';
  elsif parent_id is not distinct from was.parent_id then
    raise exception 'category % ("%") is there already', category_id, category_path(category_id)
      using errcode = 'object_not_in_prerequisite_state';
  end if;
  perform refuse_same_name(parent_id, was.name);
  c := note_change('move', category_id, moved, moved, jsonb_build_object('parent', was.parent_id, 'after', parent_id), reason, preview);
  c.note := case when c.models <> '{}' then 'Models that know it answer it at its new place; how sure they are of its upper levels is of the old one until the next training.' end;
  if preview then return c; end if;
  perform place_below(category_id, parent_id);
  perform follow_categories(moved, c.taxonomy_change_id, format('moved by change %s', c.taxonomy_change_id));
  update taxonomy_changes x set note = c.note where x.taxonomy_change_id = c.taxonomy_change_id;
  return c;
end $$;
comment on function move_category(bigint, bigint, text, boolean) is
  'Hangs a category, with all below it, below another parent.
category_id: the category.
parent_id: the category above it from now on; NULL: it stands at the top.
reason: why; NULL by default.
preview: true: shows what it would touch and changes nothing. Default false.
Returns: the row of history. Ids stay; l1 to l3 of its rows follow in the same transaction, its branch''s thresholds move along.
Errors: P0002 where there is no such category; 55000 where one is retired, it is there already or another there has its name; 22023 where the parent lies below it; 55P03 while another transaction uses the taxonomy.
Example: select labels, products from move_category(7, 3, preview => true);';
grant execute on function move_category to taxon_admin;

create or replace function merge_categories(category_ids bigint[], successor bigint, reason text default null,
  preview boolean default false)
  returns taxonomy_changes
  language plpgsql security definer set search_path from current as $$
declare
  target categories;
  child record;
  children jsonb;
  under bigint[];
  checked bigint[];
  c taxonomy_changes;
  why text;
begin
  if not preview then perform lock_taxonomy(category_ids || successor); end if;
  target := need_category(successor);
  perform need_category(u.id) from unnest(category_ids) u(id);
  if coalesce(category_ids, '{}') = '{}' then
    raise exception 'which categories?' using hint = format('select * from merge_categories(array[…], %s);', successor),
      errcode = 'invalid_parameter_value';
  elsif target.path_ids && category_ids then
    raise exception 'category % ("%") is one of those that are to be merged into it, or lies below one', successor, category_path(successor)
      using hint = format('Move it out first: select * from move_category(%s, …);', successor), errcode = 'invalid_parameter_value';
  end if;
  -- what is below them goes along
  select coalesce(jsonb_object_agg(x.category_id, x.parent_id), '{}') into children
    from categories x where x.parent_id = any (category_ids) and x.category_id <> all (category_ids) and x.retired_at is null;
  for child in select min(x.name) as name, min(x.category_id) as id, count(*) as n from categories x
                 where children ? x.category_id::text or x.parent_id = successor and x.retired_at is null
                   and x.category_id <> all (category_ids)
                 group by normalise(x.name) having count(*) > 1 loop
    raise exception 'there would be % categories "%" below "%"', child.n, child.name, category_path(successor)
      using hint = format('Merge or rename those first; one of them is %s.', child.id), errcode = 'invalid_parameter_value';
  end loop;
  under := array(select x.category_id from categories x join jsonb_object_keys(children) k on x.path_ids @> array[k::bigint]);
  c := note_change('merge', successor, category_ids || under, category_ids, jsonb_build_object('merged', category_ids, 'children', children,
         'followers', (select jsonb_object_agg(x.category_id, x.merged_into) from categories x where x.merged_into = any (category_ids))),
           reason, preview);
  if preview then return c; end if;
  why := format('merged by change %s', c.taxonomy_change_id);
  perform place_below(k::bigint, successor) from jsonb_object_keys(children) k;
  update categories x set merged_into = successor where x.merged_into = any (category_ids);
  update categories x set retired_at = now(), merged_into = successor where x.category_id = any (category_ids);
  perform move_labels(category_ids, successor, c.taxonomy_change_id, why);
  perform follow_categories(c.categories, c.taxonomy_change_id, why);
  -- who judges them, judges the answer of today
  with written as (
    update checks k set category_id = successor where k.verdict is null and k.category_id = any (category_ids) returning k.check_id
  )
  select array_agg(w.check_id) into checked from written w;
  c.before := c.before || carry_branches(category_ids, successor, why) || jsonb_build_object('checks', checked);
  update taxonomy_changes x set before = c.before where x.taxonomy_change_id = c.taxonomy_change_id;
  return c;
end $$;
comment on function merge_categories(bigint[], bigint, text, boolean) is
  'Retires categories in favour of a successor, which takes their labels and rows.
category_ids: those that are retired.
successor: the category that stays.
reason: why; NULL by default.
preview: true: shows what it would touch and changes nothing. Default false.
Returns: the row of history. The successor takes their open checks and what is below them too, the strictest thresholds of all, and answers in their place that come from old shortlists, old models and old files. undo_taxonomy_change() takes it back.
Errors: P0002 where there is no such category; 55000 where one is retired; 22023 where none is given, the successor is one of them or lies below one, or two of one name would come together; 55P03 while another transaction uses the taxonomy.
Example: select labels, products from merge_categories(array[9], 6, preview => true);';
grant execute on function merge_categories to taxon_admin;

create or replace function retire_category(category_id bigint, instead bigint default null, reason text default null,
  preview boolean default false)
  returns taxonomy_changes
  language plpgsql security definer set search_path from current as $$
declare
  c taxonomy_changes;
  below bigint;
  why text;
begin
  if instead is not null then return merge_categories(array[category_id], instead, reason, preview); end if;
  if not preview then perform lock_taxonomy(array[retire_category.category_id]); end if;
  perform need_category(category_id);
  select count(*) into below from categories x where x.parent_id = retire_category.category_id and x.retired_at is null;
  if below > 0 then
    raise exception '% categories in use lie below "%"', below, category_path(category_id)
      using hint = format('Retire, move or merge them first, or give a successor: select * from retire_category(%s, instead => …);',
        category_id), errcode = 'object_not_in_prerequisite_state';
  end if;
  c := note_change('retire', category_id, array[retire_category.category_id], array[retire_category.category_id],
    jsonb_build_object('followers', (select jsonb_object_agg(x.category_id, x.merged_into) from categories x
      where x.merged_into = retire_category.category_id)),
    reason, preview);
  c.note := case when c.human_labels > 0 then format('%s of the labels are of people: select name_key from label_changes where taxonomy_change_id = %s and before_source = ''human'';',
                                                     c.human_labels, coalesce(c.taxonomy_change_id::text, '…')) end;
  if preview then return c; end if;
  why := format('retired by change %s', c.taxonomy_change_id);
  -- what was merged into it has no successor any more
  update categories x set merged_into = null where x.merged_into = retire_category.category_id;
  update categories x set retired_at = now() where x.category_id = retire_category.category_id;
  perform move_labels(array[retire_category.category_id], null, c.taxonomy_change_id, why);
  perform follow_categories(array[retire_category.category_id], c.taxonomy_change_id, why);
  update taxonomy_changes x set note = c.note where x.taxonomy_change_id = c.taxonomy_change_id;
  return c;
end $$;
comment on function retire_category(bigint, bigint, text, boolean) is
  'Takes a category out of use.
category_id: the category.
instead: the successor that it is merged into; NULL (the default): none, so that its labels are forgotten and its rows are asked again from the first layer on.
reason: why; NULL by default.
preview: true: shows what it would touch and changes nothing. Default false.
Returns: the row of history. label_changes keeps forgotten labels, those of people too: note says how to list them. An answer that still names the category counts as none.
Errors: P0002 where there is no such category; 55000 where it is retired already or categories in use lie below it; 22023 as of merge_categories(); 55P03 while another transaction uses the taxonomy.
Example: select labels, human_labels from retire_category(7, preview => true);';
grant execute on function retire_category to taxon_admin;

create or replace view taxonomy_history with (security_invoker) as
  select c.taxonomy_change_id, c.kind, c.category_id, c.path, category_path(c.category_id) as path_now, c.labels, c.human_labels,
    c.products,
         c.note, c.reason, c.changed_by, c.changed_at, c.settled_at, c.undone_at, c.undo_of
    from taxonomy_changes c order by c.taxonomy_change_id desc;
comment on view taxonomy_history is 'Every change of the taxonomy, newest first.';

select describe_view('taxonomy_history', 'taxonomy_changes');
comment on column taxonomy_history.path_now is 'Its path today.';
grant select on taxonomy_history to taxon_reader, taxon_admin;
