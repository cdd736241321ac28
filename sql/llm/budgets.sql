-- taxon_internal: May the LLM be asked at all? Budgets of tokens and dollars, and the urgent names that stand above them.

create or replace function llm_budgets()
  returns table (budget text, most numeric, spent numeric, share numeric, ends timestamptz)
  language sql stable security definer set search_path from current as $$
  with given as materialized (
    select s.key, (s.value)::numeric as most, s.key like '%tokens%' as of_tokens, case when s.key like '%_day' then 'day'
      else 'month' end as unit
      from all_settings s
      where s.key in ('llm_tokens_a_day', 'llm_tokens_a_month', 'llm_dollars_a_day', 'llm_dollars_a_month') and s.value <> 'null'
  ), period as (
    -- calls in flight, and those whose answer never came, count with their upper estimates
    select u.unit, date_trunc(u.unit, now(), 'UTC') as since, x.tokens, x.dollars
      from (select distinct g.unit from given g) u
      cross join lateral (select coalesce(sum(c.tokens_in + c.tokens_out), 0)::numeric as tokens,
                                 -- counts that are doubted have no cost, but were paid for
                                 coalesce(sum(coalesce(c.cost, llm_cost(c.price, c.tokens_in, 0, c.tokens_out))), 0) as dollars
                            from llm_calls c where c.state <> 'failed' and c.started_at >= date_trunc(u.unit, now(), 'UTC')) x
  )
  select g.key, g.most, v.spent, round(v.spent / nullif(g.most, 0), 4),
    (p.since at time zone 'UTC' + ('1 ' || p.unit)::interval) at time zone 'UTC'
    from given g join period p using (unit) cross join lateral (select case when g.of_tokens then p.tokens else p.dollars end as spent) v
    order by g.key;
$$;
comment on function llm_budgets() is 'The budgets that are set, what of them is spent (calls in flight and lost ones with their upper estimates, doubted ones at the full price of their tokens, simulated ones too), and when the next day or month begins. A budget is used up at a share of 1. Example: select budget, most, spent from llm_budgets();';
grant execute on function llm_budgets to taxon_admin;

create or replace function forget_urgent() returns integer
  language sql volatile security definer set search_path from current as $$
  with gone as (
    delete from urgent_names u
      where not exists (select from products p where name_hash(p.name_key) = u.name_hash and p.state = 'pending') returning 1
  )
  select count(*)::integer from gone;
$$;
comment on function forget_urgent() is 'Forgets the marks of names for which no row waits any more; returns how many. Sidecars call it every minute. Example: select forget_urgent();';
grant execute on function forget_urgent to taxon_sidecar;

create or replace function may_pay(deployment text) returns boolean
  language sql stable security definer set search_path from current as $$
  select coalesce(setting('llm_deployment') @> jsonb_build_object('name', deployment, 'database', database_identity()), false);
$$;
comment on function may_pay(text) is 'Whether this deployment may make paid calls here. Example: select may_pay(''default'');';
grant execute on function may_pay to taxon_admin;

create or replace function llm_stop(worker text) returns text
  language sql stable security definer set search_path from current as $$
  select case when exists (select from sidecars s where s.worker = llm_stop.worker and s.deployment is not null
    and not may_pay(s.deployment)) then 'deployment'
              when exists (select from llm_budgets() b where b.spent >= b.most) then 'budget' end;
$$;
comment on function llm_stop(text) is 'Why a worker may not ask the LLM now: deployment (not at all), budget (only for names marked urgent); NULL: it may. Example: select llm_stop(''worker'');';

create or replace function refuse_call(simulated boolean, deployment text, name_keys text[]) returns void
  language plpgsql security definer set search_path from current as $$
declare
  kept jsonb := setting('llm_deployment');
  full_budget text;
  secret text;
begin
  if not simulated and not keep_deployment(deployment) then
    raise exception 'paid calls of this database are made by deployment "%", not by "%"', kept ->> 'name', coalesce(deployment, 'NULL')
      using detail = case when kept ->> 'name' = deployment then 'That was said in another database, of which this is a copy.' else '' end,
            hint = format('If they shall be made here: select adopt_deployment(%L);', coalesce(deployment, 'default'));
  end if;
  if exists (select from unnest(name_keys) n where n is distinct from normalise(n) or n = '') then
    raise exception 'a call asks about name keys: what normalise() makes of a name' using errcode = 'invalid_parameter_value';
  end if;
  select n into secret from unnest(name_keys) n where never_sent(n) is not null limit 1;
  if found then
    raise exception 'the name "%" may not be sent: %', left(secret, 100), never_sent(secret)
      using hint = 'It waits for people: select * from waiting_for_people;';
  end if;
  -- claimed before it was forgotten: its entry of the queue is gone, the others of its batch go on without it
  if exists (select from unnest(name_keys) n where forgotten(name_hash(n))) then
    raise exception 'a name of this call was forgotten in the last two days' using hint = 'Insert it again if it shall be classified.';
  end if;
  select string_agg(b.budget, ', ') into full_budget from llm_budgets() b where b.spent >= b.most;
  if full_budget is not null
     and (name_keys is null or exists (select from unnest(name_keys) n
       where not exists (select from urgent_names u where u.name_hash = name_hash(n)))) then
    raise exception 'the budget of the LLM is used up: %', full_budget
      using hint = 'select * from llm_budgets(); set_setting() changes it, mark_urgent() lets a name pass.';
  end if;
end $$;
comment on function refuse_call(boolean, text,
  text[]) is 'The last check before a call: an error where it is paid and another deployment''s, has a name that may not be sent or was forgotten, or is no name key (SQLSTATE 22023), or goes beyond a budget with a name that is not urgent. Example: select refuse_call(true, ''default'', array[''kettle'']);';
