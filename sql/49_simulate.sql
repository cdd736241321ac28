-- What other thresholds would change, and what shadow keeps back.

create or replace function llm_cost_of_a_name() returns table (tokens double precision, cost double precision)
  language sql stable
begin atomic
  select sum(c.tokens_in + c.tokens_out) / nullif(sum(c.names), 0)::float8,
         -- a call without a known price must not pull the mean down
         (sum(c.cost) / nullif(sum(c.names) filter (where c.cost is not null), 0))::float8
    from llm_calls c where c.purpose = 'answer' and c.state in ('ok', 'unknown') and c.started_at >= now() - interval '30 days';
end;
comment on function llm_cost_of_a_name() is 'Mean tokens and dollars that the LLM took to answer one name in the last 30 days, by the ledger; NULL: it answered none, or the price is not known. Example: select tokens, cost from llm_cost_of_a_name();';

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

create or replace function passes(l1_said real, l2_said real, l3_said real, thresholds real[], low real[], high real[],
    offsets real[], slopes real[]) returns boolean
  language sql immutable parallel safe
begin atomic
  select l1_said <= 1
    and (l3_said >= high[3] and l3_said <= 1 or l3_said >= low[3] and l3_said <= 1 and calibrate(l3_said, offsets[3], slopes[3]) >= thresholds[3])
    and (l2_said >= high[2] or l2_said >= low[2] and calibrate(l2_said, offsets[2], slopes[2]) >= thresholds[2])
    and (l1_said >= high[1] or l1_said >= low[1] and calibrate(l1_said, offsets[1], slopes[1]) >= thresholds[1]);
end;
comment on function passes(real, real, real, real[], real[], real[], real[], real[]) is 'clears() for many rows: what was said from high on passes, below low it does not, and only between the two it is calibrated. Example: select passes(.9, .8, .7, array[.5, .5, .5], array[0, 0, 0], array[2, 2, 2], null, null);';

create or replace function said_near(thresholds real[], k calibrations, side integer) returns real[]
  language sql immutable parallel safe
begin atomic
  -- near 0 and 1 a threshold of single precision says too little of what was said: there every row is calibrated
  select array_agg(case when t.t between .001 and .999 then rescaled(t.t, t.level::integer, k, null) + side * .01 else side * 2 end order by t.level)::real[]
    from unnest(said_near.thresholds) with ordinality t(t, level);
end;
comment on function said_near(real[], calibrations, integer) is 'Bounds of what a model said around three thresholds: side -1 below, 1 above. Example: select said_near(array[.5, .5, .5], null, 1);';

create or replace function simulated(model_id bigint, before real[], before_low real[], before_high real[], given real[], low real[],
    high real[], offsets real[], slopes real[])
  returns table (evidence_id bigint, product_id bigint, category_id bigint, decided_at timestamptz, l1_said real, l2_said real, l3_said real,
                 was boolean, will boolean)
  language sql stable
begin atomic
  select e.evidence_id, e.product_id, e.category_id, e.decided_at, e.l1_said, e.l2_said, e.l3_said,
         case when o.category_id is null then passes(e.l1_said, e.l2_said, e.l3_said, before, before_low, before_high, offsets, slopes)
              else not o.never_local and passes(e.l1_said, e.l2_said, e.l3_said,
                array[greatest(before[1], o.l1), greatest(before[2], o.l2), greatest(before[3], o.l3)], '{-1,-1,-1}', '{2,2,2}', offsets, slopes) end,
         case when o.category_id is null then passes(e.l1_said, e.l2_said, e.l3_said, given, low, high, offsets, slopes)
              else not o.never_local and passes(e.l1_said, e.l2_said, e.l3_said,
                array[greatest(given[1], o.l1), greatest(given[2], o.l2), greatest(given[3], o.l3)], '{-1,-1,-1}', '{2,2,2}', offsets, slopes) end
    from evidence e left join overridden(simulated.model_id) o on o.category_id = e.category_id
    where e.model_id = simulated.model_id and e.l3_said <= 1;
end;
comment on function simulated(bigint, real[], real[], real[], real[], real[], real[], real[], real[]) is 'The evidence of a model, and whether each row passes thresholds before and given ones; low and high as of said_near(). Example: select count(*) from simulated(1, array[.75, .55, .4], array[0, 0, 0], array[2, 2, 2], array[.9, .8, .7], array[0, 0, 0], array[2, 2, 2], null, null);';

create or replace function simulate_thresholds(l1 real, l2 real, l3 real, model_id bigint default null)
  returns table (names bigint, newly_answered bigint, newly_passed bigint, share_before numeric, share_after numeric,
                 expected_error numeric, checked bigint, wrong bigint, measured_error numeric, lower numeric,
                 upper numeric, llm_tokens_more_a_day numeric, llm_cost_more_a_day numeric, examples jsonb)
  language plpgsql stable security definer set search_path from current set jit = off as $$
