-- Up Migration
create table drift_streams (
  model_id bigint not null references models on delete cascade,
  stream text not null check (stream in ('confidence', 'novelty', 'familiarity', 'agreement')),
  branch bigint not null default 0,
  edges real[] not null,
  shares real[] not null,
  names bigint not null default 0,
  state jsonb not null default '{}',
  last_id bigint not null default 0,
  changed_at timestamptz not null default clock_timestamp(),
  primary key (model_id, stream, branch)
);
comment on table drift_streams is 'What is watched for drift: how a number is spread in quiet times, and the test that compares arrivals with it.';
comment on column drift_streams.model_id is 'The model.';
comment on column drift_streams.stream is 'confidence: what the model says of the whole path; novelty: share of unknown n-grams; familiarity: what it says, plus twice the cosine of the nearest labelled name; agreement: levels on which the LLM agrees, by what the model says.';
comment on column drift_streams.branch is 'Top category of the answers; 0: all.';
comment on column drift_streams.edges is 'Where one bin ends and the next begins, ascending.';
comment on column drift_streams.shares is 'Share of names in each bin in quiet times, learnt from the first 10,000 names; of agreement, from 3,000, each bin has four: 0, 1, 2 and 3 levels agree.';
comment on column drift_streams.names is 'Names that were tested since.';
comment on column drift_streams.state is 'The running test: counts (of quiet times), part (of a block not full yet), recent (bins of late), r (logarithm of each bet''s statistic), value and better (of those on the worse and on the better), burst and start (the stretch of hours of the last block, and r when it began), learnt (whether quiet times are known).';
comment on column drift_streams.last_id is 'Looked at so far: an evidence_id.';
comment on column drift_streams.changed_at is 'When it last looked.';

create table opinions (
  evidence_id bigint primary key references evidence on delete cascade,
  opinion_id bigint not null generated always as identity unique,
  levels smallint not null check (levels between 0 and 3)
);
comment on table opinions is 'The LLM''s answers to names that the local layer passed on, compared with what it would have answered. Removed with the evidence.';
comment on column opinions.evidence_id is 'What the local layer said.';
comment on column opinions.opinion_id is 'In which order the answers came.';
comment on column opinions.levels is 'How many levels agree, from the top: 3 the whole path, 0 not even the top category.';

-- It holds what an alarm did, so that its end can undo it.
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
  ended_because text,
  acted text not null default 'audits' check (acted in ('audits', 'tightened', 'shadow', 'shadow branch', 'news')),
  threshold_before bigint,
  threshold_after bigint
);
create unique index alarms_open on alarms (model_id, stream, branch) where ended_at is null;
comment on table alarms is 'What was noticed to have moved; open ones stand in health().';
comment on column alarms.alarm_id is 'Order.';
comment on column alarms.model_id is 'The champion then.';
comment on column alarms.stream is 'confidence, novelty, familiarity, agreement (see drift_streams) or error (audits).';
comment on column alarms.branch is 'Top category; 0: all.';
comment on column alarms.value is 'What was measured: the logarithm of the test''s statistic.';
comment on column alarms.limit_value is 'What it had to stay below.';
comment on column alarms.detail is 'In words: what a person should do, what was seen, and what was done.';
comment on column alarms.raised_at is 'When.';
comment on column alarms.ended_at is 'When it ended; NULL: open.';
comment on column alarms.ended_because is 'Why.';
comment on column alarms.acted is 'What is done for as long as it is open. audits: more of them; tightened: tighter thresholds, too; shadow: the local layer watches only; shadow branch: in the alarm''s branch; news: nothing, it has moved to the better and ended with being said.';
comment on column alarms.threshold_before is 'The row of thresholds in force when it was raised; NULL: the defaults.';
comment on column alarms.threshold_after is 'The tighter row that it set; NULL: none.';

insert into all_settings (key, value, description, kind, least, most, choices, unit, nullable, or_zero, topic, audience, changed_with) values
  ('drift_names_a_year', '100000', 'For how many cache misses a year the alarms of drift are tuned: at most one false alarm is expected in 20 such years.',
    'number', 1000, 1e12, null, 'names', false, false, 'drift', 'expert', null),
  ('drift_burst_hours', '6', 'Names decided within this time count as one burst, which by itself raises no alarm of drift and is no quiet time; 0 switches it off.',
    'number', 0, 168, null, 'hours', false, false, 'drift', 'expert', null);
