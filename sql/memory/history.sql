-- taxon_internal: The history of memory: every change of a label is kept, by triggers. Labels of retired categories are refused.

create or replace function refuse_retired(category_ids bigint[]) returns void
  language plpgsql stable security definer set search_path from current as $$
declare
  retired categories;
begin
  select c.* into retired from categories c where c.category_id = any (category_ids) and c.retired_at is not null limit 1;
  if found then
    raise exception 'no label can be of category % ("%"): it is retired', retired.category_id, category_path(retired.category_id)
      using hint = coalesce(format('Its successor is %s.', retired.merged_into), 'It has no successor: select * from taxonomy_history;');
  end if;
end $$;
comment on function refuse_retired(bigint[]) is 'An error where one of the categories is retired. Example: select refuse_retired(array[7]);';

create or replace function note_new_labels() returns trigger
  language plpgsql security definer set search_path from current as $$
begin
  perform refuse_retired(array(select distinct a.category_id from after_rows a));
  update embeddings e set labelled = true from after_rows a where e.name_hash = a.name_hash and not e.labelled;
  -- of a run alone: what a sidecar labels is told by the label itself
  insert into label_changes (name_key, after_category_id, after_source, after_updated_at, changed_by, run_id, reason)
    select a.name_key, a.category_id, a.source, a.updated_at, session_user, r.run_id, r.reason
      from current_label_run() r, after_rows a where r.reason is not null;
  return null;
end $$;
comment on function note_new_labels() is 'Trigger: keeps embeddings.labelled in step with labels, and writes the history of what a run makes; refuses labels of retired categories.';

select keep_trigger('create trigger labels_inserted after insert on labels
    referencing new table as after_rows for each statement execute function note_new_labels()',
  'Marks embeddings as labelled, and writes label_changes for runs.');

create or replace function note_changed_labels() returns trigger
  language plpgsql security definer set search_path from current as $$
begin
  perform refuse_retired(array(select distinct a.category_id from before_rows b join after_rows a using (name_hash)
                                 where a.category_id <> b.category_id));
  insert into label_changes (name_key, before_category_id, before_source, before_confidence, before_llm_call_id,
                             before_created_at, before_updated_at, before_labelled_at, after_category_id, after_source, after_updated_at,
                               changed_by, run_id, reason)
    select b.name_key, b.category_id, b.source, b.confidence, b.llm_call_id, b.created_at, b.updated_at, b.labelled_at,
           a.category_id, a.source, a.updated_at, session_user, r.run_id, r.reason
      from before_rows b join after_rows a using (name_hash) left join current_label_run() r on true
      where (a.category_id, a.source) is distinct from (b.category_id, b.source)
         -- an import may know only since when a label is right: its undo must too
         or r.run_id is not null and a.labelled_at is distinct from b.labelled_at;
  return null;
end $$;
comment on function note_changed_labels() is 'Trigger: writes the history of memory; refuses labels of retired categories.';

select keep_trigger('create trigger labels_updated after update on labels
    referencing old table as before_rows new table as after_rows for each statement execute function note_changed_labels()',
  'Writes label_changes.');

create or replace function note_removed_labels() returns trigger
  language plpgsql security definer set search_path from current as $$
begin
  insert into label_changes (name_key, before_category_id, before_source, before_confidence, before_llm_call_id,
                             before_created_at, before_updated_at, before_labelled_at, changed_by, run_id, reason)
    select b.name_key, b.category_id, b.source, b.confidence, b.llm_call_id, b.created_at, b.updated_at, b.labelled_at, session_user,
           r.run_id, r.reason
      from before_rows b left join current_label_run() r on true;
  update embeddings e set labelled = false from before_rows b where e.name_hash = b.name_hash;
  return null;
end $$;
comment on function note_removed_labels() is 'Trigger: writes the history of memory and keeps embeddings.labelled in step.';

select keep_trigger('create trigger labels_deleted after delete on labels
    referencing old table as before_rows for each statement execute function note_removed_labels()',
  'Writes label_changes and unmarks embeddings.');

grant insert, update, delete on labels to taxon_admin;
grant select on labels, label_changes to taxon_sidecar;
