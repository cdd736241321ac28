-- Retrainings that take over what an earlier one chose.

insert into settings (key, value, description) values
  ('full_training_every', '4', 'Of so many retrainings one at least chooses anew how its voices count; the others take over what it chose, in about half the time. 1: each chooses.');
