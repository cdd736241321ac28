-- What is said of trust: how sure models are where the gate compares them.

alter table gate_answers add column said real;
comment on column gate_answers.said is 'What it says of the whole path; NULL: it was asked by an older release.';
comment on column training_runs.kind is 'train: what a person started, judged by the gate when it is made; retrain: a job of the autopilot in steps, rolled out in stages behind the gate.';
comment on column promotions.forced is 'Why a person promoted it against the gate; NULL: it passed, or was not judged.';

-- these take or return something else now
drop function if exists suggest_thresholds(double precision, double precision, bigint);
drop function if exists checks_short(bigint, bigint, double precision, double precision, double precision);
drop function if exists set_promise(double precision, double precision, text);
drop function if exists set_thresholds(real, real, real, text, bigint, bigint, boolean);
drop function if exists simulate_thresholds(real, real, real, bigint);
drop function if exists layer_errors(interval);
drop function if exists drift_cells(drift_streams, bigint);
drop function if exists drift_words(drift_streams);
drop function if exists agreement_words(drift_streams);

alter table alarms drop constraint alarms_acted_check;
alter table alarms add constraint alarms_acted_check check (acted in ('audits', 'tightened', 'shadow', 'shadow branch', 'news'));
comment on column alarms.acted is 'What is done for as long as it is open. audits: more of them; tightened: tighter thresholds, too; shadow: the local layer watches only; shadow branch: in the alarm''s branch; news: nothing, it has moved to the better and ended with being said.';
comment on column alarms.detail is 'In words: what a person should do, what was seen, and what was done.';
comment on column drift_streams.state is 'The running test: counts (of quiet times), part (of a block not full yet), recent (bins of late), r (logarithm of each bet''s statistic), value and better (of those on the worse and on the better), burst and start (the stretch of hours of the last block, and r when it began), learnt (whether quiet times are known).';
insert into all_settings (key, value, description) values
  ('drift_burst_hours', '6', 'All names that are decided within so many hours count as one burst: none can raise an alarm of drift by itself, nor be quiet times by itself. 0: off.');
