-- taxon_internal: Runs of training and cleaning: one at a time, held by a lease.

create or replace function start_run(options jsonb, worker text default null, lease interval default '60 s', person boolean default false)
  returns bigint
  language plpgsql security definer set search_path from current as $$
declare
  other training_runs;
  started bigint;
begin
  -- one after the other: the second must see the run that the first began
  perform hold_lock('runs');
  select r.* into other from training_runs r where r.state = 'running' for update;
  if other.lease_until > clock_timestamp() and start_run.person
     and exists (select from retrain_requests q where q.run_id = other.run_id and q.cause <> 'person') then
    perform end_run(other.run_id, other.report, 'a training that a person began took over');
  elsif other.lease_until > clock_timestamp() then
    raise exception 'a training is running already: run %, by %, since %', other.run_id, coalesce(other.worker, 'somebody'),
        to_char(other.started_at, 'YYYY-MM-DD HH24:MI:SS TZ')
      using errcode = 'object_in_use',
            hint = format('Wait for its end. If its process died, try again in %s s, when its lease runs out.',
                          ceil(extract(epoch from other.lease_until - clock_timestamp())));
  end if;
  -- killed between storing its model and saying so: the model is whole, as it was one transaction
  update training_runs r
    set state = case when m.stored then 'done' else 'failed' end, ended_at = clock_timestamp(),
        error = case when not m.stored then 'its process died: the lease ran out' end
    from (select exists (select from models x where x.run_id = other.run_id
      and (x.encoder_id is not null or other.options ? 'first')) as stored) m
    where r.run_id = other.run_id and r.state = 'running';
  insert into training_runs (options, worker, lease_until)
    values (start_run.options, start_run.worker, clock_timestamp() + start_run.lease)
    returning run_id into started;
  return started;
end $$;
comment on function start_run(jsonb, text, interval,
  boolean) is 'Begins a run of training or cleaning and returns its id. Refused (SQLSTATE 55006) while another runs; one whose lease ran out is closed first. With person also one that a sidecar began by itself: its process ends when it cannot renew its lease.';
grant execute on function start_run to taxon_admin;

create or replace function renew_run(run_id bigint, worker text, lease interval default '60 s') returns boolean
  language plpgsql security definer set search_path from current as $$
begin
  -- also past its end: as long as nobody took over, a process that was only slow goes on
  update training_runs r set lease_until = clock_timestamp() + renew_run.lease
    where r.run_id = renew_run.run_id and r.worker = renew_run.worker and r.state = 'running';
  return found;
end $$;
comment on function renew_run(bigint, text,
  interval) is 'Prolongs the lease of a run that this worker holds; false when it is not running any more, or another took over: then it must stop.';
grant execute on function renew_run to taxon_admin, taxon_sidecar;

create or replace function end_run(run_id bigint, report jsonb, error text default null) returns void
  language sql volatile security definer set search_path from current as $$
  update run_steps s set state = 'failed', ended_at = clock_timestamp(), detail = jsonb_build_object('error', end_run.error)
    where s.run_id = end_run.run_id and s.state = 'running' and end_run.error is not null
      and exists (select from training_runs r where r.run_id = end_run.run_id and r.state = 'running');
  update training_runs r set state = case when end_run.error is null then 'done' else 'failed' end,
      report = coalesce(end_run.report, r.report), error = end_run.error, ended_at = clock_timestamp()
    where r.run_id = end_run.run_id and r.state = 'running';
$$;
comment on function end_run(bigint, jsonb,
  text) is 'Notes how a run ended and gives its lease back; a run that was closed by another stays as it is.';
grant execute on function end_run to taxon_admin, taxon_sidecar;
