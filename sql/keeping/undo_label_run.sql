-- taxon_internal: What undo_run() is made of. All of it goes by sets: a run may have made a million labels.

create or replace function undo_run_labels(run_id bigint, out restored bigint, out kept bigint)
  language plpgsql security definer set search_path from current
  -- the planner takes what was written a moment ago for a row or two and joins it by nested loops: 40,000 changes of
  -- 200,000 labels did not end in four minutes
  set enable_nestloop = off set jit = off as $$
begin
  with ours as materialized (
    -- of a label that the run changed twice: what was before the first, what is after the last
    select distinct on (x.hash) x.*, last_value(x.after_category_id) over w as now_category_id,
           last_value(x.after_source) over w as now_source, last_value(x.after_updated_at) over w as now_updated_at
      from (select c.*, name_hash(c.name_key) as hash from label_changes c
              where c.run_id = undo_run_labels.run_id and c.reverted_at is null) x
      window w as (partition by x.hash order by x.change_id rows between unbounded preceding and unbounded following)
      order by x.hash, x.change_id
  ), held as materialized (
    select l.* from labels l join ours o on o.hash = l.name_hash order by l.name_hash for update of l
  ), same as materialized (
    -- still exactly what the run wrote: whoever touched it since, keeps what he wrote
    select o.*, in_use(o.before_category_id) as target from ours o left join held h on h.name_hash = o.hash
      where (h.category_id, h.source, h.updated_at) is not distinct from (o.now_category_id, o.now_source, o.now_updated_at)
        -- a category that was merged since comes back as its successor, a retired one not at all
        and (o.before_category_id is null or in_use(o.before_category_id) is not null)
  ), removed as (
    delete from labels l using same s where l.name_hash = s.hash and s.target is null
  ), written as (
    insert into labels as l (name_key, category_id, source, confidence, llm_call_id, created_at, updated_at, labelled_at)
      select s.name_key, s.target, s.before_source, s.before_confidence,
             -- a call that was deleted meanwhile would have taken its id from the label too
             (select c.llm_call_id from llm_calls c where c.llm_call_id = s.before_llm_call_id),
             s.before_created_at, s.before_updated_at, s.before_labelled_at
        from same s where s.target is not null order by s.hash
      on conflict (name_hash) do update
        set category_id = excluded.category_id, source = excluded.source, confidence = excluded.confidence,
            llm_call_id = excluded.llm_call_id, created_at = excluded.created_at, updated_at = excluded.updated_at,
            labelled_at = excluded.labelled_at
  ), noted as (
    update label_changes x set reverted_at = now() from same s
      where x.run_id = undo_run_labels.run_id and x.reverted_at is null and x.name_key = s.name_key
  )
  select (select count(*) from same), (select count(*) from ours) - (select count(*) from same) into restored, kept;
end $$;
comment on function undo_run_labels(bigint) is 'Takes back what a run made of labels, in every column; what was changed since is kept. Example: select restored, kept from undo_run_labels(1);';

create or replace function undo_run_rows(run_id bigint, among bigint[] default null, out restored bigint, out kept bigint)
  language plpgsql security definer set search_path from current
  set enable_nestloop = off set jit = off as $$
declare
  why text := (select r.reason from current_label_run() r);
  n integer := cardinality(among);
