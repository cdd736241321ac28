-- taxon_internal: Runs of changes of labels. What changes many at once begins a run, and the triggers on labels write it into the history.

create or replace function current_label_run(out run_id bigint, out reason text)
  language sql stable security definer set search_path from current as $$
  select case when not r.taking_back then r.run_id end,
         case when r.taking_back then concat_ws(': ', format('run %s taken back', r.run_id), r.undo_reason)
              else concat_ws(': ', format('run %s, %s', r.run_id, r.kind), r.reason) end
    from label_runs r where r.xact = pg_current_xact_id_if_assigned();
$$;
comment on function current_label_run() is 'The run that this transaction is writing, and the reason that goes into history; run_id is NULL while one is taken back, both where there is none. Example: select run_id from current_label_run();';

create or replace function begin_label_run(kind text, reason text, file text default null, training_run_id bigint default null)
  returns bigint
  language plpgsql security definer set search_path from current as $$
#variable_conflict use_column
declare
  id bigint;
begin
  insert into label_runs as r (kind, reason, file, training_run_id, xact)
    values (begin_label_run.kind, nullif(btrim(begin_label_run.reason), ''), begin_label_run.file, begin_label_run.training_run_id,
            pg_current_xact_id())
    -- a cleaning that is repeated
    on conflict on constraint label_runs_training_run_id_key do update set xact = excluded.xact
    returning r.run_id into id;
  return id;
end $$;
comment on function begin_label_run(text, text, text, bigint) is 'Begins a run: until end_label_run() every change of a label by this transaction is noted as its. Returns its id. Example: select begin_label_run(''import'', ''spring list'', ''labels.csv'');';

create or replace function end_label_run(run_id bigint) returns label_runs
  language plpgsql security definer set search_path from current as $$
declare
  r label_runs;
begin
  update label_runs x
    set xact = null, labels_added = l.added, labels_changed = l.changed, labels_removed = l.removed,
        rows_corrected = p.corrected, rows_asked_again = p.asked_again
    from (select count(*) filter (where c.before_category_id is null) as added,
                 count(*) filter (where c.after_category_id is null) as removed,
                 count(*) filter (where (c.before_category_id, c.before_source) <> (c.after_category_id, c.after_source)) as changed
            from label_changes c where c.run_id = end_label_run.run_id) l,
         (select count(*) filter (where c.after_source is not null) as corrected,
                 count(*) filter (where c.after_source is null) as asked_again
            from product_changes c where c.run_id = end_label_run.run_id) p
    where x.run_id = end_label_run.run_id
    returning x.* into r;
  return r;
end $$;
comment on function end_label_run(bigint) is 'Ends what begin_label_run() began, and counts. A run may be taken up again in another transaction by setting its xact. Example: select labels_changed from end_label_run(1);';
