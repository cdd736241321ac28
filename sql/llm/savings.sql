-- taxon_internal: What the local layer saves: the same names through the same layers without it, by what the ledger measured.

create or replace function full_batch_tokens(since timestamptz default '-infinity')
  returns table (route text, calls bigint, names bigint, full_batch integer, tokens_a_name double precision)
  language sql stable security definer set search_path from current as $$
  -- A call costs something fixed (instructions, categories) and something for each name. Where batches differ in size the line
  -- through them tells the two apart; else only the answers, which are counted, are taken for the names' own: that makes the
  -- full batch look cheaper than it is, and the saving smaller.
  with asked as (
    select c.route, c.names::float8 as n, (c.tokens_in + c.tokens_out)::float8 as tokens, c.tokens_out::float8 as answer,
           greatest(max(c.names) over (), (setting('llm_full_batch'))::integer) as full_batch
      from llm_calls c where c.purpose = 'answer' and c.state = 'ok' and c.names > 0 and c.started_at >= full_batch_tokens.since
  ), routes as (
    select a.route, a.full_batch, count(*) as calls, sum(a.n) as names, avg(a.tokens) as tokens, avg(a.n) as n,
           least(greatest(coalesce(regr_slope(a.tokens, a.n), 0), sum(a.answer) / sum(a.n)), sum(a.tokens) / sum(a.n)) as each
      from asked a group by 1, 2
  )
  select r.route, r.calls, r.names::bigint, r.full_batch, r.each + (r.tokens - r.each * r.n) / r.full_batch from routes r order by 1;
$$;
comment on function full_batch_tokens(timestamptz) is 'By route, what a name costs the LLM in a full batch (the setting llm_full_batch, or the largest in the ledger), by the answered calls since then. Example: select route, names, tokens_a_name from full_batch_tokens();';
grant execute on function full_batch_tokens to taxon_admin;

create or replace function savings(since interval default '30 days')
  returns table (against text, assumption text, products bigint, local_names bigint, llm_names bigint, tokens_a_name numeric,
    tokens_then numeric,
                 tokens_spent bigint, tokens_saved numeric, share_saved numeric, cost_then numeric, cost_spent numeric, simulated boolean)
  language sql stable security definer set search_path from current as $$
  with period as (select coalesce(now() - savings.since, '-infinity') as since),
  done as (select count(*) as n from products p, period where p.created_at >= period.since and p.state = 'done'),
  names as (
    -- a name is asked once, whatever its rows: then memory has it
    select count(*) filter (where not x.llm) as local, count(*) filter (where x.llm) as llm
      from (select bool_or(p.source = 'llm') as llm from products p, period
              where p.created_at >= period.since and p.state = 'done' and p.source in ('local', 'llm') group by p.name_key) x
  ), spent as (
    select coalesce(sum(c.tokens_in + c.tokens_out), 0) as tokens,
           case when count(*) filter (where c.cost is null) = 0 then sum(c.cost) end as cost,
             coalesce(bool_or(c.simulated), false) as simulated,
           -- dollars a token of the calls whose price is known
           sum(c.cost) / nullif(sum(c.tokens_in + c.tokens_out) filter (where c.cost is not null), 0) as rate
      from llm_calls c, period where c.started_at >= period.since and c.state <> 'failed'
  ), measured as (
    select f.* from period, full_batch_tokens(period.since) f
  ), used as (
    -- a shortlist is the local layer's work: without it the LLM is asked the whole tree, or two stages of it
    select w.* from (
      select 1 as place, m.route as said, m.calls, m.names, m.full_batch, m.tokens_a_name, '' as more from measured m where m.route = 'tree'
      union all
      select 1, 'two-stage and subtree', sum(m.calls)::bigint, sum(m.names)::bigint, max(m.full_batch), sum(m.tokens_a_name), ''
        from measured m where m.route in ('two-stage', 'subtree') having bool_or(m.route = 'two-stage')
      union all
      select 2, m.route, m.calls, m.names, m.full_batch, m.tokens_a_name,
        ', whose shortlists the local layer made: without it a name costs more'
        from measured m where m.route = 'shortlist'
    ) w order by w.place, w.tokens_a_name limit 1
  )
  select 'the same names in full batches, without the local layer',
         case when u.said is null then 'not measured: no call has answered names since then'
              else format('each of %s names that the local layer answered and %s that the LLM did, asked once in batches of %s, at %s tokens: by the %s calls of the route %s in the ledger (%s names)%s; exact and similar answers stay as they are; dollars at the mean rate of what was paid',
                          n.local, n.llm, u.full_batch, round(u.tokens_a_name::numeric, 1), u.calls, u.said, u.names, u.more) end,
         d.n, n.local, n.llm, round(u.tokens_a_name::numeric, 1), t.tokens, s.tokens, t.tokens - s.tokens,
           round(1 - s.tokens / nullif(t.tokens, 0), 4),
         round(t.tokens * s.rate, 6), round(s.cost, 6), s.simulated
    from done d, names n, spent s left join used u on true
    cross join lateral (select round(((select x.local + x.llm from names x) * u.tokens_a_name)::numeric) as tokens) t;
