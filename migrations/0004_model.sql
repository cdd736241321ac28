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

-- One encoder follows another: embeddings of both stand side by side, filled in the background, removed by command.
create table embeddings (
  encoder_id integer not null references encoders,
  name_hash bytea not null,
  embedding halfvec not null,
  labelled boolean not null default false,
  primary key (encoder_id, name_hash)
);
comment on table embeddings is 'One vector a name key and encoder; a name is encoded once, ever. halfvec, not vector: .39 of the bytes at 768 dimensions (vector goes to TOAST), .56 at 384, read back faster, and 99.9% of the ten nearest names stay (bench/embedding-type.ts).';
comment on column embeddings.encoder_id is 'The encoder.';
comment on column embeddings.name_hash is 'Digest of the name key.';
comment on column embeddings.embedding is 'L2-normalised vector of the encoder''s dimension.';
comment on column embeddings.labelled is 'Whether memory holds a label of this name; follows labels.';

-- One training at a time, by a lease and not by a session lock: those do not survive a transaction pooler.
create table training_runs (
  run_id bigint generated always as identity primary key,
  state text not null default 'running' check (state in ('running', 'rollout', 'done', 'failed', 'refused', 'returned')),
  options jsonb not null default '{}',
  report jsonb,
  error text,
  started_at timestamptz not null default now(),
  ended_at timestamptz,
  worker text,
  lease_until timestamptz,
  kind text not null default 'train' check (kind in ('train', 'retrain')),
  reason text,
  takeovers integer not null default 0
);
create unique index training_runs_one on training_runs (state) where state = 'running';
create unique index training_runs_one_rollout on training_runs (state) where state = 'rollout';
comment on table training_runs is 'One row for each run of `taxon train`.';
comment on column training_runs.run_id is 'Id of the run.';
comment on column training_runs.state is 'running (one at a time); rollout: its model is in shadow, canary or watched, no process holds it (one at a time); done; failed; refused: the gate or the shadow said no; returned: its model was taken back. A train whose process died stays running until the next run closes it, a retrain until it is taken over.';
comment on column training_runs.options is 'What the run was asked for.';
comment on column training_runs.report is 'What it found: rows, classes, epochs, accuracy on held-out names.';
comment on column training_runs.error is 'Why it failed.';
comment on column training_runs.started_at is 'When it began.';
comment on column training_runs.ended_at is 'When it ended.';
comment on column training_runs.worker is 'Who runs it: host, process id and a random part.';
comment on column training_runs.lease_until is 'Renewed while the run lives; past it the next run closes this one.';
comment on column training_runs.kind is 'train: what a person started, judged by the gate when it is made; retrain: a job of the autopilot in steps, rolled out in stages behind the gate.';
comment on column training_runs.reason is 'Why a retrain was begun.';
comment on column training_runs.takeovers is 'How often a retrain was taken over from a process that died.';

