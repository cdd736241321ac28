-- taxon_internal: trust(): what each layer promises, and what audits and checks measured.

create or replace function auditor_error(confidence double precision default .975)
  returns table (error double precision, lower double precision, upper double precision, checks bigint)
  language sql stable security definer set search_path from current as $$
  with counted as (
    -- N: LLM audits that said wrong, or right; n: those that a person judged too; r: where the person found the answer right
    select count(*) filter (where not c.verdict)::float8 as wrong, count(*) filter (where c.verdict)::float8 as ok,
           count(*) filter (where not c.verdict and c.second_verdict is not null) as wrong_seen,
           count(*) filter (where c.verdict and c.second_verdict is not null) as ok_seen,
           count(*) filter (where not c.verdict and c.second_verdict) as wrong_right,
           count(*) filter (where c.verdict and c.second_verdict) as ok_right
      from checks c where c.auditor = 'llm' and c.strategy = 'audit' and c.verdict is not null
  ), scaled as (
    select *, wrong_seen + ok_seen as seen, wrong_right + ok_right as n,
      coalesce(wrong * wrong_right / nullif(wrong_seen, 0), 0) as false_alarms,
           ok * case when ok_seen = 0 then 1 else ok_right::float8 / ok_seen end as agreed
      from counted
  ), estimated as (
    select seen, case when seen >= enough_checks() and n > 0 then n else enough_checks() end as n,
           case when seen >= enough_checks() and n > 0 then coalesce(false_alarms / nullif(false_alarms + agreed, 0), 0)
             else (setting('auditor_error'))::float8 end as a
      from scaled
  )
  select a, share_bound(floor(a * n + 1e-6)::bigint, n, confidence, false), share_bound(ceil(a * n - 1e-6)::bigint, n, confidence, true),
    seen
    from estimated;
$$;
comment on function auditor_error(double precision) is 'How often the LLM as auditor calls a right answer wrong, with one-sided bounds: the setting auditor_error, taken as if 30 checks had found it, until people have judged 30 of its audits too; from then on what they found, each of its two verdicts counted for as many audits as it stands for, so that people may look at disagreements first. Example: select round(error::numeric, 2) from auditor_error() → 0.20';
grant execute on function auditor_error to taxon_admin;

create or replace function corrected_error(human_wrong double precision, human_checks double precision, llm_wrong double precision,
    llm_checks double precision, disagreement double precision default 0)
  returns table (measured double precision, lower double precision, upper double precision)
  language sql stable security definer set search_path from current as $$
  -- 2.5% on either side are shared by the two kinds of judges, since the narrower interval counts, and the LLM's part by its
  -- count and its own error
  with shared as (
    select .025 / greatest((human_checks > 0)::integer + (llm_checks > 0)::integer, 1) as tail,
           floor(human_checks + 1e-6)::bigint as hn, human_wrong / nullif(human_checks, 0) as hm,
           floor(llm_checks + 1e-6)::bigint as ln, llm_wrong / nullif(llm_checks, 0) as d
  ), judged as (
    select 1 as place, s.hm as m, greatest(share_bound(floor(s.hm * s.hn + 1e-6)::bigint, s.hn, 1 - s.tail, false) - disagreement / 2,
      0) as lo,
           least(share_bound(ceil(s.hm * s.hn - 1e-6)::bigint, s.hn, 1 - s.tail, true) + disagreement / 2, 1) as hi
      from shared s where human_checks > 0
    union all
    select 2, greatest((s.d - a.error) / nullif(1 - a.error, 0), 0),
           greatest((share_bound(floor(s.d * s.ln + 1e-6)::bigint, s.ln, 1 - s.tail / 2, false) - a.upper) / nullif(1 - a.upper, 0), 0),
           greatest((share_bound(ceil(s.d * s.ln - 1e-6)::bigint, s.ln, 1 - s.tail / 2, true) - a.lower) / nullif(1 - a.lower, 0), 0)
      from shared s, auditor_error(1 - s.tail / 2) a where llm_checks > 0
  )
  -- an auditor that may be wrong every time tells nothing: 0 to 1
  select coalesce(j.m, 0), coalesce(j.lo, 0), coalesce(j.hi, 1) from judged j order by coalesce(j.hi, 1) - coalesce(j.lo, 0),
    j.place limit 1;
$$;
comment on function corrected_error(double precision, double precision, double precision, double precision,
  double precision) is 'A share of wrong answers with its interval (95%) from people''s verdicts or from the LLM''s, whichever interval is narrower. An auditor that calls a share a of right answers wrong, and wrong ones always, disagrees with d = e + (1 - e) a of all answers, so e = (d - a) / (1 - a), from 0; its ends take d and a at opposite ends of their own intervals (Clopper-Pearson). People''s interval is wider by half their disagreement on either side. Example: select round(measured::numeric, 3), round(upper::numeric, 3) from corrected_error(3, 100, 0, 0) → 0.030, 0.085';
