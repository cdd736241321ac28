-- Up Migration
-- What made a model, beside its files; all NULL for models stored before this migration.
alter table models
  add column metrics jsonb,
  add column data jsonb,
  add column code_version text,
  add column seed bigint,
  add column settings jsonb;
comment on column models.metrics is 'What its training measured.';
comment on column models.data is 'What it was trained on: labels (how many), sha256 (of the training rows), newest_change (id in label_changes); imported_from where the model came from another database.';
comment on column models.code_version is 'The pgtaxon that trained it.';
comment on column models.seed is 'Seed of everything random in its training: the same data, code, settings and seed give the same model.';
comment on column models.settings is 'What the training was asked for.';

create table promotions (
  promotion_id bigint generated always as identity primary key,
  model_id bigint not null references models on delete cascade,
  promoted_by text not null default session_user,
  promoted_at timestamptz not null default clock_timestamp(),
  rolled_back_at timestamptz
);
comment on table promotions is 'History of champions: one row each time a model became it.';
comment on column promotions.promotion_id is 'Order.';
comment on column promotions.model_id is 'The model that became champion.';
comment on column promotions.promoted_by is 'The role that promoted it.';
comment on column promotions.promoted_at is 'When.';
comment on column promotions.rolled_back_at is 'When roll_back_model() took it off the way back; NULL: it stands on it.';
insert into promotions (model_id, promoted_at)
  select m.model_id, m.promoted_at from models m where m.promoted_at is not null order by m.promoted_at;

-- One training at a time, by a lease and not by a session lock: those do not survive a transaction pooler.
alter table training_runs
  add column worker text,
  add column lease_until timestamptz;
comment on column training_runs.worker is 'Who runs it: host, process id and a random part.';
comment on column training_runs.lease_until is 'Renewed while the run lives; past it the next run closes this one.';
comment on column training_runs.state is 'running (one at a time), done or failed. A run whose process died stays running until the next run closes it.';
update training_runs set state = 'failed', error = 'its process died', ended_at = now() where state = 'running';
create unique index training_runs_one on training_runs (state) where state = 'running';

-- They come back with more parameters.
drop function if exists start_run(jsonb);
drop function if exists save_model(integer, bigint, jsonb);
