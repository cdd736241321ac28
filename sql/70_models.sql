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
      where not forgotten(g.hash)
      order by g.hash
    on conflict do nothing;
$$;
comment on function save_embeddings(integer, text[], halfvec[]) is 'Stores vectors of name keys (vectors[i] of names[i]); names that have one keep it, those that were forgotten meanwhile get none.';

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

select keep_trigger('create trigger labels_inserted after insert on labels
    referencing new table as after_rows for each statement execute function note_new_labels()',
  'Marks embeddings as labelled.');
select keep_trigger('create trigger labels_updated after update on labels
    referencing old table as before_rows new table as after_rows for each statement execute function note_changed_labels()',
  'Writes label_changes.');
select keep_trigger('create trigger labels_deleted after delete on labels
    referencing old table as before_rows for each statement execute function note_removed_labels()',
  'Writes label_changes and unmarks embeddings.');

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
  insert into models (encoder_id, run_id, manifest, metrics, data, code_version, seed, settings, forgotten)
    values (save_model.encoder_id, save_model.run_id, save_model.manifest, save_model.metrics, save_model.data,
            save_model.code_version, save_model.seed, save_model.settings,
            -- what was forgotten while it was trained, it has read
            (select count(*) from training_runs r join forgotten_names f on f.labelled and f.forgotten_at > r.started_at where r.run_id = save_model.run_id))
    returning model_id into made;
  return made;
end $$;
comment on function save_model(integer, bigint, jsonb, jsonb, jsonb, text, bigint, jsonb) is 'Registers a model as candidate; its files follow by save_model_file(). Refused for a run that lost its lease; run_id is NULL for a model from another database, encoder_id for one of letters alone.';

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

create or replace function serving()
  returns table (model_id bigint, encoder_id integer, role text, share real)
  language sql stable
begin atomic
  select m.model_id, m.encoder_id, m.state, case m.state when 'canary' then coalesce(r.share, 0) else 0 end
    from models m left join rollouts r on r.model_id = m.model_id and r.ended_at is null
    where m.state in ('champion', 'shadow', 'canary');
end;
comment on function serving() is 'The models that sidecars hold: the champion, and a challenger in shadow or as the canary, with the share of the names that it answers. Example: select model_id, role, share from serving();';

create or replace function in_canary(name_hash bytea, share real) returns boolean
  language sql immutable parallel safe
begin atomic
  -- bytes of their own: the first twelve give a name its part and its fold in training
  select get_byte(name_hash, 12) * 65536 + get_byte(name_hash, 13) * 256 + get_byte(name_hash, 14) < share * 16777216;
end;
comment on function in_canary(bytea, real) is 'Whether a canary with this share answers a name: by the hash of its key, so that a name does not flip. Example: select in_canary(name_hash(''kettle''), .1);';

create or replace function tell_sidecars() returns void
  language plpgsql security definer set search_path from current as $$
begin
  -- also to those that are busy: models change seldom, and who answers must be known at once
  perform pg_notify(current_schema(), '');
end $$;
comment on function tell_sidecars() is 'Notifies every sidecar, idle or not. Example: select tell_sidecars();';

create or replace function carry_thresholds(before bigint, after bigint, branches_only boolean default false) returns integer
  language plpgsql security definer set search_path from current as $$
declare
  carried integer;
begin
  -- general ones only while no promise stands (it proves its own), a person set them, and the new model has none
  insert into thresholds (model_id, branch, l1, l2, l3, reason, set_by, calibration_id, cause, never_local)
    select carry_thresholds.after, t.branch, t.l1, t.l2, t.l3, format('carried over from model %s: %s', carry_thresholds.before, t.reason),
           session_user, (select c.calibration_id from calibration_in_force(carry_thresholds.after) c), 'carried', t.never_local
      from (select distinct on (x.branch) x.* from thresholds x
              where x.model_id = carry_thresholds.before and x.undone_at is null order by x.branch, x.threshold_id desc) t
      where (t.branch is not null or not branches_only and not exists (select from standing_promise()))
        and not exists (select from thresholds n where n.model_id = carry_thresholds.after and n.branch is not distinct from t.branch and n.undone_at is null);
  get diagnostics carried = row_count;
  return carried;
end $$;
comment on function carry_thresholds(bigint, bigint, boolean) is 'Gives a model the thresholds that people set for another, of branches and in general, where it has none of its own; with branches_only, or with a standing promise, those of branches. Returns how many. Example: select carry_thresholds(1, 2);';

create or replace function bar_model(model_id bigint) returns void
  language plpgsql security definer set search_path from current set lock_timeout = '500ms' as $$
begin
  -- What is being settled is written before this commits, what comes later sees it and is refused. Settling that itself waits
  -- for somebody's transaction is not waited for.
  begin
    perform hold_lock('settling', patience => '500 ms');
  exception when lock_not_available then null;
  end;
  update models m set barred_at = clock_timestamp() where m.model_id = bar_model.model_id;
end $$;
comment on function bar_model(bigint) is 'Takes a model back: what sidecars have in hand from it is refused from this commit on.';

create or replace function promote(model_id bigint, force boolean default false, reason text default null) returns bigint
  language plpgsql security definer set search_path from current as $$
declare
  before bigint;
  refused gate_verdicts;