grant execute on function corrected_error to taxon_admin;

create or replace function people_disagreement() returns double precision
  language sql stable security definer set search_path from current as $$
  select coalesce(avg((c.verdict <> c.second_verdict)::integer), 0)::float8 from checks c
    where c.auditor = 'human' and c.verdict is not null and c.second_verdict is not null;
$$;
comment on function people_disagreement() is 'Of the checks that two people judged, the share where they differ; 0 while there is none. Example: select people_disagreement();';
grant execute on function people_disagreement to taxon_admin;

create or replace function layer_errors(since interval default '30 days')
  returns table (layer text, sample bigint, by_people double precision, measured double precision, lower double precision,
    upper double precision, counts_as double precision)
  language sql stable security definer set search_path from current as $$
  with groups as (
    -- Each strategy draws alike from its own frame. Within one the weights may differ (the share was raised for a time), so
    -- its checks count as (sum of weights)² / (sum of squared weights); different strategies then add up by those counts.
    select c.layer, c.auditor, c.strategy, count(*) as n, sum(c.weight::float8) ^ 2 / sum(c.weight::float8 ^ 2) as effective,
           coalesce(sum(c.weight::float8) filter (where not c.verdict), 0) / sum(c.weight::float8) as wrong
      from checks c left join evidence e using (evidence_id)
      where c.verdict is not null and c.drawn_at >= now() - since
        and (c.strategy in ('audit', 'answered') or c.strategy = 'uniform' and (c.layer <> 'local' or e.answered))
      group by 1, 2, 3
  ), judges as (
    select g.layer, sum(g.n)::bigint as n,
           coalesce(sum(g.wrong * g.effective) filter (where g.auditor = 'human'), 0) as hw,
             coalesce(sum(g.effective) filter (where g.auditor = 'human'), 0) as hn,
           coalesce(sum(g.wrong * g.effective) filter (where g.auditor = 'llm'), 0) as lw,
             coalesce(sum(g.effective) filter (where g.auditor = 'llm'), 0) as ln
      from groups g group by 1
  )
  select l.layer, coalesce(j.n, 0), coalesce(j.hn, 0), e.measured, e.lower, e.upper, coalesce(j.hn + j.ln, 0)
    from unnest(array['exact', 'similar', 'local', 'llm']) with ordinality l(layer, place)
    left join judges j using (layer)
    left join lateral corrected_error(j.hw, j.hn, j.lw, j.ln, people_disagreement()) e on j.hn + j.ln >= enough_checks() - 1e-6
    order by l.place;
$$;
comment on function layer_errors(interval) is 'The error of each layer''s answers, from checks drawn alike among them: audits, spot checks of answered names, and of all cache misses where the local layer had answered. by_people: how many of the checks people judged; counts_as: how many all of them count for, as weights differ. Below enough_checks() of these no share is said (NULL). Example: select layer, sample from layer_errors(''7 days'');';
grant execute on function layer_errors to taxon_admin;

create or replace function layer_verdicts(since interval default '30 days')
  returns table (layer text, promised double precision, sample bigint, measured double precision, lower double precision,
    upper double precision, verdict text)
  language sql stable security definer set search_path from current as $$
  with promised as (
    select e.*, case e.layer when 'local' then (select p.max_error::numeric::float8 from promises p where p.ended_at is null)
                             when 'similar' then nullif((setting('similar_promise'))::float8, 0) end as promised
      from layer_errors(since) e
  )
  select p.layer, p.promised, p.sample, p.measured, p.lower, p.upper,
         case when p.sample = 0 then 'no audits yet'
              when p.measured is null then checks_wanted(floor(p.counts_as + 1e-6)::bigint)
              when p.promised is null and p.layer in ('exact', 'llm') then 'memory''s own error'
              when p.promised is null then 'no promise'
              when p.lower > p.promised then 'broken'
              when p.upper <= p.promised then 'kept'
              when p.measured >= p.promised then format('not proved: %s checks, measured above the promise', p.sample)
              else format('not proved: %s of %s checks', round(p.by_people),
                coalesce(checks_to_prove(p.promised, p.measured, .975)::text, 'more than a billion')) end
    from promised p;
$$;
comment on function layer_verdicts(interval) is 'What trust() says of each layer, without the traffic. Example: select layer, verdict from layer_verdicts();';
grant execute on function layer_verdicts to taxon_admin;