#variable_conflict use_column
declare
  -- without JIT: over 1,000,000 rows compiling took .8 s of the 1.1 s of processor time that the scan had
  t record;
  k calibrations;
  n record;
  given real[] := array[simulate_thresholds.l1, simulate_thresholds.l2, simulate_thresholds.l3];
  before real[];
  low real[];
  high real[];
  before_low real[];
  before_high real[];
begin
  if array_position(given, null) is not null or not (0 <= all (given) and 1 >= all (given)) then
    raise exception 'thresholds are three numbers from 0 to 1, not % / % / %', given[1], given[2], given[3];
  end if;
  select * into t from thresholds_in_force(simulate_thresholds.model_id);
  if t.model_id is null then
    raise exception '%', case when simulate_thresholds.model_id is null then 'there is no champion yet: thresholds belong to a model'
                              else format('there is no model %s', simulate_thresholds.model_id) end
      using hint = 'Train one: taxon train';
  end if;
  before := array[t.l1, t.l2, t.l3];
  select * into k from calibration_in_force(t.model_id);
  low := said_near(given, k, -1); high := said_near(given, k, 1);
  before_low := said_near(before, k, -1); before_high := said_near(before, k, 1);
  -- grouped by the two verdicts, so that each is computed once a row
  with decided as (
    select s.was, s.will, count(*) as n, sum(calibrate(s.l3_said, k.offsets[3], k.slopes[3])::float8) as sure,
           min(s.decided_at) as oldest, max(s.decided_at) as newest
      from simulated(t.model_id, before, before_low, before_high, given, low, high, k.offsets, k.slopes) s group by 1, 2
  )
  select coalesce(sum(d.n), 0)::bigint as names, sum(d.n) filter (where d.was) as before, sum(d.n) filter (where d.will) as after,
         coalesce(sum(d.n) filter (where d.will and not d.was), 0)::bigint as answered,
         coalesce(sum(d.n) filter (where d.was and not d.will), 0)::bigint as passed,
         1 - sum(d.sure) filter (where d.will) / sum(d.n) filter (where d.will)::float8 as error,
         -- less than a day of evidence is no basis for more than what it holds
         greatest(extract(epoch from max(d.newest) - min(d.oldest)) / 86400, 1)::float8 as days
    into n from decided d;
  names := n.names; newly_answered := n.answered; newly_passed := n.passed; expected_error := round((n.error)::numeric, 4);
  share_before := round((coalesce(n.before, 0) / nullif(n.names, 0)::float8)::numeric, 4);
  share_after := round((coalesce(n.after, 0) / nullif(n.names, 0)::float8)::numeric, 4);
  select round(((n.passed - n.answered) / n.days * c.tokens)::numeric, 1), round(((n.passed - n.answered) / n.days * c.cost)::numeric, 4)
    into llm_tokens_more_a_day, llm_cost_more_a_day from llm_cost_of_a_name() c;
  select count(*), count(*) filter (where not c.is_right) into checked, wrong
    from checked_names(t.model_id) c left join overridden(t.model_id) o on o.category_id = c.category_id
    where calibrate(c.drawn_from, k.offsets[3], k.slopes[3]) <= given[3] and o.never_local is not true
      and clears(c.l1_confidence, c.l2_confidence, c.l3_confidence, greatest(given[1], o.l1), greatest(given[2], o.l2), greatest(given[3], o.l3));
  measured_error := share_told(wrong, checked);
  lower := bound_told(wrong, checked, false);
  upper := bound_told(wrong, checked, true);
  select coalesce(jsonb_agg(jsonb_build_object('name', p.name, 'path', category_path(c.category_id),
           'l1', calibrate(c.l1_said, k.offsets[1], k.slopes[1]), 'l2', calibrate(c.l2_said, k.offsets[2], k.slopes[2]),
           'l3', calibrate(c.l3_said, k.offsets[3], k.slopes[3]), 'becomes', case when c.will then 'answered' else 'passed on' end)
           order by c.l3_said desc, c.evidence_id), '[]')
    into examples
    from (
      -- spread over the whole window, and the same ones each time
      select s.* from simulated(t.model_id, before, before_low, before_high, given, low, high, k.offsets, k.slopes) s
        where s.was <> s.will order by hashint8(s.evidence_id) limit 20) c
    left join products p on p.product_id = c.product_id;
  return next;
end $$;
comment on function simulate_thresholds(real, real, real, bigint) is 'What thresholds would change against those in force, over the evidence that is kept: cache misses newly answered and newly passed on, the share answered before and after, the expected error (1 - mean confidence) and the one that checks measured with its 95% interval (NULL below enough_checks() of them), tokens and dollars a day that the LLM would take more (below 0: less), at what it took for a name in the last 30 days, and up to 20 names that change. Changes nothing. Example: select names, newly_answered, newly_passed, share_after from simulate_thresholds(l1 => .9, l2 => .8, l3 => .7);';

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
