-- Up Migration
-- The autopilot: runs that go on where they were killed, a gate, a rollout in stages.

create table retrain_requests (
  request_id bigint generated always as identity primary key,
  cause text not null check (cause in ('person', 'schedule', 'labels', 'drift')),
  reason text not null,
  requested_by text not null default session_user,
  requested_at timestamptz not null default clock_timestamp(),
  run_id bigint references training_runs on delete set null
);
create unique index retrain_requests_open on retrain_requests ((true)) where run_id is null;
comment on table retrain_requests is 'Why models were trained anew: one open request at a time, until a run takes it.';
comment on column retrain_requests.request_id is 'Order.';
comment on column retrain_requests.cause is 'person, schedule, labels (so many are new) or drift.';
comment on column retrain_requests.reason is 'In words.';
comment on column retrain_requests.requested_by is 'The role that asked.';
comment on column retrain_requests.requested_at is 'When.';
comment on column retrain_requests.run_id is 'The run that took it; NULL: it is open.';

-- A first model, of letters alone, needs no encoder; it is a step of its own in a retraining that finds no champion.
create table run_steps (
  run_id bigint not null references training_runs on delete cascade,
  step text not null check (step in ('first', 'encode', 'clean', 'train', 'calibrate', 'gate', 'shadow', 'canary', 'promote', 'watch')),
  state text not null check (state in ('running', 'done', 'skipped', 'failed')),
  attempts integer not null default 1,
  started_at timestamptz not null default clock_timestamp(),
  ended_at timestamptz,
  detail jsonb,
  primary key (run_id, step)
);
comment on table run_steps is 'How far each retrain is: a row a step that was begun.';
comment on column run_steps.run_id is 'The run.';
comment on column run_steps.step is 'first (where there is no champion), encode, clean, train, calibrate, gate, shadow, canary, promote, watch: in this order; after first clean comes before encode.';
comment on column run_steps.state is 'running, done, skipped (switched off or needless) or failed.';
comment on column run_steps.attempts is 'How often it was begun: more than once where its process died.';
comment on column run_steps.started_at is 'When it was last begun.';
comment on column run_steps.ended_at is 'When it ended.';
comment on column run_steps.detail is 'What it found.';

create table regression_names (
  name_hash bytea generated always as (name_hash(name_key)) stored primary key,
  name_key text not null check (name_key <> ''),
  category_id bigint not null references categories,
  reason text,
  added_by text not null default session_user,
  added_at timestamptz not null default clock_timestamp()
);
comment on table regression_names is 'Names that a new model must not get wrong: the gate asks them. They train no model.';
comment on column regression_names.name_hash is 'sha256 of the name key.';
comment on column regression_names.name_key is 'The normalised name.';
comment on column regression_names.category_id is 'Where it belongs.';
comment on column regression_names.reason is 'Why it stands here.';
comment on column regression_names.added_by is 'The role that added it.';
comment on column regression_names.added_at is 'When.';

create table gate_answers (
  model_id bigint not null references models on delete cascade,
  name_hash bytea not null,
  category_id bigint,
  said real,
  primary key (model_id, name_hash)
);
comment on table gate_answers is 'What models say of the names that the gate asks and that are no checks: the regression set and held-out labels.';
comment on column gate_answers.model_id is 'The model.';
comment on column gate_answers.name_hash is 'sha256 of the name key.';
comment on column gate_answers.category_id is 'Its answer.';
comment on column gate_answers.said is 'What it says of the whole path; NULL: it was asked by an older release.';

create table gate_verdicts (
  gate_id bigint generated always as identity primary key,
  run_id bigint references training_runs on delete cascade,
  challenger bigint not null references models on delete cascade,
  champion bigint references models on delete set null,
  passed boolean not null,
  reasons text[] not null,
  numbers jsonb not null,
  judged_at timestamptz not null default clock_timestamp()
);
create index gate_verdicts_challenger on gate_verdicts (challenger, gate_id desc);
comment on table gate_verdicts is 'What the gate said of each challenger, and why.';
comment on column gate_verdicts.gate_id is 'Order.';
comment on column gate_verdicts.run_id is 'The run that made the challenger.';
comment on column gate_verdicts.challenger is 'The model that was judged.';
comment on column gate_verdicts.champion is 'The model that it was compared with; NULL: there was none.';
comment on column gate_verdicts.passed is 'Whether it may be rolled out.';
comment on column gate_verdicts.reasons is 'Why not, or what speaks for it, in words.';
comment on column gate_verdicts.numbers is 'What was counted: pairs, branches, coverage, teacher, size and time.';
comment on column gate_verdicts.judged_at is 'When.';

