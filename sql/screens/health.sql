-- taxon: Is everything well? Sidecars write their own rows; nothing here needs one to be alive.

create or replace function health() returns table (item text, status text, value text, detail text)
  language plpgsql stable security definer set search_path from current as $$
declare
  alive integer := (select count(*) from sidecars s where s.seen_at > now() - interval '30 s');
  deaf boolean := exists (select from sidecars s where s.seen_at > now() - interval '30 s' and not s.listening);
  llm_names text := (select string_agg(distinct s.llm, ', ') from sidecars s where s.seen_at > now() - interval '30 s');
  n bigint;
  oldest timestamptz;
begin
  return query select 'sidecars', case when alive > 0 then 'ok' else 'warn' end, alive::text,
    case when alive = 0 then 'none is running: inserts and exact answers work, the rest waits; start one: taxon sidecar'
         else (select string_agg(format('%s (seen %s s ago%s)', s.worker, extract(epoch from now() - s.seen_at)::integer,
               case when s.listening then '' else ', polling' end), '; ' order by s.worker)
               from sidecars s where s.seen_at > now() - interval '30 s')
           || case when deaf then '; polling: no notification arrives, as through a transaction pooler: give TAXON_DIRECT_DATABASE_URL'
                   else '' end end;
  return query select 'sidecar notice', 'warn', s.worker, s.notice
    from sidecars s where s.seen_at > now() - interval '30 s' and s.notice is not null order by s.worker;
  return query select 'champion', case when count(*) = 1 then 'ok' else 'warn' end, coalesce(max(m.model_id)::text, 'none'),
    case when count(*) = 1 then (select format('thresholds %s / %s / %s, %s', f.l1, f.l2, f.l3,
                                   case when f.certified then 'certified' else 'not certified' end) from thresholds_in_force() f)
         else 'no model yet: the local layer passes everything on; train one: taxon train' end
    from models m where m.state = 'champion';
  return query select 'local layer', case when x.mode = (setting('local_layer') #>> '{}') then 'ok' else 'warn' end, x.mode,
    case when x.mode = 'on' then 'answers what clears the thresholds' || case when s.promise_id is null then ''
      else format(', promised: at most %s%% wrong at %s%% confidence (%s)', round(100 * s.max_error::numeric, 2),
      round(100 * s.confidence::numeric, 1), s.reason) end
         when x.mode = (setting('local_layer') #>> '{}')
           then 'as the setting local_layer says; the LLM answers; what it would have answered: select * from @internal@.shadow_report()'
         else format('only watches, the LLM answers: that at most %s%% is wrong is not proved for the champion; select * from set_promise() says what is missing',
                     round(100 * s.max_error::numeric, 2)) end
    from (select local_mode() as mode) x left join standing_promise() s on true;
  for item in select unnest(array['local', 'llm']) loop
    select count(*), min(q.created_at) into n, oldest from queue q where q.stage = health.item and q.purpose not in ('audit', 'teach')
      and q.available_at < 'infinity';
    if item = 'local' then select n + r.names, least(oldest, r.earliest) into n, oldest from rows_to_take_in() r; end if;
    status := case when item = 'llm' and n > 0 and llm_names is null then 'warn'
                   when oldest < now() - interval '5 min' then 'warn' else 'ok' end;
    value := n::text;
    detail := case when n = 0 then 'nothing waits'
      else format('oldest waits for %s s; %s leased%s', extract(epoch from now() - oldest)::integer,
        (select count(*) from queue q where q.stage = health.item and q.available_at > now() and q.worker is not null),
        case when item = 'llm' and llm_names is null
          then '; no sidecar has a provider: set OPENAI_API_KEY or ANTHROPIC_API_KEY, or TAXON_LLM_BASE_URL' else '' end) end;
    item := 'queue ' || item;
    return next;
  end loop;
  return query select 'llm', case when llm_names is null then 'warn' else 'ok' end, coalesce(llm_names, 'none'),
    case when llm_names is null then 'no provider is configured: the LLM stage waits, nothing fails'
         else (select format('%s calls in a day, %s of them unknown; %s', count(*), count(*) filter (where c.state = 'unknown'),
               coalesce(last_llm_error(), 'no error'))
               from llm_calls c where c.started_at > now() - interval '1 day') end;
  return query select * from llm_health();
  return query select * from batches_health();
  return query select * from blockers_health();
  return query select * from signatures_health();
  return query select * from drift_health();
  select count(*) into n from dead_letters;
  return query select 'dead letters', case when n = 0 then 'ok' else 'warn' end, n::text,
    case when n = 0 then 'none' else (select 'newest: ' || left(coalesce(d.error, '?'), 200) from dead_letters d
      order by d.created_at desc limit 1)
      || '; select * from decide_again(failed => true) puts them back' end;
  return query select * from trust_health();
  return query select * from autopilot_health();
  return query select * from forgotten_health();
  return query select * from strays_health();
  return query select * from attached_health();
  return query select * from keys_health();
  return query select * from locks_health();
  return query select * from notify_health();
  return query select * from rights_health();
  return query select * from neighbours_health();
end $$;
comment on function health() is
  'Says whether everything is well, one row a check, and what to do where it is not.
Returns: item, status (ok or warn), value and a detail in words: sidecars, champion, what the local layer does and is promised, queues, provider, dead letters, alarms, locks, rights and more.
Example: select item, status from health() where item = ''local layer'';';
grant execute on function health to taxon_reader, taxon_admin;
