-- Up Migration
-- Enough of the label before to bring it back in every column, and why it changed.
alter table label_changes
  add column run_id bigint references training_runs,
  add column reason text,
  add column confidence real,
  add column before_confidence real,
  add column before_llm_call_id bigint,
  add column before_created_at timestamptz,
  add column before_updated_at timestamptz,
  add column after_updated_at timestamptz,
  add column reverted_at timestamptz;
comment on column label_changes.run_id is 'The cleaning run that changed it; NULL for everything else.';
comment on column label_changes.reason is 'Why, where a program changed it.';
comment on column label_changes.confidence is 'The calibrated confidence with which a cleaning run changed it.';
comment on column label_changes.before_confidence is 'labels.confidence before.';
comment on column label_changes.before_llm_call_id is 'labels.llm_call_id before.';
comment on column label_changes.before_created_at is 'labels.created_at before.';
comment on column label_changes.before_updated_at is 'labels.updated_at before.';
comment on column label_changes.after_updated_at is 'labels.updated_at after; NULL when the label was removed, and for changes older than this column.';
comment on column label_changes.reverted_at is 'When revert_cleaning() took this change back.';
create index label_changes_run on label_changes (run_id, change_id) where run_id is not null;
create index label_changes_name on label_changes (name_hash(name_key));

-- No foreign keys to labels and categories: training writes it in bulk, and every reader joins both.
create table out_of_fold (
  name_hash bytea primary key,
  run_id bigint not null references training_runs on delete cascade,
  label_category_id bigint not null,
  category_id bigint not null,
  l1_confidence real not null check (l1_confidence between 0 and 1),
  l2_confidence real not null check (l2_confidence between 0 and 1),
  l3_confidence real not null check (l3_confidence between 0 and 1),
  voices smallint,
  predicted_at timestamptz not null default now()
);
comment on table out_of_fold is 'What a model that had not seen the label says of each labelled name: the evidence of cleaning and of confident_mistakes(). One row a label, the newest.';
comment on column out_of_fold.name_hash is 'Digest of the name key.';
comment on column out_of_fold.run_id is 'The run that predicted it.';
comment on column out_of_fold.label_category_id is 'The label then; where memory says something else by now, the row is no evidence any more.';
comment on column out_of_fold.category_id is 'The category predicted.';
comment on column out_of_fold.l1_confidence is 'Calibrated probability that its l1 is right.';
comment on column out_of_fold.l2_confidence is 'Calibrated probability that its l1 and l2 are right.';
comment on column out_of_fold.l3_confidence is 'Calibrated probability that its l1, l2 and l3 are right.';
comment on column out_of_fold.voices is 'How many voices, each alone, predict this category; NULL: not noted.';
comment on column out_of_fold.predicted_at is 'When.';
