-- What is noted of a model comes from elsewhere too (`taxon model import`), and views and the autopilot read numbers in
-- it: one that is none would make the list of all models fail.
alter table models add constraint models_facts_are_numbers check (
  data ->> 'labels' ~ '^[0-9]{1,15}$' and metrics ->> 'chosen_by' ~ '^[0-9]{1,15}$' and settings ->> 'depth' ~ '^[0-9]{1,9}$');
