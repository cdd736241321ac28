-- taxon: Labels that are most likely wrong, and the way back from a cleaning.

create or replace function confident_mistakes(most integer default 100)
  returns table (name text, label text, predicted text, level text, confidence real, voices smallint, source text, run_id bigint)
  language sql stable security definer set search_path from current as $$
  with disagreeing as (
    select l.name_key, l.category_id as has, o.category_id as says, l.source, o.run_id, o.voices,
           case when s.l1 <> h.l1 then 'l1' when s.l2 is distinct from h.l2 then 'l2' else 'l3' end as level,
           case when s.l1 <> h.l1 then o.l1_confidence when s.l2 is distinct from h.l2 then o.l2_confidence
                else o.l3_confidence end as confidence
      from out_of_fold o
      join labels l on l.name_hash = o.name_hash and l.category_id = o.label_category_id
      join categories h on h.category_id = l.category_id
      join categories s on s.category_id = o.category_id and s.retired_at is null
      where (s.l1, s.l2, s.l3) is distinct from (h.l1, h.l2, h.l3)
      order by confidence desc, l.name_hash limit most
  )
  select d.name_key, category_path(d.has), category_path(d.says), d.level, d.confidence, d.voices, d.source, d.run_id
    from disagreeing d order by d.confidence desc, d.name_key;
$$;
comment on function confident_mistakes(integer) is
  'Lists labels that a model which had not seen them says are wrong, the surest first.
most: at most so many, 100 by default.
Returns: name, label, what was predicted, the first level where they differ and the calibrated confidence there. Labels that changed since are left out, people''s are not: they may be wrong too.
Example: select name, label, predicted, confidence from confident_mistakes(20);';
grant execute on function confident_mistakes to taxon_reader, taxon_admin;

create or replace function revert_cleaning(run_id bigint, preview boolean default false) returns table (reverted bigint, kept bigint)
  language plpgsql security definer set search_path from current
  -- the planner takes what was written a moment ago for a row or two and joins it by nested loops: 40,000 changes of
  -- 200,000 labels did not end in four minutes
  set enable_nestloop = off as $$
begin
  if preview then
    -- done, and undone with its savepoint
    begin
      return query select r.* from revert_cleaning(revert_cleaning.run_id) r;
      raise exception using errcode = 'TXOFF';
    exception when sqlstate 'TXOFF' then
      return;
    end;
  end if;
  perform hold_taxonomy();
  perform from training_runs r where r.run_id = revert_cleaning.run_id;
  if not found then
    raise exception 'there is no run %', coalesce(revert_cleaning.run_id::text, 'NULL')
      using hint = 'select run_id, state, started_at from training_runs;', errcode = 'no_data_found';
  end if;
  return query
    with ours as materialized (
      select x.*, name_hash(x.name_key) as hash from label_changes x
        where x.run_id = revert_cleaning.run_id and x.reverted_at is null
    ), held as materialized (
      select l.* from labels l join ours o on o.hash = l.name_hash order by l.name_hash for update of l
    ), same as materialized (
      -- still exactly what the cleaning wrote: whoever touched it since, keeps what he wrote
      select o.* from ours o join held h on h.name_hash = o.hash
        where (h.category_id, h.source, h.confidence, h.llm_call_id, h.updated_at)
              is not distinct from (o.after_category_id, o.after_source, o.confidence, null::bigint, o.after_updated_at)
          -- a category that was merged since comes back as its successor, a retired one not at all
          and in_use(o.before_category_id) is not null
    ), written as (
      update labels l
        set category_id = in_use(s.before_category_id), source = s.before_source, confidence = s.before_confidence,
            -- a call that was deleted meanwhile would have taken its id from the label too
            llm_call_id = (select c.llm_call_id from llm_calls c where c.llm_call_id = s.before_llm_call_id),
            created_at = s.before_created_at, updated_at = s.before_updated_at
        from same s where s.hash = l.name_hash returning 1
    ), noted as (
      update label_changes x set reverted_at = now() from same s where x.change_id = s.change_id returning 1
    )
    select (select count(*) from written), count(*) - (select count(*) from noted) from ours;
  update label_changes x set reason = format('cleaning of run %s taken back', revert_cleaning.run_id)
    from label_changes o
    where o.run_id = revert_cleaning.run_id and o.reverted_at = now()
      and name_hash(x.name_key) = name_hash(o.name_key) and x.run_id is null and x.reason is null
      and x.change_id > o.change_id and x.before_updated_at = o.after_updated_at and x.after_updated_at = o.before_updated_at;
end $$;
comment on function revert_cleaning(bigint, boolean) is
  'Brings back every label that a cleaning run changed, in every column.
run_id: the run, as taxon clean and label_changes name it.
preview: true: counts them and changes nothing. Default false.
Returns: how many came back, and how many are kept as they are: those that a person, the LLM, an import or a later cleaning changed since, or that were removed. Called again it does nothing more, but takes what a later cleaning had hidden once that was reverted. Products that were answered from a cleaned label keep their answer.
Errors: P0002 where there is no such run; 55P03 while another transaction uses the taxonomy.
Example: select reverted, kept from revert_cleaning(1, preview => true);';
grant execute on function revert_cleaning to taxon_admin;
