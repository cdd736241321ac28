-- taxon: What the autopilot does, did, and does next.

create or replace function autopilot() returns table (item text, state text, detail text)
  language plpgsql stable security definer set search_path from current as $$
declare
  run training_runs;
  r rollouts;
  due record;
  n record;
begin
  select * into run from training_runs t where t.state in ('running', 'rollout') order by t.run_id desc limit 1;
  select * into r from rollouts x where x.ended_at is null;
  item := 'running';
  if run.run_id is null then
    state := 'nothing'; detail := null;
  else
    state := coalesce(running_step(run.run_id), run.state);
    detail := format('run %s (%s) since %s: %s%s', run.run_id, run.kind, to_char(run.started_at, 'YYYY-MM-DD HH24:MI'),
      coalesce(run.reason, 'by hand'),
      case when run.state = 'running' and run.lease_until < now() then '; its process died, another goes on with it'
           when run.state = 'running' then format(', by %s', run.worker) else '' end);
  end if;
  return next;
  if r.rollout_id is not null then
    item := 'rollout'; state := r.stage;
    detail := format('model %s beside %s: %s of %s names seen', r.model_id, r.champion,
      (select count(*) from evidence e where e.evidence_id > r.from_evidence_id and e.model_id = r.model_id),
      setting(r.stage || '_names') #>> '{}');
    return next;
  end if;
  item := 'next';
  select * into due from retrain_due();
  select * into n from new_labels();
  if exists (select from retrain_requests q where q.run_id is null) then
    state := 'asked for';
    select format('%s, by %s since %s: a sidecar that may train begins it', q.reason, q.requested_by,
      to_char(q.requested_at, 'YYYY-MM-DD HH24:MI')) into detail
      from retrain_requests q where q.run_id is null;
  elsif due.cause is not null then
    state := 'due'; detail := due.reason;
  else
    state := 'waits';
    detail := format('%s new labels since the champion was trained on %s; asked for at %s%s', n.new, n.known,
      greatest((setting('retrain_labels'))::bigint, ceil((setting('retrain_growth'))::numeric * n.known)),
      case when setting('retrain_schedule') <> '""' then format(' or at %s', setting('retrain_schedule') #>> '{}') else '' end);
  end if;
  if not (setting('autopilot_request'))::boolean then detail := 'autopilot_request is off; ' || detail; end if;
  return next;
  return query
    select format('run %s', t.run_id), t.state,
      format('%s, %s: %s', to_char(t.started_at, 'YYYY-MM-DD HH24:MI'), coalesce(t.reason, 'by hand'),
        coalesce(t.error, format('model %s, %s labels', run_model(t.run_id), t.report ->> 'labels')))
      from training_runs t where t.kind = 'retrain' and t.state not in ('running', 'rollout') order by t.run_id desc limit 5;
  return query
    select s.key, case when (s.value)::boolean then 'on' else 'off' end, s.description from all_settings s where s.key like 'autopilot\_%'
      order by s.key;
end $$;
comment on function autopilot() is
  'Says what the autopilot does now, why, what it waits for, how its last five runs ended, and its switches.
Returns: item, its state and a detail in words; the switches are the settings autopilot_….
Example: select item, state from autopilot();';
grant execute on function autopilot to taxon_reader, taxon_admin;
