-- Up Migration
-- Trust: what is promised, the thresholds that keep it, and the audits that measure it.

create table promises (
  promise_id bigint generated always as identity primary key,
  max_error real not null check (max_error > 0 and max_error < 1),
  confidence real not null check (confidence > .5 and confidence < 1),
  reason text not null,
  made_by text not null default session_user,
  made_at timestamptz not null default clock_timestamp(),
  ended_at timestamptz,
  ended_because text,
  ended_by text,
  checks integer not null default 0
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
comment on column promises.ended_because is 'Why.';
comment on column promises.ended_by is 'By whom.';
comment on column promises.checks is 'How many checks people had judged when it was last looked whether it can be proved.';

create table thresholds (
  threshold_id bigint generated always as identity primary key,
  model_id bigint not null references models on delete cascade,
  branch bigint references categories,
  l1 real not null check (l1 between 0 and 1),
  l2 real not null check (l2 between 0 and 1),
  l3 real not null check (l3 between 0 and 1),
  reason text not null,
  set_by text not null default current_user,
  set_at timestamptz not null default clock_timestamp(),
  promise_id bigint references promises,
  certified boolean not null default false,
  upper_bound real,
  checks integer,
  calibration_id bigint references calibrations on delete set null,
  cause text not null default 'person' check (cause in ('person', 'promise', 'tightened', 'released', 'recalibrated', 'carried')),
  never_local boolean not null default false,
  undone_at timestamptz
);
create index thresholds_newest on thresholds (model_id, branch, threshold_id desc);
comment on table thresholds is 'History of thresholds; the newest row of a model that is not undone counts, .75 / .55 / .40 where it has none.';
comment on column thresholds.threshold_id is 'Order of setting.';
comment on column thresholds.model_id is 'Thresholds belong to a model.';
comment on column thresholds.branch is 'Category below which they hold; NULL: everywhere.';
comment on column thresholds.l1 is 'Lowest l1 confidence accepted.';
comment on column thresholds.l2 is 'Lowest l2 confidence accepted.';
comment on column thresholds.l3 is 'Lowest l3 confidence accepted.';
comment on column thresholds.reason is 'Why they were set.';
comment on column thresholds.set_by is 'The role that set them.';
comment on column thresholds.set_at is 'When.';
comment on column thresholds.promise_id is 'The promise that they were set for; NULL: none.';
comment on column thresholds.certified is 'Whether that promise was proved for them by checks.';
comment on column thresholds.upper_bound is 'Upper bound of the share of wrong answers that the checks proved.';
comment on column thresholds.checks is 'How many checked names stood above them.';
comment on column thresholds.calibration_id is 'The calibration whose confidences they are; NULL: what the model said.';
comment on column thresholds.cause is 'person, promise, tightened (an alarm), released (its end), recalibrated, or carried: taken over from the champion before.';
comment on column thresholds.never_local is 'Below this branch the local layer never answers.';
comment on column thresholds.undone_at is 'When undo_thresholds() took them back; NULL: not undone.';

-- Audits: how far they have looked, and the rows that were picked before they were answered.
create table audit_watermark (
  one_row boolean primary key default true check (one_row),
  seen_xact xid8 not null,
  from_id bigint not null,
  next_xact xid8 not null,
  next_id bigint not null,
  drawn_at timestamptz,
  people_at timestamptz
);
comment on table audit_watermark is 'How far draw_audits() has looked: one row. It goes by transactions, not by ids: an id may be committed after a higher one was looked at.';
comment on column audit_watermark.one_row is 'There is one row.';
comment on column audit_watermark.seen_xact is 'Rows that an older transaction inserted were looked at.';
comment on column audit_watermark.from_id is 'No row of that transaction or a newer one has a lower id, so that the search starts here.';
comment on column audit_watermark.next_xact is 'Once rows are looked at up to this transaction,';
comment on column audit_watermark.next_id is 'this id is where the search starts.';
comment on column audit_watermark.drawn_at is 'When it last looked.';
comment on column audit_watermark.people_at is 'When people were last given audits: what they may be given grows from here.';
-- there is no row yet that it could have looked at
insert into audit_watermark (seen_xact, from_id, next_xact, next_id)
  select pg_snapshot_xmin(s), 0, pg_snapshot_xmax(s), 0 from pg_current_snapshot() s;

create table audit_waiting (
  product_id bigint primary key,
  weight real not null,
  picked_at timestamptz not null default now()
);
comment on table audit_waiting is 'Rows picked for an audit that were not answered yet, or that wait for people''s turn: picked on arrival, so that a row that waits long has the same chance as any.';
comment on column audit_waiting.product_id is 'The row.';
comment on column audit_waiting.weight is 'How many rows it stands for: 1 / audit_share at the pick.';
comment on column audit_waiting.picked_at is 'When.';

insert into all_settings (key, value, description, kind, least, most, choices, unit, nullable, or_zero, topic, audience, changed_with) values
  ('audit_share', '0.01', 'Which share of the answered rows of each layer is judged a second time.',
    'number', 0, 1, null, 'share', false, false, 'trust', 'everyday', null),
  ('audit_tokens_a_day', '20000', 'How many LLM tokens audits may cost a day; 0 leaves audits to people.',
    'whole', 0, 1e15, null, 'tokens', false, false, 'trust', 'everyday', null),
  ('audit_people_a_day', '20', 'How many audits a day are put before people; chance takes them from those that are due.',
    'whole', 0, 1e15, null, 'names', false, false, 'trust', 'everyday', null),
  ('auditor', '"llm"', 'Who audits: the LLM or people.',
    'choice', null, null, '{llm,human}', null, false, false, 'trust', 'everyday', null),
  ('auditor_error', '0.2', 'How often the LLM is taken to be wrong as the auditor, until people have checked enough of its audits.',
    'number', 0, 1, null, 'share', false, false, 'trust', 'expert', null),
  ('similar_promise', '0', 'The largest share of wrong answers promised for the similar layer; 0 promises nothing.',
    'number', 0, 1, null, 'share', false, false, 'trust', 'everyday', null);
