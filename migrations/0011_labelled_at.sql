-- Up Migration
alter table labels add column labelled_at timestamptz;
comment on column labels.labelled_at is 'When this answer was first given, where that is known: of imports their column labelled_at, of the LLM the settling. NULL: not known, then created_at counts.';

alter table import_rows add column labelled_at timestamptz;
comment on column import_rows.labelled_at is 'When the answer was given; NULL: not known.';