create table rollouts (
  rollout_id bigint generated always as identity primary key,
  run_id bigint references training_runs on delete cascade,
  model_id bigint not null references models on delete cascade,
  champion bigint references models on delete set null,
  stage text not null check (stage in ('shadow', 'canary', 'watch', 'done', 'refused', 'returned', 'replaced')),
  stage_at timestamptz not null default clock_timestamp(),
  from_evidence_id bigint not null default 0,
  share real not null default 0 check (share between 0 and 1),
  started_at timestamptz not null default clock_timestamp(),
  ended_at timestamptz,
  outcome text
);
create unique index rollouts_one on rollouts ((true)) where ended_at is null;
comment on table rollouts is 'How models that passed the gate come to answer: shadow, canary, then all names, watched. One at a time.';
comment on column rollouts.rollout_id is 'Order.';
comment on column rollouts.run_id is 'The run that made the model.';
comment on column rollouts.model_id is 'The model.';
comment on column rollouts.champion is 'The champion before.';
comment on column rollouts.stage is 'shadow, canary, watch (it is the champion); or how it ended: done, refused, returned, replaced (another was promoted by hand).';
comment on column rollouts.stage_at is 'When this stage began.';
comment on column rollouts.from_evidence_id is 'The newest evidence when this stage began.';
comment on column rollouts.share is 'Share of the names that the canary answers.';
comment on column rollouts.started_at is 'When it began.';
comment on column rollouts.ended_at is 'When it ended.';
comment on column rollouts.outcome is 'How it went, in words.';

-- Second looks: what a new champion says of answers that an older model gave.
create table second_looks (
  product_id bigint primary key,
  model_id bigint not null references models on delete cascade,
  category_id bigint,
  l1_said real,
  l2_said real,
  l3_said real,
  looked_at timestamptz not null default now(),
  constraint second_looks_numbers check (l1_said >= 0 and l1_said <= 1 and l2_said >= 0 and l2_said <= 1 and l3_said >= 0 and l3_said <= 1)
);
comment on table second_looks is 'What the champion says of rows that an older model has answered. It changes no row: stale_answers() reads it.';
comment on column second_looks.product_id is 'The row. No foreign key: that would put a trigger on each DELETE of a shop; what has lost its row goes with the next promotion.';
comment on column second_looks.model_id is 'The model that was asked again.';
comment on column second_looks.category_id is 'Its answer, sure or not.';
comment on column second_looks.l1_said is 'What the model says of l1, before calibration.';
comment on column second_looks.l2_said is 'What the model says of l1 and l2.';
comment on column second_looks.l3_said is 'What the model says of the whole path.';
comment on column second_looks.looked_at is 'When.';

create table look_progress (
  model_id bigint primary key references models on delete cascade,
  below_product_id bigint,
  looked bigint not null default 0,
  done_at timestamptz
);
comment on table look_progress is 'How far a champion has looked again at the answers of older models, from the newest row down.';
comment on column look_progress.model_id is 'The champion.';
comment on column look_progress.below_product_id is 'It goes on below this row; NULL: it begins.';
comment on column look_progress.looked is 'Rows that it was asked about.';
comment on column look_progress.done_at is 'When there was nothing left, or as many as the setting stale_names allows were done.';

