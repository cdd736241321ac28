-- Retrainings that take over what an earlier one chose, and whose lease has an owner.

-- these take the worker now, and this what it is to carry
drop function if exists renew_run(bigint, interval);
drop function if exists begin_step(bigint, text);
drop function if exists carry_thresholds(bigint, bigint);

insert into all_settings (key, value, description) values
  ('full_training_every', '4', 'Of so many retrainings one at least chooses anew how its voices count; the others take over what it chose, in about half the time. 1: each chooses.');
