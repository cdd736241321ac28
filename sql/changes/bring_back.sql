-- taxon_internal: The way back: a change brings back exactly what it changed and nobody has changed since.

create or replace function bring_back_labels(taxonomy_change_id bigint, reason text, out restored bigint, out kept bigint)
  language plpgsql security definer set search_path from current
  set enable_nestloop = off set jit = off as $$
declare
  newest bigint := (select coalesce(max(x.change_id), 0) from label_changes x);
begin
  with ours as materialized (
    select x.*, name_hash(x.name_key) as hash from label_changes x
      where x.taxonomy_change_id = bring_back_labels.taxonomy_change_id and x.reverted_at is null
        and in_use(x.before_category_id) is not null
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
        set category_id = excluded.category_id, source = excluded.source, confidence = excluded.confidence,
          llm_call_id = excluded.llm_call_id,
            created_at = excluded.created_at, updated_at = excluded.updated_at, labelled_at = excluded.labelled_at
  ), noted as (
    update label_changes x set reverted_at = now() from same s where x.change_id = s.change_id
  )
  select (select count(*) from same), (select count(*) from label_changes x
    where x.taxonomy_change_id = bring_back_labels.taxonomy_change_id and x.reverted_at is null)
         - (select count(*) from same) into restored, kept;
  update label_changes x set reason = bring_back_labels.reason
    where x.change_id > newest and x.reason is null and x.run_id is null and x.changed_at >= now() and x.changed_by = session_user;
end $$;
comment on function bring_back_labels(bigint,
  text) is 'Brings back, in every column, the labels that a change of the taxonomy moved or removed and that are still as it left them. Example: select restored, kept from bring_back_labels(1, ''undone'');';

create or replace function bring_back_rows(taxonomy_change_id bigint, reason text, out restored bigint, out kept bigint)
  language plpgsql security definer set search_path from current
  set enable_nestloop = off set jit = off as $$
begin
  with ours as materialized (
    -- of a row that was moved twice by one change, the first is what it was
    select distinct on (x.product_id) x.*, last_value(x.after_category_id) over w as now_category_id,
      last_value(x.after_source) over w as now_source
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
          l1 = s.l1, l2 = s.l2, l3 = s.l3, similarity = s.before_similarity, matched_key = s.before_matched_key,
            llm_call_id = s.before_llm_call_id,
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
comment on function bring_back_rows(bigint,
  text) is 'Gives back to rows what a change of the taxonomy took from them, where they still are as it left them. Example: select restored, kept from bring_back_rows(1, ''undone'');';

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
comment on function follow_labels(bigint,
  text) is 'Brings exact answers into line with the labels that the undo of a change has brought back: those of rows that came between the two. Returns how many. Example: select follow_labels(1, ''undone'');';

create or replace function drop_branches(before jsonb, successor bigint) returns void
  language sql volatile security definer set search_path from current as $$
  update thresholds t set undone_at = clock_timestamp()
    where t.undone_at is null and t.threshold_id in (select (e #>> '{}')::bigint from jsonb_array_elements(before -> 'thresholds') e);
  delete from never_send_marks m where m.mark_id = (before ->> 'mark')::bigint;
  -- what was put there or taken out since stays so
  update all_settings s set value = (
      select coalesce(jsonb_agg(distinct x.id), '[]')
        from (select (e #>> '{}')::bigint as id from jsonb_array_elements(s.value) e
                where e <> to_jsonb(successor) or before -> 'shadow' @> to_jsonb(successor)
              union all
              select (e #>> '{}')::bigint from jsonb_array_elements(before -> 'merged') e
                where before -> 'shadow' @> e and s.value @> to_jsonb(successor)) x), changed_at = now()
    where s.key = 'shadow_branches' and before ? 'shadow';
$$;
comment on function drop_branches(jsonb,
  bigint) is 'Takes back what carry_branches() carried to a successor. Example: select drop_branches(''{}'', 1);';

create or replace function back_in_use(category_ids bigint[], followers jsonb) returns void
  language plpgsql security definer set search_path from current as $$
declare
  c categories;
begin
  for c in select * from categories x where x.category_id = any (category_ids) order by x.level loop
    if not exists (select from categories a where a.category_id = c.parent_id and a.retired_at is null) and c.parent_id is not null then
      raise exception 'what was above "%" is retired itself', category_path(c.category_id)
        using hint = 'Undo that first: select * from taxonomy_history;', errcode = 'object_not_in_prerequisite_state';
    end if;
    perform refuse_same_name(c.parent_id, c.name, c.category_id);
    -- the model of today may not know it any more
    update categories x set retired_at = null, merged_into = null, in_use_since = clock_timestamp() where x.category_id = c.category_id;
  end loop;
  update categories x set merged_into = f.value::bigint from jsonb_each_text(coalesce(nullif(followers, 'null'), '{}')) f
    where x.category_id = f.key::bigint and x.retired_at is not null;
end $$;
comment on function back_in_use(bigint[],
  jsonb) is 'Brings retired categories back, and has those that were merged into them lead there again. Example: select back_in_use(array[7], ''{}'');';
