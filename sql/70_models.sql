-- Registry: encoders, embeddings, models, the champion.

create or replace function register_encoder(identity text, dimension integer) returns integer
  language plpgsql security definer set search_path from current as $$
declare
  e encoders;
begin
  insert into encoders (identity, dimension) values (register_encoder.identity, register_encoder.dimension) on conflict do nothing;
  select * into strict e from encoders x where x.identity = register_encoder.identity;
  if e.dimension <> register_encoder.dimension then
    raise exception 'encoder "%" had % dimensions and has % now', e.identity, e.dimension, register_encoder.dimension;
  end if;
  return e.encoder_id;
end $$;
comment on function register_encoder(text, integer) is 'The short id of an encoder; registers it the first time.';

create or replace function save_embeddings(encoder_id integer, names text[], vectors halfvec[]) returns void
  language sql volatile security definer set search_path from current as $$
  insert into embeddings (encoder_id, name_hash, embedding, labelled)
    select save_embeddings.encoder_id, g.hash, g.vector, exists (select from labels l where l.name_hash = g.hash)
      from (select name_hash(n) as hash, v as vector from unnest(names, vectors) u(n, v)) g
      join encoders e on e.encoder_id = save_embeddings.encoder_id and e.dimension = vector_dims(g.vector)
      order by g.hash
    on conflict do nothing;
$$;
comment on function save_embeddings(integer, text[], halfvec[]) is 'Stores vectors of name keys (vectors[i] of names[i]); names that have one keep it.';

create or replace function note_new_labels() returns trigger
  language plpgsql security definer set search_path from current as $$
begin
  update embeddings e set labelled = true from after_rows a where e.name_hash = a.name_hash and not e.labelled;
  return null;
end $$;
comment on function note_new_labels() is 'Trigger: keeps embeddings.labelled in step with labels.';

create or replace function note_changed_labels() returns trigger
  language plpgsql security definer set search_path from current as $$
begin
  insert into label_changes (name_key, before_category_id, before_source, after_category_id, after_source, changed_by)
    select b.name_key, b.category_id, b.source, a.category_id, a.source, session_user
      from before_rows b join after_rows a using (name_hash)
      where (a.category_id, a.source) is distinct from (b.category_id, b.source);
  return null;
end $$;
comment on function note_changed_labels() is 'Trigger: writes the history of memory.';

create or replace function note_removed_labels() returns trigger
  language plpgsql security definer set search_path from current as $$
begin
  insert into label_changes (name_key, before_category_id, before_source, changed_by)
    select b.name_key, b.category_id, b.source, session_user from before_rows b;
  update embeddings e set labelled = false from before_rows b where e.name_hash = b.name_hash;
  return null;
end $$;
comment on function note_removed_labels() is 'Trigger: writes the history of memory and keeps embeddings.labelled in step.';

create or replace trigger labels_inserted after insert on labels
  referencing new table as after_rows for each statement execute function note_new_labels();
create or replace trigger labels_updated after update on labels
  referencing old table as before_rows new table as after_rows for each statement execute function note_changed_labels();
create or replace trigger labels_deleted after delete on labels
  referencing old table as before_rows for each statement execute function note_removed_labels();
comment on trigger labels_inserted on labels is 'Marks embeddings as labelled.';
comment on trigger labels_updated on labels is 'Writes label_changes.';
comment on trigger labels_deleted on labels is 'Writes label_changes and unmarks embeddings.';

create or replace function save_model(encoder_id integer, run_id bigint, manifest jsonb) returns bigint
  language sql volatile security definer set search_path from current as $$
  insert into models (encoder_id, run_id, manifest) values (encoder_id, run_id, manifest) returning model_id;
$$;
comment on function save_model(integer, bigint, jsonb) is 'Registers a trained model as candidate; its files follow by save_model_file().';

create or replace function save_model_file(model_id bigint, name text, sha256 bytea, content bytea) returns void
  language sql volatile security definer set search_path from current as $$
  insert into model_files (model_id, name, sha256, content) values (model_id, name, sha256, content);
$$;
comment on function save_model_file(bigint, text, bytea, bytea) is 'Stores one file of a model; refused when the digest is not that of the content.';

create or replace function champion() returns setof models
  language sql stable
begin atomic
  select m.* from models m where m.state = 'champion';
end;
comment on function champion() is 'The model in use; no row before the first is promoted.';

create or replace function promote(model_id bigint) returns bigint
  language plpgsql security definer set search_path from current as $$
declare
  before bigint;
begin
  -- one after the other: the second must see the champion that the first made
  perform pg_advisory_xact_lock('models'::regclass::oid::bigint);
  perform from models m where m.model_id = promote.model_id for update;
  if not found then
    raise exception 'there is no model %', promote.model_id using hint = 'select model_id, state, created_at from models;';
  elsif not exists (select from model_files f where f.model_id = promote.model_id) then
    raise exception 'model % has no files and cannot be loaded', promote.model_id;
  end if;
  update models m set state = 'retired' where m.state = 'champion' and m.model_id <> promote.model_id returning m.model_id into before;
  update models m set state = 'champion', promoted_at = now() where m.model_id = promote.model_id and m.state <> 'champion';
  perform wake();
  return before;
end $$;
comment on function promote(bigint) is 'Makes a model the champion; sidecars load it without a restart. Returns the champion before.';

create or replace function start_run(options jsonb) returns bigint
  language sql volatile security definer set search_path from current as $$
  insert into training_runs (options) values (options) returning run_id;
$$;
comment on function start_run(jsonb) is 'Notes that a training run has begun.';

create or replace function end_run(run_id bigint, report jsonb, error text default null) returns void
  language sql volatile security definer set search_path from current as $$
  update training_runs r set state = case when end_run.error is null then 'done' else 'failed' end,
      report = end_run.report, error = end_run.error, ended_at = now()
    where r.run_id = end_run.run_id;
$$;
comment on function end_run(bigint, jsonb, text) is 'Notes how a training run ended.';