begin
  with ours as materialized (
    -- of a row that the run changed twice, the first is what it was
    select distinct on (x.product_id) x.*, last_value(x.after_category_id) over w as now_category_id,
           last_value(x.after_source) over w as now_source
      from product_changes x
      where x.run_id = undo_run_rows.run_id and x.reverted_at is null and (among is null or x.product_id = any (among))
      window w as (partition by x.product_id order by x.change_id rows between unbounded preceding and unbounded following)
      order by x.product_id, x.change_id
  ), same as materialized (
    select o.*, c.category_id as target, c.l1, c.l2, c.l3
      from products p join ours o using (product_id) left join categories c on c.category_id = in_use(o.before_category_id)
      where (p.category_id, p.source) is not distinct from (o.now_category_id, o.now_source)
        and (p.state = 'done') = (o.now_source is not null)
        and (o.before_category_id is null or c.category_id is not null)
      order by p.product_id for no key update of p skip locked
  ), written as (
    update products p
      set state = case when s.before_source is not null then 'done' when s.before_failure is not null then 'failed' else 'pending' end,
          failure = s.before_failure, source = s.before_source, category_id = s.target,
          l1 = s.l1, l2 = s.l2, l3 = s.l3, similarity = s.before_similarity, matched_key = s.before_matched_key,
          llm_call_id = s.before_llm_call_id, classified_at = s.before_classified_at,
          -- one that waits again is new to whoever waits for it
          inserted_xact = case when s.before_source is null then pg_current_xact_id() else s.before_inserted_xact end
      from same s where p.product_id = s.product_id
      returning p.name_key, p.state
  ), noted as (
    insert into product_changes (product_id, before_category_id, before_source, after_category_id, after_source, reason, reverted_at)
      select s.product_id, s.now_category_id, s.now_source, s.target, s.before_source, why, now() from same s
  ), marked as (
    update product_changes x set reverted_at = now() from same s
      where x.run_id = undo_run_rows.run_id and x.reverted_at is null and x.product_id = s.product_id
  ), queued as (
    insert into queue (name_key) select distinct w.name_key from written w where w.state = 'pending'
  )
  select (select count(*) from same), (select count(*) from ours) - (select count(*) from same) into restored, kept;
exception when others or assert_failure then
  if is_conflict(sqlstate) then raise; end if;
  -- one row that refuses does not keep the others from it: halves, until it stands alone
  if n = 1 then
    raise warning 'product % keeps its answer: %', among[1], sqlerrm;
    restored := 0;
    kept := 1;
    return;
  elsif n is null then
    among := array(select distinct x.product_id from product_changes x
                     where x.run_id = undo_run_rows.run_id and x.reverted_at is null order by 1);
    n := cardinality(among);
    -- it was no row
    if n = 0 then raise; end if;
  end if;
  select sum(h.restored), sum(h.kept) into restored, kept
    from (values (among[1:n / 2]), (among[n / 2 + 1:])) part(ids), lateral undo_run_rows(undo_run_rows.run_id, part.ids) h;
end $$;
comment on function undo_run_rows(bigint, bigint[]) is 'Takes back what a run made of rows, of all or of some; what was answered anew since, or is held by another transaction, is kept. Example: select restored, kept from undo_run_rows(1);';

create or replace function undo_run_names(run_id bigint) returns text
  language plpgsql security definer set search_path from current as $$
declare
  r label_runs := (select x from label_runs x where x.run_id = undo_run_names.run_id);
  change bigint;
  why text := (select x.reason from current_label_run() x);
  note text;
begin
  -- what is to get an id that another gives up comes after it
  update categories c set external_id = null
    from jsonb_to_recordset(r.ids) i(category_id bigint, was text, "is" text)
    where c.category_id = i.category_id and c.external_id = i."is";
  update categories c set external_id = i.was
    from jsonb_to_recordset(r.ids) i(category_id bigint, was text, "is" text)
    where c.category_id = i.category_id and c.external_id is null and i.was is not null
      and not exists (select from categories d where d.external_id = i.was);
  for change in select x from unnest(r.taxonomy_changes) x order by x desc loop
    continue when (select x.undone_at from taxonomy_changes x where x.taxonomy_change_id = change) is not null;
    begin
      perform undo_taxonomy_change(change, reason => why);
    exception when object_not_in_prerequisite_state then
      note := concat_ws('; ', note, format('change %s of the taxonomy stays: %s', change, sqlerrm));
    end;
  end loop;
  return note;
end $$;
comment on function undo_run_names(bigint) is 'Gives categories back the ids and names that a run took from them; returns what stays, NULL: nothing. Example: select undo_run_names(1);';