$$;
comment on function savings(interval) is 'What the names that came in since then (NULL: ever) would have cost in full batches through the same layers without the local one, beside all that was spent (audits, calls in flight and lost ones with their upper estimates): each name that the local layer or the LLM answered, once, at what a full batch of the ledger''s calls costs a name; exact and similar answers stay. assumption says where the number comes from. That answers of the LLM would have made memory know more is not counted. NULL: not measured. Example: select tokens_then, tokens_spent, share_saved, assumption from savings();';
grant execute on function savings to taxon_admin;

create or replace function spend_parts(by text, since timestamptz)
  returns table (what text, llm_call_id bigint, part numeric)
  language sql stable security definer set search_path from current as $$
  select case spend_parts.by when 'day' then to_char(c.started_at at time zone 'UTC', 'YYYY-MM-DD') when 'model' then c.provider || ' '
    || coalesce(c.model_version, c.model)
                             when 'purpose' then c.purpose when 'route' then c.route when 'layer' then 'llm' end,
         c.llm_call_id, 1::numeric
    from llm_calls c
    where c.started_at >= spend_parts.since and (by in ('day', 'model', 'purpose', 'route') or by = 'layer'
      and c.purpose = any (array(select p.purpose from purposes p where p.answers_rows)))
  union all
  -- by names: each has the same part of its call
  select v.what, c.llm_call_id, coalesce(count(n.name_hash) / nullif(sum(count(n.name_hash)) over (partition by c.llm_call_id), 0), 1)
    from llm_calls c
    left join llm_call_names n using (llm_call_id)
    left join labels l on spend_parts.by = 'branch' and l.name_hash = n.name_hash
    left join categories a on a.category_id = l.category_id
    cross join lateral (select case when n.name_hash is null then null
      when spend_parts.by = 'layer' and c.purpose <> 'audit' then c.purpose
      when spend_parts.by = 'layer' then 'audit of '
        || (select k.layer from checks k where k.name_hash = n.name_hash and k.strategy = 'audit'
                                                          order by k.llm_call_id = c.llm_call_id desc nulls last, k.check_id desc limit 1)
      else (select x.name from categories x
              where x.category_id = coalesce(a.l1, (select p.l1 from products p where name_hash(p.name_key) = n.name_hash
                and p.l1 is not null limit 1))) end as what) v
    where c.started_at >= spend_parts.since and (by = 'branch' or by = 'layer'
      and c.purpose <> all (array(select p.purpose from purposes p where p.answers_rows)))
    group by v.what, c.llm_call_id;
$$;
comment on function spend_parts(text, timestamptz) is 'Which part of each call belongs to what, for spend(): whole calls, or the shares of their names; what is NULL where it is not known. Example: select what, part from spend_parts(''purpose'', now() - interval ''1 day'');';