begin
  -- one after the other: the second must see the champion that the first made
  perform hold_lock('models');
  perform from models m where m.model_id = promote.model_id for update;
  if not found then
    raise exception 'there is no model %', promote.model_id using hint = 'select * from models_readable;';
  elsif not exists (select from model_files f where f.model_id = promote.model_id) then
    raise exception 'model % has no files and cannot be loaded', promote.model_id
      using hint = 'Files of retired models go after model_days: select * from retention(); those that have files: select model_id, files from models_readable;';
  elsif force and coalesce(btrim(promote.reason), '') = '' then
    raise exception 'say why: promote(%, force => true, reason => ''…'')', promote.model_id;
  end if;
  select g.* into refused from gate_verdicts g where g.challenger = promote.model_id order by g.gate_id desc limit 1;
  if refused.passed is false and not force
     and not exists (select from promotions p where p.model_id = promote.model_id) then
    raise exception 'the gate refused model %: %', promote.model_id, array_to_string(refused.reasons, '; ')
      using hint = format('select * from gate_report(%s); to promote it all the same: promote(%s, force => true, reason => ''…'')', promote.model_id, promote.model_id);
  end if;
  perform end_rollout('replaced', format('model %s was promoted', promote.model_id))
    from rollouts r where r.ended_at is null and r.model_id <> promote.model_id;
  update models m set state = 'retired' where m.state = 'champion' and m.model_id <> promote.model_id returning m.model_id into before;
  update models m set state = 'champion', promoted_at = now(), barred_at = null where m.model_id = promote.model_id and m.state <> 'champion';
  if found then
    -- one that comes back has its own
    if before is not null and not exists (select from promotions p where p.model_id = promote.model_id) then
      perform carry_thresholds(before, promote.model_id, true);
    end if;
    insert into promotions (model_id, forced) values (promote.model_id, case when force then btrim(promote.reason) end);
    -- by hand it may come before its shadow or canary is over: watched it is all the same
    perform watch_promoted(promote.model_id);
    -- before they cost money; sidecars try the rest
    perform try_waiting();
  end if;
  perform tell_sidecars();
  return before;
end $$;
comment on function promote(bigint, boolean, text) is 'Makes a model the champion; sidecars load it without a restart. Refused for one that the gate refused, unless forced with a reason. The first time it takes over what people set for branches, never_local among it. Returns the champion before. Example: promote(7), or promote(7, force => true, reason => ''seasonal range'').';

create or replace function promote_first(model_id bigint) returns boolean
  language plpgsql security definer set search_path from current as $$
begin
  perform hold_lock('models');
  if exists (select from champion()) then return false; end if;
  perform promote(promote_first.model_id);
  return true;
end $$;
comment on function promote_first(bigint) is 'Makes a model the champion where there is none, which a sidecar may do, too; false: there is one. Example: promote_first(1);';

create or replace function is_first_full(champion bigint, challenger bigint) returns boolean
  language sql stable security definer set search_path from current as $$
  select c.encoder_id is null and x.encoder_id is not null
    from models c join models x on x.model_id = is_first_full.challenger where c.model_id = is_first_full.champion;
$$;
comment on function is_first_full(bigint, bigint) is 'Whether a challenger is the full model that follows a first one of letters alone: held-out and checked names alone judge it, and where no promise stands it answers at once. Example: select is_first_full(1, 2);';

create or replace function roll_back_model() returns bigint
  language plpgsql security definer set search_path from current as $$
declare
  now_champion bigint;
  target promotions;
begin
  -- before anything is read: of two calls at once the second goes back one more
  perform hold_lock('models');
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
  -- first of all, while nothing is locked that settling may wait for
  perform bar_model(now_champion);
  -- the target's own row goes too, as promote() writes it anew on top of what was before it
  update promotions p set rolled_back_at = clock_timestamp()
    where p.promotion_id >= target.promotion_id and p.rolled_back_at is null;
  perform end_rollout('returned', format('rolled back by %s', session_user)) from rollouts r where r.ended_at is null and r.model_id = now_champion;
  perform promote(target.model_id, true, format('rolled back from model %s', now_champion));
  return target.model_id;
end $$;
comment on function roll_back_model() is 'Makes the champion before the champion again and returns its id; called again it goes back one more. Thresholds belong to a model and come back with it; answers that were given stay, those that sidecars have in hand are decided again.';

create or replace view models_readable with (security_invoker) as
  select m.model_id, m.state, m.created_at, m.promoted_at, e.identity as encoder, (m.data ->> 'labels')::bigint as labels,
         m.metrics, m.data, m.code_version, m.seed, m.settings, m.run_id,
         -- octet_length() reads no content: the size stands beside the pointer to it
         (select count(*) from model_files f where f.model_id = m.model_id) as files,
         (select coalesce(sum(octet_length(f.content)), 0)::bigint from model_files f where f.model_id = m.model_id) as bytes,
         m.forgotten
    from models m left join encoders e using (encoder_id) order by m.model_id desc;
comment on view models_readable is 'Every model, newest first: what it is, what made it, how large it is.';
comment on column models_readable.model_id is 'Id of the model.';
comment on column models_readable.state is 'candidate, shadow, canary, champion (at most one) or retired.';
comment on column models_readable.created_at is 'When it was stored.';
comment on column models_readable.promoted_at is 'When it last became champion.';
comment on column models_readable.encoder is 'The encoder whose embeddings it reads; NULL: none, it is of letters alone.';
comment on column models_readable.labels is 'How many labels it was trained on.';
comment on column models_readable.metrics is 'What its training measured.';
comment on column models_readable.data is 'What it was trained on; see models.';
comment on column models_readable.code_version is 'The pgtaxon that trained it.';
comment on column models_readable.seed is 'Seed of everything random in its training.';
comment on column models_readable.settings is 'What the training was asked for.';
comment on column models_readable.run_id is 'The training run that made it; NULL for one from another database.';
comment on column models_readable.files is 'How many files it has; 0: they are past their days, it cannot be promoted.';
comment on column models_readable.bytes is 'Their bytes together.';
comment on column models_readable.forgotten is 'Names forgotten since that it may have learnt from; see models.';
