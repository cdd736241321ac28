-- taxon_internal: The diagnosis of a model: made after the gate, as nobody waits for it; its lease is the one that its run no longer needs.

create or replace function undiagnosed() returns bigint
  language sql stable security definer set search_path from current as $$
  select m.model_id from models m join training_runs r using (run_id)
    where m.encoder_id is not null and r.state <> 'running' and m.metrics is not null and not m.metrics ? 'learning'
      and m.state in ('champion', 'shadow', 'canary') and coalesce(r.lease_until <= now(), true)
    order by m.model_id desc limit 1;
$$;
comment on function undiagnosed() is 'A model in use whose diagnosis was cut short and that nobody makes now, or NULL. Example: select undiagnosed();';
grant execute on function undiagnosed to taxon_admin, taxon_sidecar;

create or replace function begin_diagnosis(model_id bigint, lease interval default '1 hour')
  returns table (metrics jsonb, settings jsonb, code_version text, report jsonb)
  language sql volatile security definer set search_path from current as $$
  update training_runs r set lease_until = clock_timestamp() + begin_diagnosis.lease
    from models m where m.model_id = begin_diagnosis.model_id and m.encoder_id is not null and r.run_id = m.run_id and r.state <> 'running'
    returning m.metrics, m.settings, m.code_version, r.report;
$$;
comment on function begin_diagnosis(bigint,
  interval) is 'Takes the diagnosis of a model for so long, the first or another, and returns what its training has stored; no row for one that was made elsewhere or is of letters alone. Example: select metrics from begin_diagnosis(1);';
grant execute on function begin_diagnosis to taxon_admin, taxon_sidecar;

create or replace function end_diagnosis(model_id bigint, found jsonb default null) returns void
  language sql volatile security definer set search_path from current as $$
  update models m set metrics = m.metrics || jsonb_build_object('learning', end_diagnosis.found -> 'learning')
    where m.model_id = end_diagnosis.model_id and end_diagnosis.found is not null;
  -- the lease ends now and not never: what was forgotten before is swept out of the report
  update training_runs r set lease_until = clock_timestamp(),
      report = case when end_diagnosis.found is null then r.report
                    else coalesce(r.report, '{}') || jsonb_build_object('diagnostics', end_diagnosis.found -> 'report') end
    from models m where m.model_id = end_diagnosis.model_id and r.run_id = m.run_id and r.state <> 'running';
$$;
comment on function end_diagnosis(bigint,
  jsonb) is 'Keeps what a diagnosis has found, learning (the curve) and report (what taxon report shows); without it the diagnosis was cut short, and another process may begin it at once. Example: select end_diagnosis(1);';
grant execute on function end_diagnosis to taxon_admin, taxon_sidecar;
