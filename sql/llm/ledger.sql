-- taxon_internal: What was paid for which name. A call's tokens and dollars are shared alike by its names.

create or replace function note_outcomes(llm_call_id bigint, answers jsonb, refused jsonb) returns void
  language sql volatile security definer set search_path from current as $$
  with said as (
    select name_hash(a.name_key) as hash, 'answered' as outcome, 1 as place
      from jsonb_to_recordset(answers) a(name_key text, category_id bigint) join categories c on c.category_id = a.category_id
    union all
    select name_hash(r ->> 'name_key'), case when (r ->> 'none')::boolean then 'none' when (r ->> 'moved')::boolean then 'answered'
      else 'refused' end, 2 from jsonb_array_elements(refused) r
  )
  update llm_call_names n
    -- a name of which the answer says nothing was left out
    set outcome = coalesce((select s.outcome from said s where s.hash = n.name_hash order by s.place limit 1), 'refused')
    -- an open forget() holds the name that it removes
    where n.ctid = any (array(select x.ctid from llm_call_names x where x.llm_call_id = note_outcomes.llm_call_id for update skip locked));
$$;
comment on function note_outcomes(bigint, jsonb,
  jsonb) is 'Writes what became of each name of a call whose answer arrived. Example: note_outcomes(12, ''[{"name_key": "kettle", "category_id": 7}]'', ''[]'').';

create or replace view paid_twice with (security_invoker) as
  with paid as (
    select n.name_hash, c.purpose, n.step, n.outcome, c.llm_call_id, c.state, c.error, c.started_at, c.simulated,
           (c.tokens_in + c.tokens_out)::numeric / c.names as tokens, c.cost / c.names as cost,
           row_number() over w as turn, count(*) over (partition by n.name_hash, c.purpose, n.step) as times
      from llm_call_names n join llm_calls c using (llm_call_id)
      where c.state in ('ok', 'unknown')
      window w as (partition by n.name_hash, c.purpose, n.step order by c.llm_call_id)
  )
  select coalesce((select l.name_key from labels l where l.name_hash = p.name_hash),
                  (select x.name_key from products x where name_hash(x.name_key) = p.name_hash limit 1),
                  (select k.name_key from checks k where k.name_hash = p.name_hash limit 1)) as name_key,
         p.name_hash, p.purpose, p.step, count(*) as calls, array_agg(p.llm_call_id order by p.turn) as llm_call_ids,
         -- why there was another call: what became of all but the last
         string_agg(distinct case p.outcome
           when 'lost' then case when p.error = 'its sidecar died' then 'in flight when its sidecar died' else 'no answer arrived: '
             || p.error end
           when 'refused' then 'the answer left it out or was not valid'
           when 'none' then 'none of these'
           else 'asked again after an answer' end, '; ') filter (where p.turn < p.times) as why,
         round(sum(p.tokens) filter (where p.turn < p.times), 1) as tokens_more,
         case when count(*) filter (where p.turn < p.times and p.cost is null) = 0
              then round(sum(p.cost) filter (where p.turn < p.times), 8) end as cost_more
    from paid p where p.times > 1
    group by p.name_hash, p.purpose, p.step;
comment on view paid_twice is 'Names that were paid for more than once for the same purpose and step, and why; calls without an answer count, with their upper estimate.';
comment on column paid_twice.name_key is 'The name; NULL where neither memory nor a product has it any more.';
comment on column paid_twice.name_hash is 'Its digest.';
comment on column paid_twice.purpose is 'Why the LLM was asked.';
comment on column paid_twice.step is 'Step of the purpose.';
comment on column paid_twice.calls is 'How many calls were, or may have to be, paid for.';
comment on column paid_twice.llm_call_ids is 'Which, the oldest first.';
comment on column paid_twice.why is 'What became of all but the last.';
comment on column paid_twice.tokens_more is 'The name''s share of the tokens of all but the last.';
comment on column paid_twice.cost_more is 'The same in US dollars; NULL where the price of one is not known.';
grant select on paid_twice to taxon_reader, taxon_admin;

create or replace function product_cost(product_id bigint)
  returns table (calls bigint, tokens_in numeric, tokens_cached numeric, tokens_out numeric, tokens numeric, cost numeric, shared_by bigint)
  language sql stable security definer set search_path from current as $$
  select count(c.llm_call_id), coalesce(round(sum(c.tokens_in::numeric / c.names), 4), 0),
         coalesce(round(sum(c.tokens_cached::numeric / c.names), 4), 0), coalesce(round(sum(c.tokens_out::numeric / c.names), 4), 0),
         coalesce(round(sum((c.tokens_in + c.tokens_out)::numeric / c.names), 4), 0),
         case when count(*) filter (where c.llm_call_id is not null and c.cost is null) = 0
           then coalesce(round(sum(c.cost / c.names), 10), 0) end,
         (select count(*) from products x where name_hash(x.name_key) = name_hash(p.name_key))
    from products p
    left join llm_call_names n on n.name_hash = name_hash(p.name_key)
    left join llm_calls c on c.llm_call_id = n.llm_call_id and c.state <> 'failed'
    where p.product_id = product_cost.product_id
    group by p.product_id;
$$;
comment on function product_cost(bigint) is 'What the LLM calls with this product''s name have cost, audits and lost calls included: its share of each, a call''s tokens by its names. All rows of the name share it (shared_by). cost is NULL where a price is not known. Example: select calls, tokens, cost from product_cost(1);';
grant execute on function product_cost to taxon_admin;

create or replace function forget_call_names(most integer default 10000) returns integer
  language sql volatile security definer set search_path from current as $$
  with old as (
    select n.ctid from llm_call_names n join llm_calls c using (llm_call_id)
      where c.started_at < now() - make_interval(days => (setting('ledger_names_days'))::integer)
        -- as long as its answer may come
        and c.state <> 'started' and (c.state <> 'unknown' or c.ended_at < now() - interval '1 day')
      limit most for update of n skip locked
  ), gone as (delete from llm_call_names n using old o where n.ctid = o.ctid returning 1)
  select count(*)::integer from gone;
$$;
comment on function forget_call_names(integer) is 'Removes the names of calls that are older than the setting ledger_names_days and whose answer has come (that of a lost one within a day), at most so many a call, and returns how many; call again until it is 0. Example: select forget_call_names();';
grant execute on function forget_call_names to taxon_sidecar;
