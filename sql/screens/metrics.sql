-- taxon_internal: What a sidecar's /metrics says of the database. It is asked every few seconds, so nothing here counts beyond a bound.

create or replace function metrics(most integer default 10000) returns table (metric text, labels jsonb, value float8)
  language plpgsql volatile security definer set search_path from current as $$
declare
  -- once: it is volatile, and asked for each row it was no condition of the index but a filter behind it
  since timestamptz := queue_floor();
  waiting bigint;
  in_llm bigint;
  plan json;
begin
  -- by the index and not past the bound, whatever waits
  select count(*) into waiting from (select from queue q where q.stage = 'local' and q.available_at >= since limit most) q;
  select count(*) into in_llm from (select from queue q where q.stage = 'llm' and q.available_at < 'infinity' limit most) q;
  if waiting = most then waiting := greatest(most, pg_stat_get_live_tuples('queue'::regclass) - in_llm); end if;
  return query select 'taxon_queue_names', '{"stage": "local", "purpose": "answer"}'::jsonb, waiting::float8;
  if in_llm < most then
    return query select 'taxon_queue_names', jsonb_build_object('stage', 'llm', 'purpose', p.purpose), coalesce(c.n, 0)::float8
      from purposes p
      left join (select q.purpose, count(*) as n from queue q where q.stage = 'llm' and q.available_at < 'infinity' group by 1) c
        using (purpose)
      where p.place is not null;
  else
    return query select 'taxon_queue_names', '{"stage": "llm", "purpose": "answer"}'::jsonb,
      greatest(most, pg_stat_get_live_tuples('queue'::regclass) - waiting)::float8;
  end if;
  return query select 'taxon_queue_leased_names', jsonb_build_object('stage', s.stage),
      (select count(*) from (select from queue q where q.stage = s.stage and q.available_at > now() and q.available_at < 'infinity'
                               and q.worker is not null limit most) q)::float8
    from unnest(array['local', 'llm']) s(stage);
  return query select 'taxon_queue_oldest_seconds', jsonb_build_object('stage', s.stage),
      coalesce((select extract(epoch from now() - q.created_at) from queue q
                  where q.stage = s.stage and q.available_at between case s.stage when 'local' then since else '-infinity' end and now()
                  order by q.available_at limit 1), 0)::float8
    from unnest(array['local', 'llm']) s(stage);
  return query select 'taxon_queue_for_people_names', '{}'::jsonb, count(*)::float8
    from (select from queue q where q.stage = 'llm' and q.available_at = 'infinity' limit most) q;
  -- rows that no claim has taken in; whoever waits there stands in no queue yet
  select count(*) into waiting from new_rows(last_intake(), pg_current_snapshot(), '0', -9223372036854775808, most / 5);
  if waiting = most / 5 or exists (select from intakes i where not i.done) then
    execute 'explain (format json) select from products where state = ''pending''' into plan;
    waiting := greatest(waiting, (plan -> 0 -> 'Plan' ->> 'Plan Rows')::bigint);
  end if;
  return query select 'taxon_rows_to_take_in', '{}'::jsonb, waiting::float8;
  return query
    with newest as materialized (
      select p.source, p.state, p.created_at, p.classified_at from products p order by p.product_id desc limit most / 5
    ), layers as (
      select l.layer, count(n.state) as n,
             percentile_cont(array[.5, .95]) within group (order by extract(epoch from n.classified_at - n.created_at)::float8) as waited
        from unnest(array['exact', 'similar', 'local', 'llm', 'human', 'pending', 'failed']) l(layer)
        left join newest n on coalesce(n.source, n.state) = l.layer group by 1
    )
    select 'taxon_newest_products', jsonb_build_object('layer', l.layer), l.n::float8 from layers l
    union all
    select 'taxon_newest_answer_seconds', jsonb_build_object('layer', l.layer, 'quantile', q.quantile), l.waited[q.place]
      from layers l, (values ('0.5', 1), ('0.95', 2)) q(quantile, place)
      where l.layer in ('similar', 'local', 'llm') and l.waited is not null;
  select count(*) into waiting from (select from labels limit most) l;
  return query select 'taxon_labels', '{}'::jsonb, case when waiting < most then waiting else greatest(most, c.reltuples) end::float8
    from pg_class c where c.oid = 'labels'::regclass;
  return query select 'taxon_dead_letters', '{}'::jsonb, count(*)::float8 from (select from dead_letters limit most) d;
  return query select 'taxon_open_alarms', '{}'::jsonb, count(*)::float8 from alarms a where a.ended_at is null;
  return query select 'taxon_sidecars', '{}'::jsonb, count(*)::float8 from sidecars s where s.seen_at > now() - interval '30 s';
  return query select 'taxon_champion_model_id', '{}'::jsonb, m.model_id::float8 from models m where m.state = 'champion';
  return query select 'taxon_llm_budget_ratio', jsonb_build_object('budget', replace(substr(b.budget, 5), '_', ' ')), b.share::float8
    from llm_budgets() b where b.share is not null;
end $$;
comment on function metrics(integer) is 'What a sidecar serves under /metrics of the database, in the names of docs/guide/operations.md. Counts are exact up to so many rows, and the server''s estimate beyond. Example: select * from metrics();';
grant execute on function metrics to taxon_sidecar;

create or replace function booked_calls(calls bigint[])
  returns table (llm_call_id bigint, provider text, model text, purpose text, simulated boolean, state text, names integer,
                 tokens_in integer, tokens_cached integer, tokens_out integer, cost float8, seconds float8)
  language sql stable security definer set search_path from current as $$
  select c.llm_call_id, c.provider, c.model, c.purpose, c.simulated, c.state, coalesce(c.answered, 0), c.tokens_in, c.tokens_cached,
         c.tokens_out, c.cost::float8, extract(epoch from c.ended_at - c.started_at)::float8
    from llm_calls c where c.llm_call_id = any (calls) and c.state <> 'started';
$$;
comment on function booked_calls(bigint[]) is 'Those of the calls that have ended, as the ledger has booked them; names: those that got a valid answer. Example: select tokens_in from booked_calls(array[1]);';
grant execute on function booked_calls to taxon_sidecar;
