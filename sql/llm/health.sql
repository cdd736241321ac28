-- taxon_internal: The LLM's lines of health().

create or replace function llm_health() returns table (item text, status text, value text, detail text)
  language plpgsql stable security definer set search_path from current as $$
begin
  return query select 'budget ' || replace(substr(b.budget, 5), '_', ' '), case when b.share < .8 then 'ok' else 'warn' end,
    coalesce(floor(100 * b.share) || ' %', 'none'),
      format('%s of %s spent', round(b.spent, 4), b.most)
      || case when b.spent >= b.most then format(': the LLM is asked again from %s, or with another %s; names of mark_urgent() pass, nothing fails',
                                                 to_char(b.ends at time zone 'UTC', 'YYYY-MM-DD HH24:MI UTC'), b.budget)
              when b.share >= .8 then ': at 100 % the LLM waits' else '' end
    from llm_budgets() b;
  return query select 'deployment', 'warn', s.deployment,
    format('sidecar %s makes no paid call: this database''s are made by "%s"%s; select adopt_deployment(%L)',
      s.worker, setting('llm_deployment') ->> 'name',
      case when setting('llm_deployment') ->> 'name' = s.deployment then ' of another database, of which it is a copy' else '' end,
        s.deployment)
    from sidecars s where s.seen_at > now() - interval '30 s' and s.deployment is not null and not may_pay(s.deployment) order by s.worker;
  return query select 'price', 'warn', c.provider || ' ' || c.model,
    format('not known: the cost of %s calls of the last day is NULL; select set_llm_price(%L, %L, …)',
      count(*), c.provider, c.model)
    from llm_calls c where c.started_at > now() - interval '1 day' and c.state <> 'failed' and c.cost is null and c.doubt is null
    group by c.provider, c.model order by 3;
  return query select 'tokens', 'warn', c.provider || ' ' || c.model,
    format('the cost of %s calls of the last day is not known: %s; compare with the bill',
      count(*), (array_agg(c.doubt order by c.llm_call_id desc))[1])
    from llm_calls c where c.started_at > now() - interval '1 day' and c.cost is null and c.doubt is not null
    group by c.provider, c.model order by 3;
  return query select 'waiting for people', 'warn', count(*)::text, 'names that no provider may be sent; select * from waiting_for_people'
    from queue q where q.stage = 'llm' and q.available_at = 'infinity' having count(*) > 0;
end $$;
comment on function llm_health() is 'What health() says of budgets, prices, the deployment and names that may not be sent. Example: select item, value from llm_health();';

create or replace function last_llm_error() returns text
  language sql stable security definer set search_path from current as $$
  select format('last error at %s, %s: %s', to_char(e.at at time zone 'UTC', 'YYYY-MM-DD HH24:MI UTC'),
           case when since.calls = 0 then 'no call has succeeded since' else format('%s calls have succeeded since', since.calls) end, e.error)
    from (select c.error, coalesce(c.ended_at, c.started_at) as at from llm_calls c
            where c.error is not null and c.started_at > now() - interval '1 day' order by c.llm_call_id desc limit 1) e
    cross join lateral (select count(*) as calls from llm_calls c
                          where c.state = 'ok' and c.started_at > now() - interval '1 day' and c.ended_at > e.at) since;
$$;
comment on function last_llm_error() is 'The last error of a call within a day, when it was, and whether calls have succeeded since; NULL: there was none. Example: select last_llm_error();';
