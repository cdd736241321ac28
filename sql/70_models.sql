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

create or replace function refuse_retired(category_ids bigint[]) returns void
  language plpgsql stable security definer set search_path from current as $$
declare
  retired categories;
begin
  select c.* into retired from categories c where c.category_id = any (category_ids) and c.retired_at is not null limit 1;
  if found then
    raise exception 'no label can be of category % ("%"): it is retired', retired.category_id, category_path(retired.category_id)
      using hint = coalesce(format('Its successor is %s.', retired.merged_into), 'It has no successor: select * from taxonomy_history;');
  end if;
end $$;
comment on function refuse_retired(bigint[]) is 'An error where one of the categories is retired. Example: select refuse_retired(array[7]);';

create or replace function note_new_labels() returns trigger
  language plpgsql security definer set search_path from current as $$
begin
  perform refuse_retired(array(select distinct a.category_id from after_rows a));
  update embeddings e set labelled = true from after_rows a where e.name_hash = a.name_hash and not e.labelled;
  return null;
end $$;
comment on function note_new_labels() is 'Trigger: keeps embeddings.labelled in step with labels; refuses labels of retired categories.';

create or replace function note_changed_labels() returns trigger
  language plpgsql security definer set search_path from current as $$
begin
  perform refuse_retired(array(select distinct a.category_id from before_rows b join after_rows a using (name_hash)
                                 where a.category_id <> b.category_id));
  insert into label_changes (name_key, before_category_id, before_source, before_confidence, before_llm_call_id,
                             before_created_at, before_updated_at, before_labelled_at, after_category_id, after_source, after_updated_at, changed_by)
    select b.name_key, b.category_id, b.source, b.confidence, b.llm_call_id, b.created_at, b.updated_at, b.labelled_at,
           a.category_id, a.source, a.updated_at, session_user
      from before_rows b join after_rows a using (name_hash)
      where (a.category_id, a.source) is distinct from (b.category_id, b.source);
  return null;
end $$;
comment on function note_changed_labels() is 'Trigger: writes the history of memory; refuses labels of retired categories.';

create or replace function note_removed_labels() returns trigger
  language plpgsql security definer set search_path from current as $$
begin
  insert into label_changes (name_key, before_category_id, before_source, before_confidence, before_llm_call_id,
                             before_created_at, before_updated_at, before_labelled_at, changed_by)
    select b.name_key, b.category_id, b.source, b.confidence, b.llm_call_id, b.created_at, b.updated_at, b.labelled_at, session_user
      from before_rows b;
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

create or replace function save_model(encoder_id integer, run_id bigint, manifest jsonb, metrics jsonb default null,
    data jsonb default null, code_version text default null, seed bigint default null, settings jsonb default null) returns bigint
  language plpgsql security definer set search_path from current as $$
declare
  made bigint;
begin
  -- the row stays locked until the model is whole: nobody closes the run meanwhile
  perform from training_runs r where r.run_id = save_model.run_id and r.state = 'running' for update;
  if not found and save_model.run_id is not null then
    raise exception 'run % is not running any more, its model is not kept', save_model.run_id
      using hint = 'Its lease ran out and another training took over: see training_runs.';
  end if;
  insert into models (encoder_id, run_id, manifest, metrics, data, code_version, seed, settings)
    values (save_model.encoder_id, save_model.run_id, save_model.manifest, save_model.metrics, save_model.data,
            save_model.code_version, save_model.seed, save_model.settings)
    returning model_id into made;
  return made;
end $$;
comment on function save_model(integer, bigint, jsonb, jsonb, jsonb, text, bigint, jsonb) is 'Registers a model as candidate; its files follow by save_model_file(). Refused for a run that lost its lease; run_id is NULL for a model from another database.';

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
    raise exception 'there is no model %', promote.model_id using hint = 'select * from models_readable;';
  elsif not exists (select from model_files f where f.model_id = promote.model_id) then
    raise exception 'model % has no files and cannot be loaded', promote.model_id;
  end if;
  update models m set state = 'retired' where m.state = 'champion' and m.model_id <> promote.model_id returning m.model_id into before;
  update models m set state = 'champion', promoted_at = now() where m.model_id = promote.model_id and m.state <> 'champion';
  if found then
    insert into promotions (model_id) values (promote.model_id);
  end if;
  perform wake();
  return before;
end $$;
comment on function promote(bigint) is 'Makes a model the champion; sidecars load it without a restart. Returns the champion before.';

create or replace function roll_back_model() returns bigint
  language plpgsql security definer set search_path from current as $$
declare
  now_champion bigint;
  target promotions;
begin
  -- before anything is read: of two calls at once the second goes back one more
  perform pg_advisory_xact_lock('models'::regclass::oid::bigint);
  select m.model_id into now_champion from models m where m.state = 'champion';
  if now_champion is null then
    raise exception 'there is no champion to roll back' using hint = 'Train one: taxon train';
  end if;
  select p.* into target from promotions p
    where p.rolled_back_at is null and p.model_id <> now_champion order by p.promotion_id desc limit 1;
  if target.promotion_id is null then
    raise exception 'there is no champion before model %', now_champion
      using hint = 'select * from models_readable; then select promote(model_id);';
  end if;
  -- the target's own row goes too, as promote() writes it anew on top of what was before it
  update promotions p set rolled_back_at = clock_timestamp()
    where p.promotion_id >= target.promotion_id and p.rolled_back_at is null;
  perform promote(target.model_id);
  return target.model_id;
end $$;
comment on function roll_back_model() is 'Makes the champion before the champion again and returns its id; called again it goes back one more. Thresholds belong to a model and come back with it; answers that were given stay.';

create or replace view models_readable as
  select m.model_id, m.state, m.created_at, m.promoted_at, e.identity as encoder, (m.data ->> 'labels')::bigint as labels,
         m.metrics, m.data, m.code_version, m.seed, m.settings, m.run_id,
         -- octet_length() reads no content: the size stands beside the pointer to it
         (select count(*) from model_files f where f.model_id = m.model_id) as files,
         (select coalesce(sum(octet_length(f.content)), 0)::bigint from model_files f where f.model_id = m.model_id) as bytes
    from models m join encoders e using (encoder_id) order by m.model_id desc;
comment on view models_readable is 'Every model, newest first: what it is, what made it, how large it is.';
comment on column models_readable.model_id is 'Id of the model.';
comment on column models_readable.state is 'candidate, champion (at most one) or retired.';
comment on column models_readable.created_at is 'When it was stored.';
comment on column models_readable.promoted_at is 'When it last became champion.';
comment on column models_readable.encoder is 'The encoder whose embeddings it reads.';
comment on column models_readable.labels is 'How many labels it was trained on.';
comment on column models_readable.metrics is 'What its training measured.';
comment on column models_readable.data is 'What it was trained on; see models.';
comment on column models_readable.code_version is 'The pgtaxon that trained it.';
comment on column models_readable.seed is 'Seed of everything random in its training.';
comment on column models_readable.settings is 'What the training was asked for.';
comment on column models_readable.run_id is 'The training run that made it; NULL for one from another database.';
comment on column models_readable.files is 'How many files it has.';
comment on column models_readable.bytes is 'Their bytes together.';
