-- taxon_internal: The watch over all streams of a model.

create or replace function in_alarm(s drift_streams) returns boolean
  language sql stable
begin atomic
  select exists (select from alarms a where a.model_id = (s).model_id and a.stream = (s).stream and a.branch = (s).branch
    and a.ended_at is null);
end;
comment on function in_alarm(drift_streams) is 'Whether a stream has an open alarm; then it rests until that ends. Example: select stream, branch from drift_streams s where in_alarm(s);';
grant execute on function in_alarm to taxon_admin;

create or replace function watch_drift()
  returns table (stream text, branch bigint, names bigint, value real, limit_value real, alarm_id bigint)
  language plpgsql security definer set search_path from current as $$
declare
  m models;
  since timestamptz;
  limits constant float8[] := array[drift_limit(8), drift_limit(8, drift_constant('block')::float8 / drift_constant('block of agreement'))];
  upto bigint[];
  s drift_streams;
  kind integer;
begin
  -- one at a time; the second finds nothing left to do
  perform hold_lock('drift');
  select * into m from champion();
  perform close_alarm(a.alarm_id, 'another model is the champion') from alarms a
    where a.ended_at is null and a.model_id is distinct from m.model_id;
  if m.model_id is null then return; end if;
  perform settle_alarms(m.model_id);
  since := greatest('-infinity', m.promoted_at, (select max(a.ended_at) from alarms a where a.model_id = m.model_id and a.acted <> 'news'));
  delete from drift_streams d where d.model_id = m.model_id
    and d.changed_at < case d.stream when 'agreement' then agreement_since(m.model_id, since) else since end;
  if not exists (select from drift_streams d where d.model_id = m.model_id and d.branch = 0 and d.stream <> 'agreement'
                   and d.names >= drift_constant('among')) then
    perform start_drift_streams(m.model_id, since);
  end if;
  if not exists (select from drift_streams d where d.model_id = m.model_id and d.branch = 0 and d.stream = 'agreement'
                   and d.names >= drift_constant('learnt of agreement')) then
    perform start_agreement_streams(m.model_id, agreement_since(m.model_id, since));
  end if;
  upto := array[
    (select max(e.evidence_id) from (
       select e.evidence_id from evidence e where e.model_id = m.model_id
         and e.evidence_id > (select min(d.last_id) from drift_streams d
                                where d.model_id = m.model_id and d.stream <> 'agreement' and not in_alarm(d))
         order by e.evidence_id limit drift_constant('a pass')::bigint) e),
    (select max(o.evidence_id) from (
       select o.evidence_id from opinions o join evidence e using (evidence_id)
         where e.decided_at < (select answered_until()) and o.evidence_id > (select min(d.last_id) from drift_streams d
                                where d.model_id = m.model_id and d.stream = 'agreement' and not in_alarm(d))
         order by o.evidence_id limit drift_constant('a pass')::bigint) o)];
  for s in
    select d.* from drift_streams d where d.model_id = m.model_id and not in_alarm(d) order by d.stream, d.branch
  loop
    kind := case s.stream when 'agreement' then 2 else 1 end;
    continue when upto[kind] is null or s.last_id >= upto[kind];
    s := watch_stream(s, upto[kind], limits[kind]);
    if s.state ? 'news' then
      perform note_news(s, limits[kind]::real, drift_words(s, false));
      s.state := s.state - 'news';
    elsif kind = 2 and (s.state ->> 'value')::float8 > limits[kind] and agrees_more(s) then
      -- where it errs, it errs otherwise than before, but less: that is no alarm
      perform note_news(s, limits[kind]::real, agreement_words(s, false));
      s.state := s.state || jsonb_build_object('r', array_fill(-700, array[12]), 'start', array_fill(-700, array[12]), 'value', null);
    end if;
    update drift_streams d
      set shares = s.shares, names = s.names, state = s.state, last_id = s.last_id, changed_at = s.changed_at
      where d.model_id = s.model_id and d.stream = s.stream and d.branch = s.branch;
    if (s.state ->> 'value')::float8 > limits[kind] then
      perform raise_alarm(s.model_id, s.stream, s.branch, (s.state ->> 'value')::real, limits[kind]::real,
                          case kind when 1 then drift_words(s) else agreement_words(s) end);
    end if;
  end loop;
  perform watch_audits(m.model_id, since);
  return query
    select d.stream, d.branch, d.names, (d.state ->> 'value')::real, limits[case d.stream when 'agreement' then 2 else 1 end]::real,
      a.alarm_id
      from drift_streams d
      left join alarms a on a.model_id = d.model_id and a.stream = d.stream and a.branch = d.branch and a.ended_at is null
      where d.model_id = m.model_id order by d.stream, d.branch;
end $$;
comment on function watch_drift() is 'Tests the evidence, the LLM''s answers and audits since the last look for drift, at most 100,000 rows of each a call; raises alarms of what is worse, notes what is better, and ends alarms that audits have answered. How often it is called changes nothing but how soon it is seen. One row a stream: the test''s logarithm and its limit. Example: select * from watch_drift();';
grant execute on function watch_drift to taxon_admin, taxon_sidecar;
