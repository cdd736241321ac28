-- taxon_internal: What the autopilot does, did, and does next.

create or replace function running_step(run_id bigint) returns text
  language sql stable security definer set search_path from current as $$
  select s.step from run_steps s where s.run_id = running_step.run_id and s.state = 'running' order by s.started_at desc limit 1;
$$;
comment on function running_step(bigint) is 'The step that a run does now; NULL: none. Example: select running_step(1);';
grant execute on function running_step to taxon_admin;

create or replace function autopilot_health() returns table (item text, status text, value text, detail text)
  language sql stable security definer set search_path from current as $$
  -- a person's training beside it is no failure
  select 'autopilot', case when t.state = 'failed' and t.error not like '% took over' then 'warn' else 'ok' end, t.state,
         case when t.state = 'running' and t.lease_until < now() then
           format('the process of run %s died: the next sidecar that may train, or taxon train --gated, goes on with it', t.run_id)
         when t.state = 'running' then
           format('it trains now: run %s since %s, step %s: %s%s; select * from autopilot()', t.run_id, to_char(t.started_at, 'HH24:MI'),
                  coalesce(running_step(t.run_id), 'none yet'), coalesce(t.reason, 'by hand'),
                  case when exists (select from retrain_requests q where q.run_id = t.run_id and q.cause <> 'person')
                    then '; taxon train takes over' else '' end)
         else format('run %s of %s: %s; select * from autopilot()', t.run_id, to_char(t.started_at, 'YYYY-MM-DD HH24:MI'),
                     coalesce(t.error, t.reason, 'by hand')) end
    from training_runs t where t.kind = 'retrain' order by t.run_id desc limit 1;
$$;
comment on function autopilot_health() is 'The newest retraining as a row of health(). Example: select status from autopilot_health();';
