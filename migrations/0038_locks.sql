-- Up Migration
-- What is done one at a time is held as a lock on an empty table. An advisory lock could be held by any login of the database, whose
-- own locks may have the same number; these need rights that only the owner's functions have, and queue in order as those do.
create table taxonomy_lock ();
create table settling_lock ();
create table models_lock ();
create table rollouts_lock ();
create table thresholds_lock ();
create table guard_lock ();
create table runs_lock ();
create table drift_lock ();
create table checks_lock ();
create table import_lock ();
comment on table taxonomy_lock is 'Always empty. Shared by what writes categories into rows and labels, held alone by changes of the taxonomy.';
comment on table settling_lock is 'Always empty. Shared by what settles a model''s answers, held alone by what takes a model back.';
comment on table models_lock is 'Always empty. Held by what promotes, rolls back or removes models.';
comment on table rollouts_lock is 'Always empty. Held by what advances the rollout.';
comment on table thresholds_lock is 'Always empty. Held by what sets thresholds and promises.';
comment on table guard_lock is 'Always empty. Held by what learns the guard''s words, and by forget().';
comment on table runs_lock is 'Always empty. Held by what starts a training.';
comment on table drift_lock is 'Always empty. Held by what looks for drift.';
comment on table checks_lock is 'Always empty. Held by what draws names to check.';
comment on table import_lock is 'Always empty. Held by an import of labels.';
