-- Drift: one more number to watch, and what an alarm did, so that its end can undo it.

alter table drift_streams drop constraint drift_streams_stream_check;
alter table drift_streams add constraint drift_streams_stream_check check (stream in ('confidence', 'novelty', 'familiarity'));
comment on column drift_streams.stream is 'confidence: what the model says of the whole path; novelty: share of unknown n-grams; familiarity: what it says, plus twice the cosine of the nearest labelled name.';
comment on column drift_streams.edges is 'Where one bin ends and the next begins, ascending.';
comment on column drift_streams.shares is 'Share of names in each bin in quiet times, learnt from the first 10,000 names.';
comment on column drift_streams.names is 'Names that were tested since.';
comment on column drift_streams.state is 'The running test: counts (of quiet times), part (of a block not full yet), recent (bins of late), r (logarithm of each bet''s statistic).';

alter table alarms
  add column acted text not null default 'audits' check (acted in ('audits', 'tightened', 'shadow', 'shadow branch')),
  add column threshold_before bigint,
  add column threshold_after bigint;
comment on column alarms.acted is 'What is done for as long as it is open. audits: more of them; tightened: tighter thresholds, too; shadow: the local layer watches only; shadow branch: in the alarm''s branch.';
comment on column alarms.threshold_before is 'The row of thresholds in force when it was raised; NULL: the defaults.';
comment on column alarms.threshold_after is 'The tighter row that it set; NULL: none.';
comment on column alarms.stream is 'confidence, novelty, familiarity (see drift_streams) or error (audits).';
comment on column alarms.value is 'What was measured: the logarithm of the test''s statistic.';

insert into all_settings (key, value, description) values
  ('drift_names_a_year', '100000', 'For how many cache misses a year the alarms of drift are tuned: at most one false alarm is expected in 20 such years.');
