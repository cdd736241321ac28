-- Up Migration
-- Retention: how long things are kept, and names that are forgotten on demand.

create table forgotten_names (
  name_hash bytea primary key,
  forgotten_at timestamptz not null default clock_timestamp(),
  labelled boolean not null
);
comment on table forgotten_names is 'Names that forget() removed in the last two days, by their digest, so that what a sidecar, a training or a provider had in hand at that moment does not bring them back. A digest of a name is still personal data, with a salt beside it too, so it goes when a batch API can have nothing in hand any more.';
comment on column forgotten_names.name_hash is 'Digest of the name key, as in labels.';
comment on column forgotten_names.forgotten_at is 'When.';
comment on column forgotten_names.labelled is 'Whether memory had it: a model in training has then seen it.';

create table retention_runs (
  thing text primary key,
  ran_at timestamptz not null,
  removed bigint not null
);
comment on table retention_runs is 'When the nightly job last removed what is past its days; retention() shows it.';
comment on column retention_runs.thing is 'What, as retention() calls it.';
comment on column retention_runs.ran_at is 'When the job last ended.';
comment on column retention_runs.removed is 'How many it removed then.';

alter table models add column forgotten integer not null default 0;
comment on column models.forgotten is 'Names forgotten since that memory held when it was trained: it may have learnt from them. The next training leaves them behind.';

-- a call that is removed takes its id out of labels and checks: without an index each reads all of them
create index labels_llm_call on labels (llm_call_id) where llm_call_id is not null;
create index checks_llm_call on checks (llm_call_id) where llm_call_id is not null;

insert into all_settings (key, value, description) values
  ('ledger_days', '0', 'For how many days the calls of the ledger are kept, 62 at least, as budgets count a month; 0: for ever. What was spent before is then out of every sum.'),
  ('forget_embeddings', 'true', 'Whether embeddings are removed whose name no label, product, queue entry, check or regression name has any more; false: they are kept for ever.'),
  ('model_days', '30', 'For how many days retired models keep their files; 0: for ever. The rows of models stay in any case.'),
  ('way_back', '5', 'How many champions before the champion keep their files whatever their age, so that roll_back_model() can go back to them, 1 to 1000.');
