-- Up Migration
create table encoders (
  encoder_id integer generated always as identity primary key,
  identity text not null unique,
  dimension integer not null check (dimension between 1 and 4000),
  created_at timestamptz not null default now()
);
comment on table encoders is 'Every frozen text model that was ever used here; two of them never mix.';
comment on column encoders.encoder_id is 'Short id, stored with every embedding.';
comment on column encoders.identity is 'Model, revision, dtype, prefix and pooling in one line.';
comment on column encoders.dimension is 'Length of its vectors.';
comment on column encoders.created_at is 'When it was first used here.';

create table training_runs (
  run_id bigint generated always as identity primary key,
  state text not null default 'running' check (state in ('running', 'done', 'failed')),
  options jsonb not null default '{}',
  report jsonb,
  error text,
  started_at timestamptz not null default now(),
  ended_at timestamptz
);
comment on table training_runs is 'One row for each run of `taxon train`.';
comment on column training_runs.run_id is 'Id of the run.';
comment on column training_runs.state is 'running, done or failed. A run whose process died stays running until the next run closes it.';
comment on column training_runs.options is 'What the run was asked for.';
comment on column training_runs.report is 'What it found: rows, classes, epochs, accuracy on held-out names.';
comment on column training_runs.error is 'Why it failed.';
comment on column training_runs.started_at is 'When it began.';
comment on column training_runs.ended_at is 'When it ended.';

create table models (
  model_id bigint generated always as identity primary key,
  encoder_id integer not null references encoders,
  run_id bigint references training_runs,
  manifest jsonb not null,
  state text not null default 'candidate' check (state in ('candidate', 'champion', 'retired')),
  created_at timestamptz not null default now(),
  promoted_at timestamptz
);
create unique index models_one_champion on models (state) where state = 'champion';
comment on table models is 'The registry of trained models; sidecars load the champion.';
comment on column models.model_id is 'Id of the model; every local answer carries it.';
comment on column models.encoder_id is 'The encoder whose embeddings it reads.';
comment on column models.run_id is 'The training run that made it.';
comment on column models.manifest is 'Format, classes, paths, and how it was trained.';
comment on column models.state is 'candidate, champion (at most one) or retired.';
comment on column models.created_at is 'When it was stored.';
comment on column models.promoted_at is 'When it last became champion.';

create table model_files (
  model_id bigint not null references models on delete cascade,
  name text not null,
  sha256 bytea not null,
  content bytea not null check (sha256 = sha256(content)),
  primary key (model_id, name)
);
comment on table model_files is 'The artefact of each model, so that a sidecar on any machine can load it from the database.';
comment on column model_files.model_id is 'The model.';
comment on column model_files.name is 'File name inside the artefact.';
comment on column model_files.sha256 is 'Digest of the content, checked when stored and when loaded.';
comment on column model_files.content is 'The bytes.';

create table thresholds (
  threshold_id bigint generated always as identity primary key,
  model_id bigint not null references models on delete cascade,
  branch bigint references categories,
  l1 real not null check (l1 between 0 and 1),
  l2 real not null check (l2 between 0 and 1),
  l3 real not null check (l3 between 0 and 1),
  reason text not null,
  set_by text not null default current_user,
  set_at timestamptz not null default clock_timestamp()
);
create index thresholds_newest on thresholds (model_id, branch, threshold_id desc);
comment on table thresholds is 'History of thresholds; the newest row of a model counts, .75 / .55 / .40 where it has none.';
comment on column thresholds.threshold_id is 'Order of setting.';
comment on column thresholds.model_id is 'Thresholds belong to a model.';
comment on column thresholds.branch is 'Category below which they hold; NULL: everywhere.';
comment on column thresholds.l1 is 'Lowest l1 confidence accepted.';
comment on column thresholds.l2 is 'Lowest l2 confidence accepted.';
comment on column thresholds.l3 is 'Lowest l3 confidence accepted.';
comment on column thresholds.reason is 'Why they were set.';
comment on column thresholds.set_by is 'The role that set them.';
comment on column thresholds.set_at is 'When.';
