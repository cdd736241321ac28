-- Up Migration
-- A first model, of letters alone, needs no encoder; it is a step of its own in a retraining that finds no champion.

alter table models alter column encoder_id drop not null;
comment on column models.encoder_id is 'The encoder whose embeddings it reads; NULL: letters alone, a first model.';

alter table run_steps
  drop constraint run_steps_step_check,
  add constraint run_steps_step_check check (step in ('first', 'encode', 'clean', 'train', 'calibrate', 'gate', 'shadow', 'canary', 'promote', 'watch'));
comment on column run_steps.step is 'first (where there is no champion), encode, clean, train, calibrate, gate, shadow, canary, promote, watch: in this order; after first clean comes before encode.';
