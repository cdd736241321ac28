-- What is said of trust: how sure models are where the gate compares them.

alter table gate_answers add column said real;
comment on column gate_answers.said is 'What it says of the whole path; NULL: it was asked by an older release.';
comment on column training_runs.kind is 'train: what a person started, judged by the gate when it is made; retrain: a job of the autopilot in steps, rolled out in stages behind the gate.';
comment on column promotions.forced is 'Why a person promoted it against the gate; NULL: it passed, or was not judged.';

-- these take or return something else now
drop function if exists suggest_thresholds(double precision, double precision, bigint);
drop function if exists checks_short(bigint, bigint, double precision, double precision, double precision);
drop function if exists set_promise(double precision, double precision, text);
drop function if exists simulate_thresholds(real, real, real, bigint);
drop function if exists layer_errors(interval);
