-- taxon_internal: Retraining: why one is due, and a run in steps that another process goes on with where one died.

create or replace function need_evidence() returns void
  language plpgsql stable security definer set search_path from current as $$
begin
  if (setting('evidence_days'))::integer = 0 and (setting('autopilot_promote'))::boolean
     -- the model after a first one is not watched
     and exists (select from champion() c where c.encoder_id is not null or exists (select from standing_promise()))
     and greatest((setting('shadow_names'))::bigint, (setting('canary_names'))::bigint) > 0 then
    raise exception 'a new model cannot be watched: evidence_days is 0, so nothing that it says is kept'
      using hint = 'select set_setting(''evidence_days'', ''30''), or set shadow_names and canary_names to 0.';
  end if;
end $$;
comment on function need_evidence() is 'An error where a rollout would wait for ever, as no evidence is written. Example: select need_evidence();';

create or replace function begin_retrain(worker text, options jsonb default '{}', lease interval default '60 s', reason text default null)
  returns table (run_id bigint, taken_over boolean)
  language plpgsql security definer set search_path from current as $$
#variable_conflict use_column
declare
  other training_runs;
  rolled rollouts;
  request retrain_requests;
  began bigint;
begin
  perform hold_lock('runs');
  perform need_evidence();
  select * into rolled from rollouts o where o.ended_at is null and o.stage <> 'watch';
  if rolled.rollout_id is not null then
    raise exception 'model % is still rolled out: it is in stage %', rolled.model_id, rolled.stage
      using errcode = 'object_in_use', hint = 'Wait for its end: select * from autopilot(); or promote a model by hand, which ends it.';
  end if;
  select * into other from training_runs r where r.state = 'running' for update;
  if other.kind = 'retrain' and other.lease_until <= clock_timestamp() and other.takeovers >= 4 then
    -- a process that dies each time (of memory, say) is not started for ever; told by no row, as an error would undo this
    perform end_run(other.run_id, other.report, format('its process died %s times', other.takeovers + 1));
    return;
  elsif other.kind = 'retrain' and other.lease_until <= clock_timestamp() then
    update training_runs r set worker = begin_retrain.worker, lease_until = clock_timestamp() + begin_retrain.lease,
      takeovers = r.takeovers + 1
      where r.run_id = other.run_id;
    return query select other.run_id, true;
    return;
  end if;
  began := start_run(begin_retrain.options, begin_retrain.worker, begin_retrain.lease);
  select * into request from retrain_requests q where q.run_id is null for update;
  if request.request_id is null or begin_retrain.reason is not null then
    insert into retrain_requests (cause, reason, run_id) values ('person', coalesce(begin_retrain.reason, 'by hand'), began);
  end if;
  update retrain_requests q set run_id = began where q.request_id = request.request_id;
  update training_runs r set kind = 'retrain', reason = coalesce(begin_retrain.reason, request.reason, 'by hand') where r.run_id = began;
  return query select began, false;
end $$;
comment on function begin_retrain(text, jsonb, interval,
  text) is 'Begins a retraining, or takes one over whose process died, and returns its run. Takes the open request. No row: the process of that run has died five times, it was closed as failed. Refused (SQLSTATE 55006) while another training runs or a model is in shadow or canary.';
grant execute on function begin_retrain to taxon_admin, taxon_sidecar;

create or replace function begin_step(run_id bigint, step text, worker text) returns text
  language plpgsql security definer set search_path from current as $$
#variable_conflict use_column
declare
  was text;
begin
  perform from training_runs r where r.run_id = begin_step.run_id and r.worker = begin_step.worker and r.state = 'running' for update;
  if not found then
    raise exception 'run % is not held by % any more', begin_step.run_id, begin_step.worker
      using hint = 'Another training took over: see training_runs.';
  end if;
  select s.state into was from run_steps s where s.run_id = begin_step.run_id and s.step = begin_step.step;
  if was in ('done', 'skipped') then return was; end if;
  insert into run_steps as s (run_id, step, state) values (begin_step.run_id, begin_step.step, 'running')
    on conflict (run_id, step) do update set state = 'running', attempts = s.attempts + 1, started_at = clock_timestamp(), ended_at = null;
  return 'running';