create or replace function memory_error()
  returns table (source text, labels bigint, checked bigint, error numeric, lower numeric, upper numeric)
  language sql stable security definer set search_path from current as $$
  with judged as (
    -- A label is met as often as its rows are: with r rows its chance to be drawn was 1 - (1 - share)^r, and it counts for the
    -- inverse. Its source is that of the label that was judged, also where a person has corrected it since.
    select distinct on (c.name_hash) c.name_hash, c.auditor, c.checked_by, not c.verdict as wrong,
           case when c.layer = 'llm' then 'llm'
                when l.category_id = c.category_id and l.source <> 'human' then l.source
                else coalesce((select h.before_source from label_changes h
                                 where name_hash(h.name_key) = c.name_hash and h.name_key = c.name_key
                                   and h.before_category_id = c.category_id
                                 order by h.change_id desc limit 1), l.source) end as source,
           1 / (1 - (1 - least(1 / c.weight::float8, .999999)) ^ greatest((select count(*) from products p
             where name_hash(p.name_key) = c.name_hash), 1)) as weight
      from checks c left join labels l on l.name_hash = c.name_hash
      where c.strategy = 'audit' and c.layer in ('exact', 'llm') and c.verdict is not null
      order by c.name_hash, c.auditor, c.check_id
  ), groups as (
    select j.source, j.auditor, count(*) as n, sum(j.weight) ^ 2 / sum(j.weight ^ 2) as effective,
           coalesce(sum(j.weight) filter (where j.wrong), 0) / sum(j.weight) as wrong
      -- what a person's label says of itself is no finding
      from judged j where j.source <> 'human' or j.checked_by <> 'memory' group by 1, 2
  ), sources as (
    select g.source, sum(g.n)::bigint as n,
           coalesce(sum(g.wrong * g.effective) filter (where g.auditor = 'human'), 0) as hw,
             coalesce(sum(g.effective) filter (where g.auditor = 'human'), 0) as hn,
           coalesce(sum(g.wrong * g.effective) filter (where g.auditor = 'llm'), 0) as lw,
             coalesce(sum(g.effective) filter (where g.auditor = 'llm'), 0) as ln
      from groups g group by 1
  ), held as (
    select l.source, count(*) as n from labels l group by 1
  )
  select s.source, coalesce(h.n, 0), coalesce(g.n, 0), round(e.measured::numeric, 4), round(e.lower::numeric, 4), round(e.upper::numeric, 4)
    from unnest(array['human', 'import', 'llm']) s(source)
    left join held h using (source) left join sources g using (source)
    left join lateral corrected_error(g.hw, g.hn, g.lw, g.ln, people_disagreement()) e on g.hn + g.ln >= enough_checks() - 1e-6
    order by 1;
$$;
comment on function memory_error() is 'How many labels of each source are wrong, from audits of exact answers and of the LLM''s: share and interval (95%), each name once, weighed so that names that traffic asks for often do not count more. Labels that no traffic has met are not in it, and below enough_checks() checks no share is said. Example: select source, error from memory_error();';
grant execute on function memory_error to taxon_admin;

create or replace function corrected_rows(since interval default null) returns table (layer text, corrected bigint, names bigint)
  language sql stable security definer set search_path from current as $$
  select c.before_source, count(distinct c.product_id), count(distinct p.name_key)
    from product_changes c left join products p using (product_id)
    where c.before_source is not null and c.reverted_at is null and (since is null or c.changed_at >= now() - since)
    group by 1 order by 1;
$$;
comment on function corrected_rows(interval) is 'How many rows were corrected after they had been answered, and of how many names, by the layer that had answered. Example: select * from corrected_rows(''7 days'');';
grant execute on function corrected_rows to taxon_admin;

create or replace function trust_health() returns table (item text, status text, value text, detail text)
  language sql stable security definer set search_path from current as $$
  select 'audits', 'ok', count(*) filter (where c.auditor = 'human')::text,
         format('%s wait for people, %s for the LLM; %s of %s tokens today', count(*) filter (where c.auditor = 'human'),
                count(*) filter (where c.auditor = 'llm'), audit_tokens_today(), setting('audit_tokens_a_day'))
    from checks c where c.verdict is null and c.strategy = 'audit'
  union all
  select * from (
    select 'trust', case when v.verdict = 'broken' then 'warn' else 'ok' end, v.verdict,
           case when v.sample = 0 then 'no answer was audited yet'
                when v.measured is null then format('%s has %s checks; select * from trust()', v.layer, v.sample) else
             format('%s: %s%% wrong (%s to %s) by %s checks; select * from trust()', v.layer, round(100 * v.measured::numeric, 1),
                    round(100 * v.lower::numeric, 1), round(100 * v.upper::numeric, 1), v.sample) end
      from layer_verdicts() with ordinality v(layer, promised, sample, measured, lower, upper, verdict, place)
      order by case when v.verdict = 'broken' then 1 when v.verdict like 'not proved%' then 2 when v.verdict = 'kept' then 3
                    when v.verdict = 'no audits yet' then 6 when v.verdict like 'too few%' then 5 else 4 end, v.place limit 1
  ) worst;
$$;
comment on function trust_health() is 'The rows of health() on audits and trust. Example: select item, value from trust_health();';
