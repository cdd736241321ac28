-- taxon_internal: Why a retraining is due.

create or replace function new_labels(model_id bigint default null) returns table (known bigint, new bigint)
  language sql stable security definer set search_path from current as $$
  select coalesce((m.data ->> 'labels')::bigint, 0), greatest((select count(*) from labels) - coalesce((m.data ->> 'labels')::bigint, 0), 0)
    from (select coalesce(new_labels.model_id, (select c.model_id from champion() c)) as model_id) w left join models m using (model_id);
$$;
comment on function new_labels(bigint) is 'How many labels a model (default: the champion) was trained on, and how many more memory has now. Example: select known, new from new_labels();';
grant execute on function new_labels to taxon_admin;

create or replace function retrain_due(scheduled boolean default false) returns table (cause text, reason text)
  language plpgsql stable security definer set search_path from current as $$
declare
  last training_runs;
  n record;
begin
  if not (setting('autopilot_request'))::boolean or exists (select from retrain_requests r where r.run_id is null)
     or exists (select from training_runs r where r.state = 'running')
     or exists (select from rollouts o where o.ended_at is null and o.stage <> 'watch') then
    return;
  end if;
  -- what was refused is not tried again with nearly the same labels
  select r.* into last from training_runs r where r.kind = 'retrain' order by r.run_id desc limit 1;
  select * into n from new_labels();
  if n.known = 0 and n.new < 500 then return; end if;
  -- what made it fail (memory, say) is likely still there
  if last.state = 'failed' and last.ended_at > now() - interval '6 hours' then return; end if;
  if exists (select from champion() c where c.encoder_id is null
               and not exists (select from gate_verdicts g where g.champion = c.model_id and not g.passed)) then
    return query select 'labels', 'the full model follows the first one, which is of letters alone';
  elsif scheduled then
    return query select 'schedule', format('the schedule %s', setting('retrain_schedule') #>> '{}');
  elsif (setting('retrain_labels'))::bigint > 0 and n.new >= (setting('retrain_labels'))::bigint
        and (case when (setting('retrain_growth'))::numeric > 0 then n.new >= (setting('retrain_growth'))::numeric * n.known
                 else (select p.pays from retrain_pays() p) end)
        and n.known + n.new >= (select coalesce(l.n, 0) + greatest((setting('retrain_labels'))::bigint,
          (setting('retrain_growth'))::numeric / 2 * coalesce(l.n, 0))
                                 from (select (last.report ->> 'labels')::bigint as n) l) then
    return query select 'labels', format('%s new labels beside %s', n.new, n.known);
  elsif exists (select from alarms a where a.ended_at is null and a.raised_at > coalesce(last.started_at, '-infinity')
    and a.stream <> 'agreement')
        -- one training answers all alarms before it; with fewer labels it would have nothing to answer them with
        and n.new >= greatest(200, .02 * n.known) then
    return query select 'drift', (select a.detail from alarms a where a.ended_at is null and a.stream <> 'agreement'
      order by a.alarm_id desc limit 1);
  end if;
end $$;
comment on function retrain_due(boolean) is 'Why a retraining is due now; no row: it is not. One is not due while another runs, or its model is in shadow or canary, nor within 6 hours of one that failed (people may ask for it: request_retrain()). Example: select cause, reason from retrain_due();';
grant execute on function retrain_due to taxon_admin, taxon_sidecar;

create or replace function retrain_waits() returns boolean
  language sql stable security definer set search_path from current as $$
  select exists (select from retrain_requests where run_id is null)
         and not exists (select from training_runs where state = 'running' and lease_until > now())
         and not exists (select from rollouts where ended_at is null and stage <> 'watch')
      or exists (select from training_runs where state = 'running' and kind = 'retrain' and lease_until <= now());
$$;
comment on function retrain_waits() is 'Whether a process should begin a retraining: one is asked for and nothing stands in its way, or the process of one has died. Example: select retrain_waits();';
grant execute on function retrain_waits to taxon_admin, taxon_sidecar;

create or replace function last_asked_for() returns timestamptz
  language sql stable security definer set search_path from current as $$
  select greatest((select max(r.requested_at) from retrain_requests r), (select c.promoted_at from champion() c));
$$;
comment on function last_asked_for() is 'When a retraining was last asked for, or a model promoted: from then on retrain_schedule counts. Example: select last_asked_for();';
grant execute on function last_asked_for to taxon_admin, taxon_sidecar;
