-- taxon: A run of changes of labels is taken back.

create or replace function undo_run(run_id bigint, preview boolean default false, reason text default null)
  returns table (labels_restored bigint, labels_kept bigint, rows_restored bigint, rows_kept bigint, rows_followed bigint, note text)
  language plpgsql security definer set search_path from current as $$
declare
  r label_runs := (select x from label_runs x where x.run_id = undo_run.run_id);
  f record;
  gone record;
begin
  if preview then
    -- done, and undone with its savepoint
    begin
      return query select u.* from undo_run(undo_run.run_id, reason => undo_run.reason) u;
      raise exception using errcode = 'TXOFF';
    exception when sqlstate 'TXOFF' then
      return;
    end;
  end if;
  if r.categories <> '{}' or r.taxonomy_changes <> '{}' then
    -- categories go, or get their old names: nobody may be writing them
    perform lock_taxonomy(r.categories);
  else
    perform hold_taxonomy();
  end if;
  update label_runs x
    set xact = pg_current_xact_id(), taking_back = true, undone_at = now(), undone_by = session_user, undo_reason = undo_run.reason
    where x.run_id = undo_run.run_id returning x.* into r;
  if not found then
    raise exception 'there is no run %', coalesce(undo_run.run_id::text, 'NULL')
      using hint = 'select run_id, kind, reason, made_at from runs;', errcode = 'no_data_found';
  end if;
  -- as others lock them: queue, labels, products
  perform from queue q
    where q.name_hash in (select name_hash(c.name_key) from label_changes c where c.run_id = undo_run.run_id and c.reverted_at is null)
    order by q.queue_id for update;
  select l.restored, l.kept into labels_restored, labels_kept from undo_run_labels(undo_run.run_id) l;
  select p.restored, p.kept into rows_restored, rows_kept from undo_run_rows(undo_run.run_id) p;
  -- rows that came since and took an answer of the run from memory
  select * into f from follow_run(undo_run.run_id);
  rows_followed := f.corrected + f.asked_again;
  rows_kept := rows_kept + f.held;
  note := undo_run_names(undo_run.run_id);
  select * into gone from remove_run_categories(undo_run.run_id);
  if gone.removed > 0 then note := concat_ws('; ', note, format('%s categories that it had made are removed', gone.removed)); end if;
  if gone.kept <> '{}' then
    note := concat_ws('; ', note, format('%s categories that it had made are in use and stay: %s%s', cardinality(gone.kept),
      (select string_agg(format('%s "%s"', k, category_path(k)), ', ' order by k) from unnest(gone.kept[1:10]) k),
      case when cardinality(gone.kept) > 10 then ', …' end));
  end if;
  update label_runs x set xact = null, taking_back = false where x.run_id = undo_run.run_id;
  perform wake();
  return next;
end $$;
comment on function undo_run(bigint, boolean, text) is
  'Takes back what a run did to labels and rows: a cleaning, an import or a decision for a kind.
run_id: the run, as the view runs numbers it.
preview: true: counts and changes nothing. Default false.
reason: why; it stands in runs and in the history, NULL by default.
Returns: how many labels and rows are again what they were, in every column; how many are kept because somebody changed them since; how many other rows, which had taken an answer of the run from memory, follow what memory says again; and a note on categories: those that an import made go with it, those that are in use by now stay and are named. Called again it takes back what a later change had hidden, once that is undone.
Errors: P0002 where there is no such run; 55P03 while another transaction uses the taxonomy.
Example: select labels_restored, labels_kept from undo_run(1, preview => true);';
grant execute on function undo_run to taxon_admin;
