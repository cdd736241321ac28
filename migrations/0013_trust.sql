-- Trust: what the local layer saw, what people found, and what is promised.

create table evidence (
  evidence_id bigint generated always as identity primary key,
  product_id bigint not null,
  model_id bigint not null references models on delete cascade,
  decided_at timestamptz not null default now(),
  category_id bigint,
  threshold_id bigint,
  l1_said real,
  l2_said real,
  l3_said real,
  margin real,
  nearest real,
  unknown real,
  voices smallint,
  clears boolean not null,
  answered boolean not null
);
create index evidence_decided_at on evidence using brin (decided_at);
comment on table evidence is 'One row for each cache miss that the local layer decided: what the model said, before calibration, and whether that was enough. Kept for the setting evidence_days.';
comment on column evidence.evidence_id is 'Order of deciding; products.evidence_id points here.';
comment on column evidence.product_id is 'One of the rows that waited for the name.';
comment on column evidence.model_id is 'The model that was asked.';
comment on column evidence.decided_at is 'When.';
comment on column evidence.category_id is 'Its answer, also where the LLM was asked in the end.';
comment on column evidence.threshold_id is 'The row of thresholds that was in force; NULL: the defaults.';
comment on column evidence.l1_said is 'What the model said of l1, before calibration.';
comment on column evidence.l2_said is 'What it said of l1 and l2 together.';
comment on column evidence.l3_said is 'What it said of the whole path: what names are ranked by.';
comment on column evidence.margin is 'Probability of the best path minus that of the second.';
comment on column evidence.nearest is 'Cosine of the nearest labelled name; NULL: memory was not asked.';
comment on column evidence.unknown is 'Share of the name''s n-grams that no training name had.';
comment on column evidence.voices is 'How many voices, each alone, give the answer, 0 to 3; NULL: memory was not asked, as letters were sure, or letters and meaning.';
comment on column evidence.clears is 'Whether the thresholds in force were cleared.';
comment on column evidence.answered is 'Whether the local layer answered; false although clears: in shadow.';

alter table products add column evidence_id bigint;
comment on column products.evidence_id is 'The evidence of the local layer''s decision; NULL: it was not asked, or the evidence is past its days.';

