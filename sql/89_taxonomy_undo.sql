-- The way back: a change brings back exactly what it changed and nobody has changed since.

create or replace function bring_back_labels(taxonomy_change_id bigint, reason text, out restored bigint, out kept bigint)
  language plpgsql security definer set search_path from current
  set enable_nestloop = off as $$
declare
  newest bigint := (select coalesce(max(x.change_id), 0) from label_changes x);
begin
  with ours as materialized (
    select x.*, name_hash(x.name_key) as hash from label_changes x
      where x.taxonomy_change_id = bring_back_labels.taxonomy_change_id and x.reverted_at is null and in_use(x.before_category_id) is not null
  ), held as materialized (
    select l.* from labels l join ours o on o.hash = l.name_hash order by l.name_hash for update of l
  ), same as materialized (
    select o.* from ours o left join held h on h.name_hash = o.hash
      where (h.category_id, h.source, h.updated_at) is not distinct from (o.after_category_id, o.after_source, o.after_updated_at)
  ), written as (
    insert into labels as l (name_key, category_id, source, confidence, llm_call_id, created_at, updated_at, labelled_at)
      select s.name_key, in_use(s.before_category_id), s.before_source, s.before_confidence,
             -- a call that was deleted meanwhile would have taken its id from the label too
             (select c.llm_call_id from llm_calls c where c.llm_call_id = s.before_llm_call_id),
             s.before_created_at, s.before_updated_at, s.before_labelled_at
        from same s order by s.hash
      on conflict (name_hash) do update
        set category_id = excluded.category_id, source = excluded.source, confidence = excluded.confidence, llm_call_id = excluded.llm_call_id,
            created_at = excluded.created_at, updated_at = excluded.updated_at, labelled_at = excluded.labelled_at
  ), noted as (
    update label_changes x set reverted_at = now() from same s where x.change_id = s.change_id
  )
  select (select count(*) from same), (select count(*) from label_changes x where x.taxonomy_change_id = bring_back_labels.taxonomy_change_id and x.reverted_at is null)
         - (select count(*) from same) into restored, kept;
  update label_changes x set reason = bring_back_labels.reason
    where x.change_id > newest and x.reason is null and x.run_id is null and x.changed_at >= now() and x.changed_by = session_user;
end $$;
comment on function bring_back_labels(bigint, text) is 'Brings back, in every column, the labels that a change of the taxonomy moved or removed and that are still as it left them. Example: select restored, kept from bring_back_labels(1, ''undone'');';

create or replace function bring_back_rows(taxonomy_change_id bigint, reason text, out restored bigint, out kept bigint)
  language plpgsql security definer set search_path from current
  set enable_nestloop = off as $$
begin
  with ours as materialized (
    -- of a row that was moved twice by one change, the first is what it was
    select distinct on (x.product_id) x.*, last_value(x.after_category_id) over w as now_category_id, last_value(x.after_source) over w as now_source
      from product_changes x
      where x.taxonomy_change_id = bring_back_rows.taxonomy_change_id and x.reverted_at is null and in_use(x.before_category_id) is not null
      window w as (partition by x.product_id order by x.change_id rows between unbounded preceding and unbounded following)
      order by x.product_id, x.change_id
  ), same as materialized (
    select o.*, c.category_id as target, c.l1, c.l2, c.l3
      from products p join ours o using (product_id) join categories c on c.category_id = in_use(o.before_category_id)
      where (p.category_id, p.source) is not distinct from (o.now_category_id, o.now_source)
      order by p.product_id for no key update of p skip locked
  ), written as (
    update products p
      set state = case when s.before_source is null then p.state else 'done' end, source = s.before_source, category_id = s.target,
          l1 = s.l1, l2 = s.l2, l3 = s.l3, similarity = s.before_similarity, matched_key = s.before_matched_key, llm_call_id = s.before_llm_call_id,
          classified_at = case when s.before_source is not null then now() end
      from same s where p.product_id = s.product_id
  ), noted as (
    insert into product_changes (product_id, before_category_id, before_source, after_category_id, after_source, reason, reverted_at)
      select s.product_id, s.now_category_id, s.now_source, s.target, s.before_source, bring_back_rows.reason, now() from same s
  ), marked as (
    update product_changes x set reverted_at = now() from same s
      where x.taxonomy_change_id = bring_back_rows.taxonomy_change_id and x.product_id = s.product_id
  )
  select (select count(*) from same), (select count(*) from ours) - (select count(*) from same) into restored, kept;
end $$;
comment on function bring_back_rows(bigint, text) is 'Gives back to rows what a change of the taxonomy took from them, where they still are as it left them. Example: select restored, kept from bring_back_rows(1, ''undone'');';

create or replace function follow_labels(taxonomy_change_id bigint, reason text) returns bigint
  language sql volatile security definer set search_path from current as $$
  with back as materialized (
    select distinct name_hash(x.name_key) as hash from label_changes x
      where x.taxonomy_change_id = follow_labels.taxonomy_change_id and x.reverted_at is not null
  ), was as materialized (
    select p.product_id, p.category_id as before, l.category_id as after, c.l1, c.l2, c.l3
      from back b join labels l on l.name_hash = b.hash join categories c on c.category_id = l.category_id
      join products p on name_hash(p.name_key) = b.hash
      where p.source = 'exact' and p.category_id <> l.category_id
      order by p.product_id for no key update of p skip locked
  ), written as (
    update products p set category_id = w.after, l1 = w.l1, l2 = w.l2, l3 = w.l3 from was w where p.product_id = w.product_id
  ), noted as (
    insert into product_changes (product_id, before_category_id, before_source, after_category_id, after_source, reason)
      select w.product_id, w.before, 'exact', w.after, 'exact', follow_labels.reason from was w
  )
  select count(*) from was;
