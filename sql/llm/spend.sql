-- taxon: What the LLM has cost, by whatever one asks.

create or replace function spend(by text default 'day', since interval default '30 days')
  returns table (what text, calls bigint, names numeric, answered numeric, tokens_in bigint, tokens_cached bigint, tokens_out bigint,
                 cost numeric, unknown_calls bigint, unknown_tokens bigint, unknown_cost numeric, products bigint, tokens_a_product numeric,
                 simulated boolean)
  language plpgsql stable security definer set search_path from current as $$
declare
  moment timestamptz := coalesce(now() - since, '-infinity');
begin
  if by is null or by not in ('day', 'layer', 'branch', 'model', 'purpose', 'route') then
    raise exception 'there is no spend by "%"', coalesce(by, 'NULL') using hint = 'One of day, layer, branch, model, purpose, route.',
      errcode = 'invalid_parameter_value';
  end if;
  return query
    with paid as (
      select coalesce(s.what, 'not known') as what, c.*, s.part from spend_parts(spend.by, moment) s join llm_calls c using (llm_call_id)
        where c.state <> 'failed'
    ), sums as (
      select p.what, count(*) filter (where p.state = 'ok') as calls,
             sum(p.part * p.names) filter (where p.state = 'ok') as names, sum(p.part * p.answered) as answered,
             sum(p.part * p.tokens_in) filter (where p.state = 'ok') as tokens_in,
             sum(p.part * p.tokens_cached) filter (where p.state = 'ok') as tokens_cached,
             sum(p.part * p.tokens_out) filter (where p.state = 'ok') as tokens_out,
             case when count(*) filter (where p.state = 'ok' and p.cost is null) = 0
               then coalesce(sum(p.part * p.cost) filter (where p.state = 'ok'), 0) end as cost,
             count(*) filter (where p.state <> 'ok') as open,
               sum(p.part * (p.tokens_in + p.tokens_out)) filter (where p.state <> 'ok') as open_tokens,
             case when count(*) filter (where p.state <> 'ok' and p.cost is null) = 0
               then coalesce(sum(p.part * p.cost) filter (where p.state <> 'ok'), 0) end as open_cost, bool_or(p.simulated) as simulated
        from paid p group by 1
    ), arrived as (
      select case spend.by when 'day' then to_char(p.created_at at time zone 'UTC', 'YYYY-MM-DD') when 'layer' then p.source
                           when 'branch' then (select a.name from categories a where a.category_id = p.l1) else 'all' end as what,
                             count(*) as n
        from products p where p.created_at >= moment group by 1
    )
    select coalesce(s.what, a.what), coalesce(s.calls, 0), round(coalesce(s.names, 0), 1), round(coalesce(s.answered, 0), 1),
           coalesce(round(s.tokens_in), 0)::bigint, coalesce(round(s.tokens_cached), 0)::bigint, coalesce(round(s.tokens_out), 0)::bigint,
           coalesce(round(s.cost, 8), case when s.what is null then 0 end), coalesce(s.open, 0), coalesce(round(s.open_tokens), 0)::bigint,
           coalesce(round(s.open_cost, 8), case when s.what is null then 0 end), a.n,
           round((coalesce(s.tokens_in + s.tokens_out, 0) + coalesce(s.open_tokens, 0)) / nullif(a.n, 0), 2), coalesce(s.simulated, false)
      from sums s full join arrived a
        on a.what = case when spend.by in ('model', 'purpose', 'route') then 'all' when spend.by = 'layer'
          then regexp_replace(s.what, '^audit of ', '') else s.what end
      where s.what is not null or a.what is not null and spend.by in ('day', 'layer', 'branch')
      order by 1;
end $$;
comment on function spend(text, interval) is
  'Shows what the LLM has cost.
by: day, layer, branch, model, purpose or route; day by default.
since: how far back, an interval; 30 days by default, NULL: ever.
Returns: tokens and cost of calls whose answer arrived; unknown_…: of calls in flight or without an answer, with their upper estimates. cost is NULL where the price of a call is not known. products: rows that arrived in that day, layer or branch, by model, purpose and route all that arrived; tokens_a_product counts the unknown too. Audits stand at the layer they judge.
Errors: 22023 where by is another word.
Example: select what, calls, tokens_in, cost from spend(by => ''purpose'', since => ''1 day'');';
grant execute on function spend to taxon_reader, taxon_admin;
