-- taxon_internal: What all changes of the taxonomy are made of: what a change touches, and how rows, labels and thresholds follow it.

create or replace function taxonomy_preview(category_ids bigint[])
  returns table (labels bigint, human_labels bigint, products bigint, waiting bigint, thresholds bigint, training_rows bigint,
    models bigint[])
  language sql stable security definer set search_path from current as $$
  select l.n, l.human, (select count(*) from products p where p.category_id = any (category_ids)),
         (select count(*) from queue q where q.shortlist && category_ids or q.branch = any (category_ids)),
         (select count(distinct (t.model_id, t.branch)) from thresholds t where t.branch = any (category_ids) and t.undone_at is null)
           + (select count(*) from never_send_marks m where m.category_id = any (category_ids))
           + (select count(*) from jsonb_array_elements(setting('shadow_branches')) s where (s #>> '{}')::bigint = any (category_ids)),
         l.training,
         -- every number in these two parts of a manifest is a category
         array(select m.model_id from models m
                 where exists (select from jsonb_path_query(jsonb_build_array(m.manifest -> 'classes', m.manifest -> 'paths'),
                   'strict $.** ? (@.type() == "number")') i
                                 where (i #>> '{}')::bigint = any (category_ids))
                 order by 1)
    from (select count(*) as n, count(*) filter (where x.source = 'human') as human,
      count(*) filter (where not is_sealed_name(x.name_hash)) as training
            from labels x where x.category_id = any (category_ids)) l;
$$;
comment on function taxonomy_preview(bigint[]) is 'What carries one of these categories itself: labels (of people among them), rows, waiting queue entries, thresholds and marks of branches, labels that train, and the models that know one. Every change of the taxonomy says the same with preview => true. Example: select labels, products from taxonomy_preview(array[7, 9]);';
grant execute on function taxonomy_preview to taxon_admin;

create or replace function need_category(category_id bigint) returns categories
  language plpgsql stable security definer set search_path from current as $$
declare
  c categories;
begin
  select * into c from categories x where x.category_id = need_category.category_id;
  if not found then
    raise exception 'there is no category %', coalesce(category_id::text, 'NULL')
      using hint = 'select category_id, category_path(category_id) from categories where name ilike ''%kettle%'';',
        errcode = 'no_data_found';
  elsif c.retired_at is not null then
    raise exception 'category % ("%") is retired', category_id, category_path(category_id)
      using hint = coalesce(format('Its successor is %s.', c.merged_into), 'select * from taxonomy_history;'),
        errcode = 'object_not_in_prerequisite_state';
  end if;
  return c;
end $$;
comment on function need_category(bigint) is 'A category in use; an error where there is none of this id, or it is retired. Example: select name from need_category(7);';

create or replace function refuse_same_name(parent_id bigint, name text, but_not bigint default null) returns void
  language plpgsql stable security definer set search_path from current as $$
declare
  twin bigint := (select c.category_id from categories c where c.parent_id is not distinct from refuse_same_name.parent_id
                    and normalise(c.name) = normalise(refuse_same_name.name) and c.retired_at is null
                      and c.category_id is distinct from but_not);
begin
  if coalesce(normalise(name), '') = '' or name <> btrim(name) or length(name) > 500 then
    raise exception 'a category''s name has 1 to 500 characters and no blanks around it, not "%"', name
      using errcode = 'invalid_parameter_value';
  elsif twin is not null then
    raise exception 'there is "%" already: category %', category_path(twin), twin
      using hint = format('If both are the same: select * from merge_categories(array[…], %s);', twin),
        errcode = 'object_not_in_prerequisite_state';
  end if;
end $$;
comment on function refuse_same_name(bigint, text,
  bigint) is 'An error where the name is none, or a category in use below this parent has it, case, apostrophes and invisible characters aside. Example: select refuse_same_name(null, ''Kettles'');';

create or replace function refuse_same_id(external_ids text[]) returns void
  language plpgsql stable security definer set search_path from current as $$
declare
  holder categories;
begin
  select * into holder from categories c where c.external_id = any (external_ids) limit 1;
  if found then
    raise exception 'your id "%" is that of category % ("%")%', holder.external_id, holder.category_id, category_path(holder.category_id),
        case when holder.retired_at is not null then ', which is retired' else '' end
      using hint = format('Take it from there first: update categories set external_id = null where category_id = %s;', holder.category_id),
        errcode = 'object_not_in_prerequisite_state';
  end if;
end $$;
comment on function refuse_same_id(text[]) is 'An error where a category has one of the shop''s own ids already. Example: select refuse_same_id(array[''77'']);';

create or replace function note_change(kind text, category_id bigint, categories bigint[], touched bigint[], before jsonb, reason text,
    preview boolean, max_tokens bigint default null, undo_of bigint default null) returns taxonomy_changes
  language plpgsql security definer set search_path from current as $$
declare
  c taxonomy_changes;
begin
  select p.labels, p.human_labels, p.products, p.waiting, p.thresholds, p.training_rows, p.models
    into c.labels, c.human_labels, c.products, c.waiting, c.thresholds, c.training_rows, c.models
    from taxonomy_preview(touched) p;
  c.kind := note_change.kind;
  c.category_id := note_change.category_id;
  c.path := category_path(note_change.category_id);
  c.reason := note_change.reason;
  c.changed_by := session_user;
  c.changed_at := clock_timestamp();
  c.categories := note_change.categories;
  c.before := note_change.before;
  c.max_tokens := note_change.max_tokens;
  c.undo_of := note_change.undo_of;
  if not preview then
    c.taxonomy_change_id := nextval(pg_get_serial_sequence('taxonomy_changes', 'taxonomy_change_id'));
    insert into taxonomy_changes overriding system value select c.*;
  end if;
  return c;
end $$;
comment on function note_change(text, bigint, bigint[], bigint[], jsonb, text, boolean, bigint,
  bigint) is 'The row of history of a change, with what it touches; a preview''s is not kept. categories: whose rows must follow; touched: what is counted. Example: select labels from note_change(''rename'', 7, array[7], array[7], ''{}'', null, true);';

create or replace function follow_rows(category_ids bigint[], taxonomy_change_id bigint, reason text, among bigint[]) returns bigint
  language plpgsql security definer set search_path from current
  -- as in undo_run_labels()
  set enable_nestloop = off set jit = off as $$
declare
  followed bigint;
  asked bigint;
begin
  -- Rows that an application holds are skipped and left to mend_taxonomy(): nobody waits for another in a circle.
  with was as materialized (
    select p.product_id, p.category_id, p.source, p.similarity, p.matched_key, p.llm_call_id, t.category_id as after, t.l1, t.l2, t.l3
      from products p join categories c using (category_id) join categories t on t.category_id = coalesce(c.merged_into, c.category_id)
      where p.category_id = any (category_ids) and t.retired_at is null and (among is null or p.product_id = any (among))
        and (p.category_id, p.l1, p.l2, p.l3) is distinct from (t.category_id, t.l1, t.l2, t.l3)
      for no key update of p skip locked
  ), written as (
    update products p set category_id = w.after, l1 = w.l1, l2 = w.l2, l3 = w.l3 from was w where p.product_id = w.product_id
  ), noted as (
    -- a move changes no row's category
    insert into product_changes (product_id, before_category_id, before_source, after_category_id, after_source, reason,
                                 before_similarity, before_matched_key, before_llm_call_id, taxonomy_change_id)
      select w.product_id, w.category_id, w.source, w.after, w.source, follow_rows.reason,
             w.similarity, w.matched_key, w.llm_call_id, follow_rows.taxonomy_change_id
        from was w where w.after <> w.category_id
  )
  select count(*) into followed from was;
  -- what has no successor is asked again
  with was as materialized (
    select p.* from products p join categories c using (category_id)
      where p.category_id = any (category_ids) and c.retired_at is not null and c.merged_into is null
        and (among is null or p.product_id = any (among))
      for no key update of p skip locked
  ), written as (
    update products p
      set state = case when w.state = 'done' then 'pending' else w.state end, source = null, category_id = null, l1 = null, l2 = null,
          l3 = null, similarity = null, matched_key = null, llm_call_id = null, classified_at = null,
          inserted_xact = case when w.state = 'done' then pg_current_xact_id() else w.inserted_xact end
      from was w where p.product_id = w.product_id
  ), noted as (
    insert into product_changes (product_id, before_category_id, before_source, reason, before_similarity, before_matched_key,
                                 before_llm_call_id, taxonomy_change_id)
      select w.product_id, w.category_id, w.source, follow_rows.reason, w.similarity, w.matched_key, w.llm_call_id,
             follow_rows.taxonomy_change_id
        from was w where w.state = 'done'
  ), queued as (
    insert into queue (name_key) select distinct w.name_key from was w where w.state = 'done'
  )
  select count(*) into asked from was;
  if asked > 0 then perform wake(); end if;
  return followed + asked;
end $$;
comment on function follow_rows(bigint[], bigint, text,
  bigint[]) is 'The bare statements of follow_categories(), for all rows or some of them. Example: select follow_rows(array[7], null, ''by hand'', null);';

create or replace function follow_categories(category_ids bigint[], taxonomy_change_id bigint, reason text,
  among bigint[] default null) returns bigint
  language plpgsql security definer set search_path from current as $$
declare
  n integer := cardinality(among);
begin
  return follow_rows(category_ids, taxonomy_change_id, reason, among);
exception when others or assert_failure then
  if is_conflict(sqlstate) then raise; end if;
  -- one row that refuses does not keep the others from it: halves, until it stands alone
  if n = 1 then
    raise warning 'product % does not follow the taxonomy: %', among[1], sqlerrm;
    return 0;
  elsif n is null then
    among := array(select p.product_id from products p join categories c using (category_id)
      join categories t on t.category_id = coalesce(c.merged_into, c.category_id)
                     where p.category_id = any (category_ids)
                       and (t.retired_at is not null or (p.category_id, p.l1, p.l2, p.l3) is distinct from (t.category_id, t.l1, t.l2,
                         t.l3))
                     order by p.product_id);
    n := cardinality(among);
  end if;
  return follow_categories(category_ids, taxonomy_change_id, reason, among[1:n / 2]) + follow_categories(category_ids, taxonomy_change_id,
    reason, among[n / 2 + 1:]);
end $$;
comment on function follow_categories(bigint[], bigint, text,
  bigint[]) is 'Brings rows of some categories into line with the taxonomy: of a merged one they get the successor, of a retired one they are asked again, l1 to l3 are those of today; writes product_changes. A row that refuses (a trigger of the application) is left, with a WARNING. Returns how many rows. Example: select follow_categories(array[7], null, ''by hand'');';

create or replace function name_label_changes(after_change bigint, before_category_ids bigint[], taxonomy_change_id bigint,
  reason text) returns void
  language sql volatile security definer set search_path from current as $$
  -- the triggers on labels wrote what was and what is; why, is known here
  update label_changes x set reason = name_label_changes.reason, taxonomy_change_id = name_label_changes.taxonomy_change_id
    where x.change_id > after_change and x.before_category_id = any (before_category_ids)
      and x.reason is null and x.run_id is null and x.changed_at >= now() and x.changed_by = session_user;
$$;
comment on function name_label_changes(bigint, bigint[], bigint,
  text) is 'Writes change and reason into the history of labels that this transaction has just changed. Example: select name_label_changes(0, array[7], 1, ''merged'');';

create or replace function move_labels(from_ids bigint[], successor bigint, taxonomy_change_id bigint, reason text) returns bigint
  language plpgsql security definer set search_path from current as $$
declare
  newest bigint := (select coalesce(max(x.change_id), 0) from label_changes x);
  moved bigint;
begin
  if successor is null then
    delete from labels l where l.category_id = any (from_ids);
  else
    update labels l set category_id = successor, updated_at = clock_timestamp() where l.category_id = any (from_ids);
  end if;
  get diagnostics moved = row_count;
  perform name_label_changes(newest, from_ids, move_labels.taxonomy_change_id, move_labels.reason);
  return moved;
end $$;
comment on function move_labels(bigint[], bigint, bigint,
  text) is 'Gives labels of some categories to their successor, or with NULL forgets them; returns how many. Example: select move_labels(array[7], 9, null, ''merged'');';

create or replace function carry_branches(from_ids bigint[], successor bigint, reason text) returns jsonb
  language plpgsql security definer set search_path from current as $$
declare
  made bigint[];
  mark bigint;
  was jsonb := setting('shadow_branches');
begin
  -- the strictest of them all: what could not be trusted before is not trusted under another name
  perform hold_lock('thresholds');
  with effective as (
    -- what holds for each, from whichever branch above it
    select m.model_id, o.*, t.calibration_id
      from (select distinct t.model_id from thresholds t where t.branch is not null and t.undone_at is null) m
      cross join lateral overridden(m.model_id) o join thresholds t using (threshold_id)
      where o.category_id = any (from_ids || successor)
  ), carried as (
    insert into thresholds (model_id, branch, l1, l2, l3, never_local, reason, set_by, calibration_id)
      select e.model_id, successor, max(e.l1), max(e.l2), max(e.l3), bool_or(e.never_local), carry_branches.reason, session_user,
        max(e.calibration_id)
        from effective e group by e.model_id
        having (max(e.l1), max(e.l2), max(e.l3), bool_or(e.never_local)) is distinct from
               (max(e.l1) filter (where e.category_id = successor), max(e.l2) filter (where e.category_id = successor),
                max(e.l3) filter (where e.category_id = successor), bool_or(e.never_local) filter (where e.category_id = successor))
      returning threshold_id
  )
  select array_agg(c.threshold_id) into made from carried c;
  if made is not null then perform recheck_promise(c.model_id) from champion() c; end if;
  insert into never_send_marks as m (category_id, reason, marked_by)
    select successor, min(x.reason), min(x.marked_by) from never_send_marks x
      where exists (select from categories f where f.category_id = any (from_ids) and f.path_ids @> array[x.category_id])
        and not exists (select from categories s where s.category_id = successor and s.path_ids @> array[x.category_id])
      having count(*) > 0
    on conflict do nothing returning m.mark_id into mark;
  update all_settings s set value = (
      select coalesce(jsonb_agg(distinct x.id), '[]')
        from (select case when (e #>> '{}')::bigint = any (from_ids) then successor else (e #>> '{}')::bigint end as id
          from jsonb_array_elements(was) e) x
        -- only a top category can be watched
        where exists (select from categories c where c.category_id = x.id and c.parent_id is null)), changed_at = now()
    where s.key = 'shadow_branches' and was @? '$[*]';
  return jsonb_strip_nulls(jsonb_build_object('thresholds', to_jsonb(made), 'mark', mark, 'shadow', case
    when was <> setting('shadow_branches') then was end));
end $$;
comment on function carry_branches(bigint[], bigint,
  text) is 'Thresholds of branches, never-send marks and the setting shadow_branches follow a merge: the successor gets the strictest thresholds and the mark of all, those that they have from branches above them too. Returns what undoing it needs. Example: select carry_branches(array[7], 9, ''merged'');';

create or replace function rename_node(was categories, name text, reason text, preview boolean default false) returns taxonomy_changes
  language plpgsql security definer set search_path from current as $$
declare
  c taxonomy_changes;
begin
  perform refuse_same_name(was.parent_id, name, was.category_id);
  c := note_change('rename', was.category_id, '{}', array(select x.category_id from categories x where x.path_ids @> array[was.category_id]),
                   jsonb_build_object('name', was.name, 'after', name), reason, preview);
  if preview then return c; end if;
  update categories x set name = rename_node.name where x.category_id = was.category_id;
  update taxonomy_changes x set settled_at = now() where x.taxonomy_change_id = c.taxonomy_change_id;
  return c;
end $$;
comment on function rename_node(categories, text, text, boolean) is 'What rename_category() does once it may, and an import that takes the names of its file. Example: select path from rename_node(need_category(7), ''Kettles'', null, true);';
