-- Up Migration
-- The autopilot: runs that go on where they were killed, a gate, a rollout in stages.

alter table training_runs
  drop constraint training_runs_state_check,
  add constraint training_runs_state_check check (state in ('running', 'rollout', 'done', 'failed', 'refused', 'returned')),
  add column kind text not null default 'train' check (kind in ('train', 'retrain')),
  add column reason text,
  add column takeovers integer not null default 0;
create unique index training_runs_one_rollout on training_runs (state) where state = 'rollout';
comment on column training_runs.state is 'running (one at a time); rollout: its model is in shadow, canary or watched, no process holds it (one at a time); done; failed; refused: the gate or the shadow said no; returned: its model was taken back. A train whose process died stays running until the next run closes it, a retrain until it is taken over.';
comment on column training_runs.kind is 'train: what a person started, promoted when it is made; retrain: a job of the autopilot in steps, behind the gate.';
comment on column training_runs.reason is 'Why a retrain was begun.';
comment on column training_runs.takeovers is 'How often a retrain was taken over from a process that died.';

create table run_steps (
  run_id bigint not null references training_runs on delete cascade,
  step text not null check (step in ('encode', 'clean', 'train', 'calibrate', 'gate', 'shadow', 'canary', 'promote', 'watch')),
  state text not null check (state in ('running', 'done', 'skipped', 'failed')),
  attempts integer not null default 1,
  started_at timestamptz not null default clock_timestamp(),
  ended_at timestamptz,
  detail jsonb,
  primary key (run_id, step)
);
comment on table run_steps is 'How far each retrain is: a row a step that was begun.';
comment on column run_steps.run_id is 'The run.';
comment on column run_steps.step is 'encode, clean, train, calibrate, gate, shadow, canary, promote, watch: in this order.';
comment on column run_steps.state is 'running, done, skipped (switched off or needless) or failed.';
comment on column run_steps.attempts is 'How often it was begun: more than once where its process died.';
comment on column run_steps.started_at is 'When it was last begun.';
comment on column run_steps.ended_at is 'When it ended.';
comment on column run_steps.detail is 'What it found.';

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

alter table models
  drop constraint models_state_check,
  add constraint models_state_check check (state in ('candidate', 'shadow', 'canary', 'champion', 'retired')),
  add column barred_at timestamptz;
create unique index models_one_challenger on models ((true)) where state in ('shadow', 'canary');
comment on column models.state is 'candidate; shadow: it watches live traffic; canary: it answers a share of the names; champion (at most one); retired. At most one model is in shadow or canary.';
comment on column models.barred_at is 'When it was taken back: what sidecars still have in hand from it is refused. NULL: never, or promoted again since.';

alter table promotions add column forced text;
comment on column promotions.forced is 'Why a person promoted it against the gate.';

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
  primary key (model_id, name_hash)
);
comment on table gate_answers is 'What models say of the names that the gate asks and that are no checks: the regression set and held-out labels.';
comment on column gate_answers.model_id is 'The model.';
comment on column gate_answers.name_hash is 'sha256 of the name key.';
comment on column gate_answers.category_id is 'Its answer.';

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

alter table thresholds
  drop constraint thresholds_cause_check,
  add constraint thresholds_cause_check check (cause in ('person', 'promise', 'tightened', 'released', 'recalibrated', 'carried'));
comment on column thresholds.cause is 'person, promise, tightened (an alarm), released (its end), recalibrated, or carried: taken over from the champion before.';

alter table promises add column checks integer not null default 0;
comment on column promises.checks is 'How many checks people had judged when it was last looked whether it can be proved.';

insert into all_settings (key, value, description) values
  ('autopilot_prove', 'true', 'Whether the promise is proved anew by itself when people have judged a fifth more checks, 20 at least.'),
  ('autopilot_request', 'true', 'Whether sidecars ask for a retraining by themselves: enough new labels, the schedule, drift.'),
  ('autopilot_clean', 'true', 'Whether a retraining cleans memory''s labels first.'),
  ('autopilot_promote', 'true', 'Whether a challenger that passed the gate is rolled out by itself; false: it waits as a candidate for promote().'),
  ('autopilot_return', 'true', 'Whether a canary or new champion is taken back by itself when audits disprove the promise.'),
  ('retrain_labels', '1000', 'So many new labels since the champion was trained ask for a retraining, if they are also retrain_growth of what it knew; 0: never.'),
  ('retrain_growth', '0.1', 'The least share by which memory must have grown for new labels to ask for a retraining.'),
  ('retrain_schedule', '""', 'When a retraining is asked for in any case, as cron writes it (UTC): "0 2 * * 0" is Sunday at two. Empty: never.'),
  ('gate_branch_loss', '0.1', 'The largest share of a branch''s checked names that a challenger may get wrong where the champion was right, net.'),
  ('gate_coverage_loss', '0.02', 'How much less of the cache misses a challenger may answer under the promise than the champion.'),
  ('gate_teacher_drop', '0.15', 'How far the LLM''s agreement with the champion may have fallen below what its confidences and earlier gates let expect, at the top level.'),
  ('gate_model_mb', '400', 'The largest model that passes the gate, in megabytes.'),
  ('gate_slower', '2', 'How many times as long as the champion a challenger may take for a name.'),
  ('shadow_names', '300', 'Cache misses that a challenger watches before it answers any; 0: no shadow.'),
  ('canary_share', '0.2', 'Share of the names that a canary answers.'),
  ('canary_names', '100', 'Cache misses that a canary decides before it is promoted; 0: no canary.'),
  ('watch_names', '1000', 'Cache misses for which a new champion is watched before its run is done.');

-- it takes a reason to go against the gate
drop function if exists promote(bigint);
