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
           greatest(extract(epoch from max(e.decided_at) filter (where e.answered) - min(e.decided_at) filter (where e.answered)) / 86400, 1) as days
      from evidence e join models m on m.model_id = e.model_id and m.state = 'champion' where e.decided_at > now() - interval '30 days'
  )
  select case when a.decided > 0 then round(a.n / a.days, 1) end, case when a.decided > 0 then round((a.n / a.days)::numeric * c.tokens::numeric) end
    from answered a, llm_cost_of_a_name() c;
$$;
comment on function answered_a_day() is 'How many names a day the local layer''s champion has answered of late (30 days, by its evidence), and what the LLM would take for them at what it took for a name; tokens NULL: it answered none. Both NULL: it has decided nothing yet. Example: select names, tokens from answered_a_day();';
grant execute on function answered_a_day to taxon_admin;

create or replace function said_near(thresholds real[], k calibrations, side integer) returns real[]
  language sql immutable parallel safe
begin atomic
  -- near 0 and 1 a threshold of single precision says too little of what was said: there every row is calibrated
  select array_agg(case when t.t between .001 and .999 then rescaled(t.t, t.level::integer, k, null) + side * .01 else side * 2 end order by t.level)::real[]
    from unnest(said_near.thresholds) with ordinality t(t, level);
end;
comment on function said_near(real[], calibrations, integer) is 'Bounds of what a model said around three thresholds: side -1 below, 1 above. Example: select said_near(array[.5, .5, .5], null, 1);';

create or replace function simulated_evidence(model_id bigint, before real[], before_low real[], before_high real[], given real[], low real[],
    high real[], offsets real[], slopes real[])
  returns table (evidence_id bigint, product_id bigint, category_id bigint, decided_at timestamptz, l1_said real, l2_said real, l3_said real,
                 was boolean, will boolean)
  language sql stable
begin atomic
  select e.evidence_id, e.product_id, e.category_id, e.decided_at, e.l1_said, e.l2_said, e.l3_said,
         -- the bounds are those of the thresholds in general, not of a branch's own
         coalesce(passes(b.may, e.l1_said, e.l2_said, e.l3_said, array[b.t1, b.t2, b.t3], case when not b.own then before_low else '{-1,-1,-1}' end,
                         case when not b.own then before_high else '{2,2,2}' end, offsets, slopes), false),
         coalesce(passes(g.may, e.l1_said, e.l2_said, e.l3_said, array[g.t1, g.t2, g.t3], case when not g.own then low else '{-1,-1,-1}' end,
                         case when not g.own then high else '{2,2,2}' end, offsets, slopes), false)
    from evidence e
    left join decision_rules(simulated_evidence.model_id, null, before) b on b.said_id = e.category_id
    left join decision_rules(simulated_evidence.model_id, null, given) g on g.said_id = e.category_id
    where e.model_id = simulated_evidence.model_id and e.l3_said <= 1;
end;
comment on function simulated_evidence(bigint, real[], real[], real[], real[], real[], real[], real[], real[]) is 'The evidence of a model, and whether each row passes thresholds before and given ones; low and high as of said_near(). Example: select count(*) from simulated_evidence(1, array[.75, .55, .4], array[0, 0, 0], array[2, 2, 2], array[.9, .8, .7], array[0, 0, 0], array[2, 2, 2], null, null);';

create or replace function shadow_report(since interval default null)
  returns table (branch bigint, path text, names bigint, tokens numeric, cost numeric, labelled bigint, disagree bigint,
                 disagree_share numeric, checked bigint, wrong bigint, measured_error numeric, lower numeric,
                 upper numeric)
  language sql stable security definer set search_path from current as $$
  with kept as (
    -- what the LLM, people or imports say of the name by now
    select c.l1 as branch, (lc.l1, lc.l2, lc.l3) is distinct from (c.l1, c.l2, c.l3) as differs, lc.category_id is not null as labelled,
           e.evidence_id
      from evidence e
      join categories c on c.category_id = e.category_id
      left join products p on p.product_id = e.product_id and p.evidence_id = e.evidence_id
      left join labels l on l.name_hash = name_hash(p.name_key)
      left join categories lc on lc.category_id = l.category_id
      where e.clears and not e.answered and (since is null or e.decided_at >= now() - since)
  ), judged as (
    select distinct on (k.evidence_id) k.branch, h.verdict and h.second_verdict is not false as is_right
      from kept k join checks h on h.evidence_id = k.evidence_id
      where h.layer = 'local' and h.auditor = 'human' and h.verdict is not null order by k.evidence_id, h.check_id desc
  ), by_branch as (
    select k.branch, count(*) as names, count(*) filter (where k.labelled) as labelled, count(*) filter (where k.labelled and k.differs) as disagree
      from kept k group by rollup (k.branch)
  ), checked as (
    select j.branch, count(*) as checked, count(*) filter (where not j.is_right) as wrong from judged j group by rollup (j.branch)
  )
  select b.branch, coalesce(category_path(b.branch), 'all'), b.names, round((b.names * c.tokens)::numeric), round((b.names * c.cost)::numeric, 4), b.labelled, b.disagree,
         share_told(b.disagree, b.labelled), coalesce(h.checked, 0), coalesce(h.wrong, 0),
         share_told(h.wrong, h.checked), bound_told(h.wrong, h.checked, false), bound_told(h.wrong, h.checked, true)
    from by_branch b
    cross join llm_cost_of_a_name() c
    left join checked h on h.branch is not distinct from b.branch
    order by b.branch is null, b.names desc, b.branch;
$$;
comment on function shadow_report(interval) is 'What the local layer would have answered while it was in shadow, by top category, the last row all of it: names, the tokens and dollars that they would have saved, how many of them memory has a label for and how many of these say something else (the LLM is wrong itself at times), and what people''s checks found, with a 95% interval (shares are NULL below enough_checks()). since => ''7 days'' looks at newer ones only. Example: select path, names, labelled, disagree, checked, wrong from shadow_report();';
grant execute on function shadow_report to taxon_admin;