end $$;
comment on function begin_step(bigint, text,
  text) is 'Begins a step of a run that this worker holds, again where it was cut short; done or skipped: it has been, go on to the next.';
grant execute on function begin_step to taxon_admin, taxon_sidecar;

create or replace function end_step(run_id bigint, step text, state text, detail jsonb default null) returns void
  language sql volatile security definer set search_path from current as $$
  insert into run_steps as s (run_id, step, state, detail, ended_at)
    values (end_step.run_id, end_step.step, end_step.state, end_step.detail, clock_timestamp())
    on conflict (run_id, step) do update set state = excluded.state, detail = excluded.detail, ended_at = excluded.ended_at;
$$;
comment on function end_step(bigint, text, text, jsonb) is 'Notes how a step ended: done, skipped or failed, and what it found.';
grant execute on function end_step to taxon_admin, taxon_sidecar;

create or replace function note_run(run_id bigint, report jsonb) returns void
  language sql volatile security definer set search_path from current as $$
  update training_runs r set report = note_run.report where r.run_id = note_run.run_id and r.state = 'running';
$$;
comment on function note_run(bigint, jsonb) is 'Keeps what a run has found before it ends.';
grant execute on function note_run to taxon_admin, taxon_sidecar;

create or replace function run_model(run_id bigint) returns bigint
  language sql stable security definer set search_path from current as $$
  select m.model_id from models m where m.run_id = run_model.run_id and m.encoder_id is not null order by m.model_id desc limit 1;
$$;
comment on function run_model(bigint) is 'The model that a run has made, beside a first one of letters alone; NULL: none yet. Example: select run_model(1);';
grant execute on function run_model to taxon_admin, taxon_sidecar;

create or replace function cleaned_by(run_id bigint) returns bigint
  language sql stable security definer set search_path from current as $$
  select coalesce(sum(r.labels_changed), 0)::bigint from label_runs r where r.training_run_id = cleaned_by.run_id;
$$;
comment on function cleaned_by(bigint) is 'How many labels a training run has changed, all in one transaction. Example: select cleaned_by(1);';
grant execute on function cleaned_by to taxon_admin, taxon_sidecar;

create or replace function cleaning_due() returns boolean
  language sql stable security definer set search_path from current as $$
  select (setting('autopilot_clean'))::boolean
     and not exists (select from champion() c join training_runs r using (run_id)
                       where c.encoder_id is null and r.state = 'done' and jsonb_typeof(r.report -> 'cleaning') = 'object');
$$;
comment on function cleaning_due() is 'Whether a retraining cleans memory''s labels: the setting autopilot_clean says so, and the run that made the champion, a first model, has not done so. Example: select cleaning_due();';
grant execute on function cleaning_due to taxon_admin, taxon_sidecar;

create or replace function choices_to_carry(encoder_id bigint) returns table (model_id bigint, choices jsonb)
  language sql stable security definer set search_path from current as $$
  select s.model_id, jsonb_build_object('levels', s.metrics -> 'levels', 'join', s.metrics -> 'join')
    from models c join models s on s.model_id = coalesce((c.metrics ->> 'chosen_by')::bigint, c.model_id)
    where c.state = 'champion' and s.encoder_id = choices_to_carry.encoder_id
      -- who does not know what it costs that memory is not asked has not chosen from where on
      and s.metrics ? 'levels' and s.metrics -> 'join' ? 'meaningCost' and coalesce((s.settings ->> 'depth')::integer, 3) = 3
      and (select count(*) from models m where m.metrics ->> 'chosen_by' = s.model_id::text) < (setting('full_training_every'))::integer - 1
      -- measured up to 2.2 times as many (docs/measured/autopilot.md)
      and (select count(*) from labels) <= 2 * (s.data ->> 'labels')::bigint;
$$;
comment on function choices_to_carry(bigint) is 'What the next retraining takes over: how the voices of the champion count, and which model chose that. No row: it chooses anew, as full_training_every says, or as memory has doubled since, or for another encoder. Example: select model_id from choices_to_carry(1);';
grant execute on function choices_to_carry to taxon_admin, taxon_sidecar;