insert into all_settings (key, value, description, kind, least, most, choices, unit, nullable, or_zero, topic, audience, changed_with) values
  ('autopilot_request', 'true', 'Whether sidecars start retrainings by themselves, after enough new labels, by the schedule or on drift.',
    'switch', null, null, null, null, false, false, 'autopilot', 'everyday', null),
  ('autopilot_clean', 'true', 'Whether a retraining cleans memory''s labels first.',
    'switch', null, null, null, null, false, false, 'autopilot', 'expert', null),
  ('autopilot_promote', 'true', 'Whether a model that passed the gate is rolled out by itself; off, it waits for promote_model().',
    'switch', null, null, null, null, false, false, 'autopilot', 'everyday', null),
  ('autopilot_prove', 'true', 'Whether the promise is proved again by itself when people have judged a fifth more checks, 20 at least.',
    'switch', null, null, null, null, false, false, 'autopilot', 'expert', null),
  ('autopilot_return', 'true', 'Whether a canary or new champion is taken back by itself when audits disprove the promise.',
    'switch', null, null, null, null, false, false, 'autopilot', 'expert', null),
  ('retrain_labels', '1000', 'How many new labels ask for a retraining, if they are also retrain_growth of what the champion knew; 0 never asks.',
    'whole', 0, 1e15, null, 'labels', false, false, 'autopilot', 'expert', null),
  ('retrain_growth', '0.1', 'By which share memory must have grown since the champion was trained; 0 lets the learning curve say whether a retraining pays.',
    'number', 0, 1, null, 'share', false, false, 'autopilot', 'expert', null),
  ('retrain_schedule', '""', 'When a retraining starts in any case, as cron writes it, in UTC; empty is never.',
    'cron', null, null, null, null, false, false, 'autopilot', 'everyday', null),
  ('retrain_gain', '0.005', 'A training pays when it is expected to lower the LLM''s share of the products by this much.',
    'number', 0, 1, null, 'share', false, false, 'autopilot', 'expert', null),
  ('full_training_every', '4', 'Every which retraining chooses again how its voices count; the others take that over, in about half the time.',
    'whole', 1, 1000, null, 'retrainings', false, false, 'autopilot', 'expert', null),
  ('gate_branch_loss', '0.1', 'The largest share of a branch''s checked names that a challenger may get wrong where the champion was right, net.',
    'number', 0, 1, null, 'share', false, false, 'autopilot', 'expert', null),
  ('gate_coverage_loss', '0.02', 'How much less of the cache misses a challenger may answer under the promise than the champion.',
    'number', 0, 1, null, 'share', false, false, 'autopilot', 'expert', null),
  ('gate_teacher_drop', '0.15', 'How far the LLM''s agreement with the champion may have fallen below what its confidences and earlier gates let expect, at the top level.',
    'number', 0, 1, null, 'share', false, false, 'autopilot', 'expert', null),
  ('gate_model_mb', '400', 'The largest model that passes the gate.',
    'number', 1e-6, 1e9, null, 'megabytes', false, false, 'autopilot', 'expert', null),
  ('gate_slower', '2', 'How many times as long as the champion a challenger may take for a name.',
    'number', 1e-6, 1e9, null, 'times', false, false, 'autopilot', 'expert', null),
  ('shadow_names', '300', 'How many cache misses a challenger watches before it answers any; 0 leaves the shadow out.',
    'whole', 0, 1e15, null, 'names', false, false, 'autopilot', 'expert', null),
  ('canary_share', '0.2', 'Which share of the names a canary answers.',
    'number', 0, 1, null, 'share', false, false, 'autopilot', 'expert', null),
  ('canary_names', '100', 'How many cache misses a canary decides before it is promoted; 0 leaves the canary out.',
    'whole', 0, 1e15, null, 'names', false, false, 'autopilot', 'expert', null),
  ('watch_names', '1000', 'For how many cache misses a new champion is watched before its run is done.',
    'whole', 0, 1e15, null, 'names', false, false, 'autopilot', 'expert', null),
  ('teach_tokens_a_day', '0', 'How many LLM tokens a day may be spent on names that are asked only because their labels teach; 0 asks none.',
    'whole', 0, 1e15, null, 'tokens', false, false, 'autopilot', 'everyday', null),
  ('teach_strategy', '"unfamiliar"', 'Which names are asked because they teach.',
    'choice', null, null, '{random,unfamiliar,uncertain,mixed}', null, false, false, 'autopilot', 'expert', null),
  ('second_looks_most', '100000', 'How many answers of older models, the newest first, a new champion looks at again in the background; 0 looks at none.',
    'whole', 0, 1e15, null, 'names', false, false, 'autopilot', 'expert', null);