create table calibrations (
  calibration_id bigint generated always as identity primary key,
  model_id bigint not null references models on delete cascade,
  offsets real[] not null check (cardinality(offsets) = 3),
  slopes real[] not null check (cardinality(slopes) = 3 and 0 < all (slopes)),
  fitted_on text not null check (fitted_on in ('checks', 'labels')),
  names integer not null,
  made_by text not null default session_user,
  made_at timestamptz not null default clock_timestamp()
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

create table promises (
  promise_id bigint generated always as identity primary key,
  max_error real not null check (max_error > 0 and max_error < 1),
  confidence real not null check (confidence > .5 and confidence < 1),
  reason text not null,
  made_by text not null default session_user,
  made_at timestamptz not null default clock_timestamp(),
  ended_at timestamptz
);
create unique index promises_one on promises ((true)) where ended_at is null;
comment on table promises is 'What was promised: at most so large a share of what the local layer answers is wrong. One stands at a time.';
comment on column promises.promise_id is 'Order.';
comment on column promises.max_error is 'The largest share of wrong paths among local answers.';
comment on column promises.confidence is 'How sure the proof must be: .95 lets one proof in twenty be wrong.';
comment on column promises.reason is 'Why.';
comment on column promises.made_by is 'By whom.';
comment on column promises.made_at is 'When.';
comment on column promises.ended_at is 'When it was taken back or replaced; NULL: it stands.';

alter table thresholds
  add column promise_id bigint references promises,
  add column certified boolean not null default false,
  add column upper_bound real,
  add column checks integer,
  add column calibration_id bigint references calibrations on delete set null,
  add column cause text not null default 'person' check (cause in ('person', 'promise', 'tightened', 'released', 'recalibrated')),
  add column never_local boolean not null default false,
  add column undone_at timestamptz;
comment on column thresholds.promise_id is 'The promise that they were set for; NULL: none.';
comment on column thresholds.certified is 'Whether that promise was proved for them by checks.';
comment on column thresholds.upper_bound is 'Upper bound of the share of wrong answers that the checks proved.';
comment on column thresholds.checks is 'How many checked names stood above them.';
comment on column thresholds.calibration_id is 'The calibration whose confidences they are; NULL: what the model said.';
comment on column thresholds.cause is 'person: set by hand; promise: by a promise; tightened: by an alarm; released: the alarm ended; recalibrated: the same names pass in new confidences.';
comment on column thresholds.never_local is 'Below this branch the local layer never answers.';
comment on column thresholds.undone_at is 'When undo_thresholds() took them back; NULL: not undone.';
comment on table thresholds is 'History of thresholds; the newest row of a model that is not undone counts, .75 / .55 / .40 where it has none.';

create table checks (
  check_id bigint generated always as identity primary key,
  name_hash bytea generated always as (name_hash(name_key)) stored,
  name_key text not null,
  product_id bigint,
  layer text not null check (layer in ('exact', 'similar', 'local', 'llm')),
  strategy text not null check (strategy in ('uniform', 'surer', 'answered', 'threshold', 'category', 'disagreement', 'audit')),
  weight real not null check (weight > 0),
  floor real not null default 0,
  evidence_id bigint,
  model_id bigint references models on delete set null,
  category_id bigint references categories,
  similarity real,
  auditor text not null default 'human' check (auditor in ('human', 'llm')),
  drawn_by text not null default session_user,
  drawn_at timestamptz not null default clock_timestamp(),
  verdict boolean,
  truth_category_id bigint references categories,
  checked_by text,
  checked_at timestamptz,
  llm_call_id bigint references llm_calls on delete set null,
  second_verdict boolean,
  second_truth_category_id bigint references categories,
  second_by text,
  second_at timestamptz
);
create index checks_name on checks (name_hash);
create index checks_open on checks (auditor, check_id) where verdict is null;
create index checks_drawn_at on checks (layer, drawn_at);
comment on table checks is 'Answers drawn to be judged, and the judgement. Names drawn by people''s checks of the local layer never train a model, so that they can certify every later one.';
comment on column checks.check_id is 'Order of drawing.';
comment on column checks.name_hash is 'Digest of the name key.';
comment on column checks.name_key is 'The name.';
comment on column checks.product_id is 'The row it was drawn from.';
comment on column checks.layer is 'Which layer''s answer is judged; local also where it passed the name on: what it would have said.';
comment on column checks.strategy is 'uniform: any cache miss alike; surer: alike among the surer half; answered: alike among local answers; threshold, category, disagreement: where people learn most; audit: at random among what a layer answered.';
comment on column checks.weight is 'How many names of those it was drawn from it stands for.';
comment on column checks.floor is 'What the model said of the whole path at least, in the frame it was drawn from: for names above it the draw was alike, so it may certify.';
comment on column checks.evidence_id is 'The evidence at the draw.';
comment on column checks.model_id is 'The model at the draw.';
comment on column checks.category_id is 'The answer that is judged.';
comment on column checks.similarity is 'Its similarity, of the similar layer.';
comment on column checks.auditor is 'Who is asked: human or llm.';
comment on column checks.drawn_by is 'Who drew it.';
comment on column checks.drawn_at is 'When.';
comment on column checks.verdict is 'Whether the whole path was right; NULL: not judged yet.';
comment on column checks.truth_category_id is 'What it is; NULL: not said.';
comment on column checks.checked_by is 'Who judged.';
comment on column checks.checked_at is 'When.';
comment on column checks.llm_call_id is 'The call that judged, where the LLM did.';
comment on column checks.second_verdict is 'What a second person said.';
comment on column checks.second_truth_category_id is 'What it is by the second person.';
comment on column checks.second_by is 'Who.';
comment on column checks.second_at is 'When.';

create table check_scores (
  check_id bigint not null references checks on delete cascade,
  model_id bigint not null references models on delete cascade,
  category_id bigint,
  l1_said real,
  l2_said real,
  l3_said real,
  scored_at timestamptz not null default clock_timestamp(),
  primary key (check_id, model_id)
);
comment on table check_scores is 'What each model says of checked names: of the champion from its evidence, of others by taxon train --recalibrate.';
comment on column check_scores.check_id is 'The check.';
comment on column check_scores.model_id is 'The model.';
comment on column check_scores.category_id is 'Its answer.';
comment on column check_scores.l1_said is 'As in evidence.';
comment on column check_scores.l2_said is 'As in evidence.';
comment on column check_scores.l3_said is 'As in evidence.';
comment on column check_scores.scored_at is 'When.';

create table product_changes (
  change_id bigint generated always as identity primary key,
  product_id bigint not null,
  before_category_id bigint,
  before_source text,
  after_category_id bigint,
  after_source text,
  reason text not null,
  check_id bigint references checks on delete set null,
  changed_by text not null default session_user,
  changed_at timestamptz not null default clock_timestamp()
);
create index product_changes_product on product_changes (product_id, change_id);
comment on table product_changes is 'Answers that were corrected after they had been given.';
comment on column product_changes.change_id is 'Order.';
comment on column product_changes.product_id is 'The row.';
comment on column product_changes.before_category_id is 'What it said.';
comment on column product_changes.before_source is 'Who had answered.';
comment on column product_changes.after_category_id is 'What it says now; NULL: it is decided again.';
comment on column product_changes.after_source is 'Who answered now.';
comment on column product_changes.reason is 'Why.';
comment on column product_changes.check_id is 'The check that found it.';
comment on column product_changes.changed_by is 'By whom.';
comment on column product_changes.changed_at is 'When.';

create table drift_streams (
  model_id bigint not null references models on delete cascade,
  stream text not null check (stream in ('confidence', 'novelty')),
  branch bigint not null default 0,
  edges real[] not null,
  shares real[] not null,
  names bigint not null default 0,
  state jsonb not null default '{}',
  last_evidence_id bigint not null default 0,
  changed_at timestamptz not null default clock_timestamp(),
  primary key (model_id, stream, branch)
);
comment on table drift_streams is 'What is watched for drift: how a number is spread in quiet times, and the test that compares arrivals with it.';
comment on column drift_streams.model_id is 'The model.';
comment on column drift_streams.stream is 'confidence: what the model says of the whole path; novelty: share of unknown n-grams.';
comment on column drift_streams.branch is 'Top category of the answers; 0: all.';
comment on column drift_streams.edges is 'Upper edges of the bins but the last.';
comment on column drift_streams.shares is 'Share of names in each bin in quiet times.';
comment on column drift_streams.names is 'Names looked at since.';
comment on column drift_streams.state is 'The running test.';
comment on column drift_streams.last_evidence_id is 'Evidence looked at so far.';
comment on column drift_streams.changed_at is 'When it last looked.';

create table alarms (
  alarm_id bigint generated always as identity primary key,
  model_id bigint not null references models on delete cascade,
  stream text not null,
  branch bigint not null default 0,
  value real,
  limit_value real,
  detail text not null,
  raised_at timestamptz not null default clock_timestamp(),
  ended_at timestamptz,
  ended_because text
);
create unique index alarms_open on alarms (model_id, stream, branch) where ended_at is null;
comment on table alarms is 'What was noticed to have moved; open ones stand in health().';
comment on column alarms.alarm_id is 'Order.';
comment on column alarms.model_id is 'The champion then.';
comment on column alarms.stream is 'confidence, novelty, calibration or error.';
comment on column alarms.branch is 'Top category; 0: all.';
comment on column alarms.value is 'What was measured.';
comment on column alarms.limit_value is 'What it had to stay below.';
comment on column alarms.detail is 'In words, and what was done.';
comment on column alarms.raised_at is 'When.';
comment on column alarms.ended_at is 'When it ended; NULL: open.';
comment on column alarms.ended_because is 'Why.';

insert into settings (key, value, description) values
  ('evidence_days', '180', 'For how many days evidence of the local layer is kept; 0: none is written.'),
  ('audit_share', '0.01', 'Share of the answered rows of each layer that is audited.'),
  ('audit_tokens_a_day', '20000', 'LLM tokens that audits may cost a day; 0: audits go to people only.'),
  ('auditor', '"llm"', 'Who audits: "llm" or "human".'),
  ('auditor_error', '0.2', 'How often the LLM as auditor is wrong itself, until enough of its audits were checked by people to know better.'),
  ('partial_answers', 'false', 'Whether a row shows the levels that clear their thresholds while the LLM is asked for the rest.'),
  ('shadow_branches', '[]', 'Top categories (ids) in which the local layer only watches.');

-- it returns the threshold's id too

drop function if exists thresholds_in_force(bigint);