$$;
comment on function follow_labels(bigint, text) is 'Brings exact answers into line with the labels that the undo of a change has brought back: those of rows that came between the two. Returns how many. Example: select follow_labels(1, ''undone'');';

create or replace function drop_branches(before jsonb, successor bigint) returns void
  language sql volatile security definer set search_path from current as $$
  update thresholds t set undone_at = clock_timestamp()
    where t.undone_at is null and t.threshold_id in (select (e #>> '{}')::bigint from jsonb_array_elements(before -> 'thresholds') e);
  delete from never_send_marks m where m.mark_id = (before ->> 'mark')::bigint;
  -- what was put there or taken out since stays so
  update settings s set value = (
      select coalesce(jsonb_agg(distinct x.id), '[]')
        from (select (e #>> '{}')::bigint as id from jsonb_array_elements(s.value) e
                where e <> to_jsonb(successor) or before -> 'shadow' @> to_jsonb(successor)
              union all
              select (e #>> '{}')::bigint from jsonb_array_elements(before -> 'merged') e
                where before -> 'shadow' @> e and s.value @> to_jsonb(successor)) x), changed_at = now()
    where s.key = 'shadow_branches' and before ? 'shadow';
$$;
comment on function drop_branches(jsonb, bigint) is 'Takes back what carry_branches() carried to a successor. Example: select drop_branches(''{}'', 1);';

create or replace function back_in_use(category_ids bigint[], followers jsonb) returns void
  language plpgsql security definer set search_path from current as $$
declare
  c categories;
begin
  for c in select * from categories x where x.category_id = any (category_ids) order by x.level loop
    if not exists (select from categories a where a.category_id = c.parent_id and a.retired_at is null) and c.parent_id is not null then
      raise exception 'what was above "%" is retired itself', category_path(c.category_id) using hint = 'Undo that first: select * from taxonomy_history;';
    end if;
    perform refuse_same_name(c.parent_id, c.name, c.category_id);
    -- the model of today may not know it any more
    update categories x set retired_at = null, merged_into = null, in_use_since = clock_timestamp() where x.category_id = c.category_id;
  end loop;
  update categories x set merged_into = f.value::bigint from jsonb_each_text(coalesce(nullif(followers, 'null'), '{}')) f where x.category_id = f.key::bigint and x.retired_at is not null;
end $$;
comment on function back_in_use(bigint[], jsonb) is 'Brings retired categories back, and has those that were merged into them lead there again. Example: select back_in_use(array[7], ''{}'');';

create or replace function undo_taxonomy_change(taxonomy_change_id bigint, reason text default null) returns taxonomy_changes
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
  select * into c from taxonomy_changes x where x.taxonomy_change_id = undo_taxonomy_change.taxonomy_change_id;
  if not found then
    raise exception 'there is no change %', coalesce(undo_taxonomy_change.taxonomy_change_id::text, 'NULL') using hint = 'select * from taxonomy_history;';
  end if;
  back := c.categories || c.category_id || array(select (e #>> '{}')::bigint from jsonb_array_elements(coalesce(nullif(c.before -> 'made', 'null'), '[]')) e);
  perform lock_taxonomy(back);
  select * into c from taxonomy_changes x where x.taxonomy_change_id = undo_taxonomy_change.taxonomy_change_id for update;
  select * into now_is from categories x where x.category_id = c.category_id;
  if c.undone_at is not null then
    raise exception 'change % is undone already', c.taxonomy_change_id;
  elsif c.kind in ('add', 'undo') then
    raise exception '% is not undone here', case c.kind when 'add' then 'making a category' else 'an undo' end
      using hint = case c.kind when 'add' then format('select * from retire_category(%s);', c.category_id) else 'Make the change again.' end;
  elsif c.kind in ('rename', 'move', 'merge', 'split') and now_is.retired_at is not null then
    raise exception 'category % ("%") was retired since', c.category_id, category_path(c.category_id) using hint = 'Undo that first: select * from taxonomy_history;';
  end if;
  why := format('change %s undone', c.taxonomy_change_id);
  u := note_change('undo', c.category_id, back, back, '{}', undo_taxonomy_change.reason, false, undo_of => c.taxonomy_change_id);
  if c.kind = 'rename' then
    if now_is.name <> c.before ->> 'after' then raise exception 'it was renamed again since, to "%"', now_is.name; end if;
    perform refuse_same_name(now_is.parent_id, c.before ->> 'name', c.category_id);
    update categories x set name = c.before ->> 'name' where x.category_id = c.category_id;
  elsif c.kind = 'move' then
    if now_is.parent_id is distinct from (c.before ->> 'after')::bigint then raise exception 'it was moved again since, to "%"', category_path(c.category_id); end if;
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
    perform merge_categories(array(select x.category_id from categories x where x.category_id = any (back) and x.category_id <> c.category_id and x.retired_at is null),
                             c.category_id, why) from categories x where x.category_id = any (back) and x.category_id <> c.category_id and x.retired_at is null limit 1;
  end if;
  perform follow_categories(back, u.taxonomy_change_id, why);
  update taxonomy_changes x set undone_at = now() where x.taxonomy_change_id = c.taxonomy_change_id;
  update taxonomy_changes x set note = u.note where x.taxonomy_change_id = u.taxonomy_change_id;
  return u;
end $$;
comment on function undo_taxonomy_change(bigint, text) is 'Takes a rename, move, merge, retirement or split back. Labels and rows that it moved come back in every column; what was changed since stays (note says how many), and names labelled since stay where they are. Of a split the new categories are merged back into the one. Refused where the category was retired, renamed or moved again since: the later change is undone first. Example: select taxonomy_change_id, kind, path from taxonomy_history where undone_at is null;';
