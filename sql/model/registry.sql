-- taxon_internal: Registry: encoders, embeddings, models, the champion.

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
            (select count(*) from training_runs r join forgotten_names f on f.labelled and f.forgotten_at > r.started_at
              where r.run_id = save_model.run_id))
    returning model_id into made;
  return made;
end $$;
comment on function save_model(integer, bigint, jsonb, jsonb, jsonb, text, bigint,
  jsonb) is 'Registers a model as candidate; its files follow by save_model_file(). Refused for a run that lost its lease; run_id is NULL for a model from another database, encoder_id for one of letters alone.';
grant execute on function save_model to taxon_admin, taxon_sidecar;

create or replace function save_model_file(model_id bigint, name text, sha256 bytea, content bytea) returns void
  language sql volatile security definer set search_path from current as $$
  insert into model_files (model_id, name, sha256, content) values (model_id, name, sha256, content);
$$;
comment on function save_model_file(bigint, text, bytea,
  bytea) is 'Stores one file of a model; refused when the digest is not that of the content.';
grant execute on function save_model_file to taxon_admin, taxon_sidecar;

create or replace function serving()
  returns table (model_id bigint, encoder_id integer, role text, share real)
  language sql stable
begin atomic
  select m.model_id, m.encoder_id, m.state, case m.state when 'canary' then coalesce(r.share, 0) else 0 end
    from models m left join rollouts r on r.model_id = m.model_id and r.ended_at is null
    where m.state in ('champion', 'shadow', 'canary');
end;
comment on function serving() is 'The models that sidecars hold: the champion, and a challenger in shadow or as the canary, with the share of the names that it answers. Example: select model_id, role, share from serving();';
grant execute on function serving to taxon_reader, taxon_admin, taxon_sidecar;

create or replace function in_canary(name_hash bytea, share real) returns boolean
  language sql immutable parallel safe
begin atomic
  -- bytes of their own: the first twelve give a name its part and its fold in training
  select get_byte(name_hash, 12) * 65536 + get_byte(name_hash, 13) * 256 + get_byte(name_hash, 14) < share * 16777216;
end;
comment on function in_canary(bytea, real) is 'Whether a canary with this share answers a name: by the hash of its key, so that a name does not flip. Example: select in_canary(name_hash(''kettle''), .1);';

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
        and not exists (select from thresholds n where n.model_id = carry_thresholds.after and n.branch is not distinct from t.branch
          and n.undone_at is null);
  get diagnostics carried = row_count;
  return carried;
end $$;
comment on function carry_thresholds(bigint, bigint,
  boolean) is 'Gives a model the thresholds that people set for another, of branches and in general, where it has none of its own; with branches_only, or with a standing promise, those of branches. Returns how many. Example: select carry_thresholds(1, 2);';

grant select on models, model_files, rollouts to taxon_sidecar;
