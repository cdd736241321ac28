-- taxon_internal: Cleaning of labels: out-of-fold predictions as evidence, changes that name their run, and the way back.

create or replace function save_out_of_fold(run_id bigint, hashes bytea[], labels bigint[], predicted bigint[],
    l1 real[], l2 real[], l3 real[], voices smallint[] default null) returns void
  language sql volatile security definer set search_path from current as $$
  insert into out_of_fold (run_id, name_hash, label_category_id, category_id, l1_confidence, l2_confidence, l3_confidence, voices)
    select save_out_of_fold.run_id, u.hash, u.label, u.category, u.l1, u.l2, u.l3, u.voices
      from unnest(hashes, labels, predicted, l1, l2, l3, voices) u(hash, label, category, l1, l2, l3, voices)
      where not forgotten(u.hash)
      order by u.hash
    on conflict (name_hash) do update
      set run_id = excluded.run_id, label_category_id = excluded.label_category_id, category_id = excluded.category_id,
          l1_confidence = excluded.l1_confidence, l2_confidence = excluded.l2_confidence,
          l3_confidence = excluded.l3_confidence, voices = excluded.voices, predicted_at = now();
$$;
comment on function save_out_of_fold(bigint, bytea[], bigint[], bigint[], real[], real[], real[],
  smallint[]) is 'Stores out-of-fold predictions, a page a call (labels[i]: the label of hashes[i] when predicted[i] was predicted); a name''s earlier one goes.';
grant execute on function save_out_of_fold to taxon_admin, taxon_sidecar;

create or replace function apply_cleaning(training_run_id bigint, changes jsonb)
  returns table (run_id bigint, asked bigint, changed bigint, human bigint, moved_on bigint, done_before bigint)
  language plpgsql security definer set search_path from current
  -- as in undo_run_labels()
  set enable_nestloop = off set jit = off as $$
declare
  id bigint;
begin
  perform hold_taxonomy();
  -- locked, so that nobody closes the run before its labels are committed
  perform from training_runs r where r.run_id = apply_cleaning.training_run_id and r.state <> 'failed' for share;
  if not found then
    raise exception 'run % cannot change labels: it failed, lost its lease or never was', coalesce(training_run_id::text, 'NULL')
      using hint = 'select run_id, state, error from training_runs;';
  end if;
  id := begin_label_run('cleaning', 'models that had not seen the labels disagree', training_run_id => apply_cleaning.training_run_id);
  with given as materialized (
    select distinct on (name_hash(c.name_key)) name_hash(c.name_key) as hash, c.name_key, c.before, c.after, c.reason, c.confidence
      from jsonb_to_recordset(changes) c(name_key text, before bigint, after bigint, reason text, confidence real)
      order by name_hash(c.name_key)
  ), held as materialized (
    -- in the order in which all others write labels, so that nobody waits for another in a circle
    select l.name_hash, l.category_id, l.source from labels l join given g on g.hash = l.name_hash
      order by l.name_hash for update of l
  ), judged as materialized (
    select g.*, case
        when exists (select from label_changes x where name_hash(x.name_key) = g.hash and x.name_key = g.name_key
                       and x.run_id = id) then 'done before'
        when h.source = 'human' then 'human'
        when h.category_id = g.before and g.after <> g.before and c.category_id is not null then 'change'
        else 'moved on' end as fate
      from given g left join held h on h.name_hash = g.hash
      left join categories c on c.category_id = g.after and c.retired_at is null
  ), written as (
    update labels l set category_id = j.after, confidence = j.confidence, llm_call_id = null, updated_at = now()
      from judged j where j.hash = l.name_hash and j.fate = 'change' returning 1
  )
  select count(*), (select count(*) from written), count(*) filter (where j.fate = 'human'),
         count(*) filter (where j.fate = 'moved on'), count(*) filter (where j.fate = 'done before')
    into asked, changed, human, moved_on, done_before
    from judged j;
  -- The trigger on labels wrote what was and what is; why, and how sure, is known here.
  update label_changes x
    set reason = c.reason, confidence = c.confidence
    from jsonb_to_recordset(changes) c(name_key text, before bigint, after bigint, reason text, confidence real)
    where x.run_id = id and x.name_key = c.name_key and x.confidence is null
      and x.before_category_id = c.before and x.after_category_id = c.after;
  if (select r.labels_changed from end_label_run(id) r) > 0 then
    run_id := id;
  else
    delete from label_runs r where r.run_id = id;
  end if;
  return next;
end $$;
comment on function apply_cleaning(bigint, jsonb) is
  'Changes labels for a cleaning, all or nothing: changes is [{name_key, before, after, reason, confidence}], before the label''s category when it was predicted. Returns the run of changes, by which undo_run() takes them back (NULL: there are none), and counts. A person''s label is never touched (human); one that is something else by now, or is to become a category that is retired or none, is left (moved_on); one that this run changed already stays as it is (done_before), so a call may be repeated. The source stays, the confidence becomes the model''s, the call that gave the label is forgotten; label_changes remembers all of it. Products that were answered from a label keep their answer: decide_again() asks again.';
grant execute on function apply_cleaning to taxon_admin, taxon_sidecar;
