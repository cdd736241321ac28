-- taxon_internal: What other thresholds would change, and what shadow keeps back.

create or replace function llm_cost_of_a_name() returns table (tokens double precision, cost double precision)
  language sql stable
begin atomic
  select sum(c.tokens_in + c.tokens_out) / nullif(sum(c.names), 0)::float8,
         -- a call without a known price must not pull the mean down
         (sum(c.cost) / nullif(sum(c.names) filter (where c.cost is not null), 0))::float8
    from llm_calls c where c.purpose = 'answer' and c.state in ('ok', 'unknown') and c.started_at >= now() - interval '30 days';
end;
comment on function llm_cost_of_a_name() is 'Mean tokens and dollars that the LLM took to answer one name in the last 30 days, by the ledger; NULL: it answered none, or the price is not known. Example: select tokens, cost from llm_cost_of_a_name();';
grant execute on function llm_cost_of_a_name to taxon_admin;

create or replace function answered_a_day() returns table (names numeric, tokens numeric)
  language sql stable security definer set search_path from current as $$
  with answered as (
    select count(*) as decided, count(*) filter (where e.answered) as n,
           greatest(extract(epoch from max(e.decided_at) filter (where e.answered) - min(e.decided_at) filter (where e.answered)) / 86400,
             1) as days
      from evidence e join models m on m.model_id = e.model_id and m.state = 'champion' where e.decided_at > now() - interval '30 days'
  )
  select case when a.decided > 0 then round(a.n / a.days, 1) end, case when a.decided > 0
    then round((a.n / a.days)::numeric * c.tokens::numeric) end
    from answered a, llm_cost_of_a_name() c;
$$;
comment on function answered_a_day() is 'How many names a day the local layer''s champion has answered of late (30 days, by its evidence), and what the LLM would take for them at what it took for a name; tokens NULL: it answered none. Both NULL: it has decided nothing yet. Example: select names, tokens from answered_a_day();';
grant execute on function answered_a_day to taxon_admin;

create or replace function said_near(thresholds real[], k calibrations, side integer) returns real[]
  language sql immutable parallel safe
begin atomic
  -- near 0 and 1 a threshold of single precision says too little of what was said: there every row is calibrated
  select array_agg(case when t.t between .001 and .999 then rescaled(t.t, t.level::integer, k, null) + side * .01 else side * 2 end
    order by t.level)::real[]
    from unnest(said_near.thresholds) with ordinality t(t, level);
end;
comment on function said_near(real[], calibrations,
  integer) is 'Bounds of what a model said around three thresholds: side -1 below, 1 above. Example: select said_near(array[.5, .5, .5], null, 1);';

create or replace function simulated_evidence(model_id bigint, before real[], before_low real[], before_high real[], given real[],
  low real[],
    high real[], offsets real[], slopes real[])
  returns table (evidence_id bigint, product_id bigint, category_id bigint, decided_at timestamptz, l1_said real, l2_said real,
    l3_said real,
                 was boolean, will boolean)
  language sql stable
begin atomic
  select e.evidence_id, e.product_id, e.category_id, e.decided_at, e.l1_said, e.l2_said, e.l3_said,
         -- the bounds are those of the thresholds in general, not of a branch's own
         coalesce(passes(b.may, e.l1_said, e.l2_said, e.l3_said, array[b.t1, b.t2, b.t3], case when not b.own then before_low
           else '{-1,-1,-1}' end,
                         case when not b.own then before_high else '{2,2,2}' end, offsets, slopes), false),
         coalesce(passes(g.may, e.l1_said, e.l2_said, e.l3_said, array[g.t1, g.t2, g.t3], case when not g.own then low
           else '{-1,-1,-1}' end,
                         case when not g.own then high else '{2,2,2}' end, offsets, slopes), false)
    from evidence e
    left join decision_rules(simulated_evidence.model_id, null, before) b on b.said_id = e.category_id
    left join decision_rules(simulated_evidence.model_id, null, given) g on g.said_id = e.category_id
    where e.model_id = simulated_evidence.model_id and e.l3_said <= 1;
end;
comment on function simulated_evidence(bigint, real[], real[], real[], real[], real[], real[], real[],
  real[]) is 'The evidence of a model, and whether each row passes thresholds before and given ones; low and high as of said_near(). Example: select count(*) from simulated_evidence(1, array[.75, .55, .4], array[0, 0, 0], array[2, 2, 2], array[.9, .8, .7], array[0, 0, 0], array[2, 2, 2], null, null);';
