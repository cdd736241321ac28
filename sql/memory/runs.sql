-- taxon: What was done to many labels at once.

create or replace view runs with (security_invoker) as
  select r.run_id, r.kind, r.reason, r.file, r.made_by, r.made_at, r.labels_added, r.labels_changed, r.labels_removed, r.rows_corrected,
         r.rows_asked_again, r.training_run_id, r.undone_at, r.undone_by, r.undo_reason
    from label_runs r order by r.run_id desc;
comment on view runs is 'Runs of changes of labels, newest first: cleanings, imports and decisions for a kind. undo_run(run_id) takes one back.';

select describe_view('runs', 'label_runs');
grant select on runs to taxon_reader, taxon_admin;