create table models (
  model_id bigint generated always as identity primary key,
  encoder_id integer references encoders,
  run_id bigint references training_runs,
  manifest jsonb not null,
  state text not null default 'candidate' check (state in ('candidate', 'shadow', 'canary', 'champion', 'retired')),
  created_at timestamptz not null default now(),
  promoted_at timestamptz,
  metrics jsonb,
  data jsonb,
  code_version text,
  seed bigint,
  settings jsonb,
  barred_at timestamptz,
  forgotten integer not null default 0,
  -- What is noted of a model comes from elsewhere too (`taxon model import`), and views and the autopilot read numbers in
  -- it: one that is none would make the list of all models fail.
  constraint models_facts_are_numbers check (
    data ->> 'labels' ~ '^[0-9]{1,15}$' and metrics ->> 'chosen_by' ~ '^[0-9]{1,15}$' and settings ->> 'depth' ~ '^[0-9]{1,9}$')
);
create unique index models_one_champion on models (state) where state = 'champion';
create unique index models_one_challenger on models ((true)) where state in ('shadow', 'canary');
comment on table models is 'The registry of trained models; sidecars load the champion.';
comment on column models.model_id is 'Id of the model; every local answer carries it.';
comment on column models.encoder_id is 'The encoder whose embeddings it reads; NULL: letters alone, a first model.';
comment on column models.run_id is 'The training run that made it.';
comment on column models.manifest is 'Format, classes, paths, and how it was trained.';
comment on column models.state is 'candidate; shadow: it watches live traffic; canary: it answers a share of the names; champion (at most one); retired. At most one model is in shadow or canary.';
comment on column models.created_at is 'When it was stored.';
comment on column models.promoted_at is 'When it last became champion.';
comment on column models.metrics is 'What its training measured.';
comment on column models.data is 'What it was trained on: labels (how many), sha256 (of the training rows), newest_change (id in label_changes); imported_from where the model came from another database.';
comment on column models.code_version is 'The pgtaxon that trained it.';
comment on column models.seed is 'Seed of everything random in its training: the same data, code, settings and seed give the same model.';
comment on column models.settings is 'What the training was asked for.';
comment on column models.barred_at is 'When it was taken back: what sidecars still have in hand from it is refused. NULL: never, or promoted again since.';
comment on column models.forgotten is 'Names forgotten since that memory held when it was trained: it may have learnt from them. The next training leaves them behind.';

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

create table promotions (
  promotion_id bigint generated always as identity primary key,
  model_id bigint not null references models on delete cascade,
  promoted_by text not null default session_user,
  promoted_at timestamptz not null default clock_timestamp(),
  rolled_back_at timestamptz,
  forced text
);
comment on table promotions is 'History of champions: one row each time a model became it.';
comment on column promotions.promotion_id is 'Order.';
comment on column promotions.model_id is 'The model that became champion.';
comment on column promotions.promoted_by is 'The role that promoted it.';
comment on column promotions.promoted_at is 'When.';
comment on column promotions.rolled_back_at is 'When roll_back_model() took it off the way back; NULL: it stands on it.';
comment on column promotions.forced is 'Why a person promoted it against the gate; NULL: it passed, or was not judged.';

create table calibrations (
  calibration_id bigint generated always as identity primary key,
  model_id bigint not null references models on delete cascade,
  offsets real[] not null check (cardinality(offsets) = 3),
  slopes real[] not null check (cardinality(slopes) = 3 and 0 < all (slopes)),
  fitted_on text not null check (fitted_on in ('checks', 'labels')),
  names integer not null,
  made_by text not null default session_user,
  made_at timestamptz not null default clock_timestamp(),
  constraint calibrations_finite check (-1e30 < all (offsets) and 1e30 > all (offsets) and 1e30 > all (slopes))
);
create index calibrations_newest on calibrations (model_id, calibration_id desc);
comment on table calibrations is 'How what a model says becomes a confidence, level by level: logit of the confidence = offset + slope × logit of what it said. The newest of a model counts; without one a confidence is what the model said.';
comment on column calibrations.calibration_id is 'Order.';
comment on column calibrations.model_id is 'The model.';
comment on column calibrations.offsets is 'Three offsets, l1 to l3.';
comment on column calibrations.slopes is 'Three slopes, above 0, so that the order of names stays.';
comment on column calibrations.fitted_on is 'checks: on names that people checked; labels: on the teacher''s own labels, which certifies nothing.';
comment on column calibrations.names is 'On how many names.';
comment on column calibrations.made_by is 'By whom.';
comment on column calibrations.made_at is 'When.';

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

insert into all_settings (key, value, description, kind, least, most, choices, unit, nullable, or_zero, topic, audience, changed_with) values
  ('fill_embeddings', 'true', 'Whether sidecars that name several encoders encode every labelled name with each of them in the background.',
    'switch', null, null, null, null, false, false, 'model', 'expert', null);
