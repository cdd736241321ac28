-- taxon_internal: Coverage and error of every cut: what evidence and checks say of it.

create or replace function checked_names(model_id bigint)
  returns table (check_id bigint, category_id bigint, l1_confidence real, l2_confidence real, l3_confidence real,
                 l3_said real, drawn_from real, is_right boolean)
  language sql stable
begin atomic
  -- a name counts once; what two people do not agree on counts as wrong
  select distinct on (c.name_hash) c.check_id, s.category_id, calibrate(s.l1_said, k.offsets[1], k.slopes[1]),
         calibrate(s.l2_said, k.offsets[2], k.slopes[2]), calibrate(s.l3_said, k.offsets[3], k.slopes[3]), s.l3_said, c.floor,
         case when c.second_verdict <> c.verdict then false
              when s.category_id is not distinct from c.category_id then c.verdict
              else coalesce((said.l1, said.l2, said.l3) is not distinct from (truth.l1, truth.l2, truth.l3)
                and truth.category_id is not null, false)
         end
    from check_scores s
    join checks c on c.check_id = s.check_id
    left join calibration_in_force(checked_names.model_id) k on true
    left join categories said on said.category_id = s.category_id
    left join categories truth on truth.category_id = coalesce(c.truth_category_id, case when c.verdict then c.category_id end)
    where s.model_id = checked_names.model_id and s.l3_said <= 1
      and c.layer = 'local' and c.auditor = 'human' and c.verdict is not null and c.strategy in ('uniform', 'surer', 'answered')
    order by c.name_hash, c.floor, c.check_id desc;
end;
comment on function checked_names(bigint) is 'The checked names that may certify a model: judged by people, drawn alike among all names of which it says at least drawn_from, with its confidences and whether its path is right. Example: select count(*) from checked_names(1);';
grant execute on function checked_names to taxon_admin;

create or replace function coverage_steps(model_id bigint, since interval default null)
  returns table (step double precision, cut real, l1 real, l2 real, l3 real, names bigint, coverage double precision,
                 expected_error double precision, checked bigint, wrong bigint)
  language plpgsql stable security definer set search_path from current set jit = off as $$
declare
  -- without JIT: over 1,000,000 rows compiling took .8 s of the 1.1 s of processor time that the scan had
  k record;
  -- a challenger decided nothing yet: what it says of uniform checks stands for the traffic
  by_checks boolean := not exists (select from evidence e where e.model_id = coverage_steps.model_id);
begin
  select * into k from calibration_in_force(coverage_steps.model_id);
  return query
  with rules as materialized (
    select * from decision_rules(coverage_steps.model_id, null, '{0,0,0}')
  ), seen as (
    select e.category_id, e.l1_said, e.l2_said, e.l3_said from evidence e
      where e.model_id = coverage_steps.model_id and not by_checks and (since is null or e.decided_at >= now() - since)
    union all
    select s.category_id, s.l1_said, s.l2_said, s.l3_said from check_scores s join checks c using (check_id)
      where by_checks and s.model_id = coverage_steps.model_id and c.strategy = 'uniform' and c.layer = 'local'
  ), bins as (
    -- Sorting 1,000,000 names takes longer than counting them in bins of 1/256 of a logit, and a bin holds under .1% of them
    select floor(ln(greatest(least(s.l3_said, 1 - 1e-6),
      1e-6)::float8 / (1 - greatest(least(s.l3_said, 1 - 1e-6), 1e-6)::float8)) * 256)::integer as place,
           min(s.l3_said) as lowest, avg(s.l3_said)::real as mean, count(*) as all_names,
           -- what a branch's own thresholds keep back is never answered, whatever the cut
           count(*) filter (where case when not r.own then r.may
             else clears(r.may, calibrate(s.l1_said, k.offsets[1], k.slopes[1]), calibrate(s.l2_said, k.offsets[2], k.slopes[2]),
                         calibrate(s.l3_said, k.offsets[3], k.slopes[3]), r.t1, r.t2, r.t3) end) as names
      from seen s left join rules r on r.said_id = s.category_id
      where s.l3_said <= 1
      group by 1
  ), summed as (
    select b.lowest, sum(b.all_names) over w as above, sum(b.all_names) over () as total, b.all_names, sum(b.names) over w as names,
           sum(b.names * (1 - calibrate(b.mean, k.offsets[3], k.slopes[3]))::float8) over w as errors
      from bins b window w as (order by b.place desc)
  ), steps as materialized (
    -- every 50th of all names; where many names are alike one cut is several steps, the last counts
    select max(n.n) / 50.0::float8 as step, s.lowest as cut,
           calibrate(s.lowest, k.offsets[1], k.slopes[1]) as l1, calibrate(s.lowest, k.offsets[2], k.slopes[2]) as l2,
           calibrate(s.lowest, k.offsets[3], k.slopes[3]) as l3, s.names::bigint as names, (s.names / s.total)::float8 as coverage,
           s.errors / nullif(s.names, 0)::float8 as expected_error
      from summed s, generate_series(floor(50 * (s.above - s.all_names) / s.total)::integer + 1,
        floor(50 * s.above / s.total)::integer) n(n)
      group by s.lowest, s.names, s.total, s.errors
  ), checked as materialized (
    select c.l1_confidence, c.l2_confidence, c.l3_confidence, c.drawn_from, c.is_right
      from checked_names(coverage_steps.model_id) c
      join rules r on r.said_id = c.category_id
      where clears(r.may, c.l1_confidence, c.l2_confidence, c.l3_confidence, r.t1, r.t2, r.t3)
  ), counted as (
    select s.cut, count(*) as checked, count(*) filter (where not c.is_right) as wrong
      from steps s
      join checked c on c.drawn_from <= s.cut and clears(true, c.l1_confidence, c.l2_confidence, c.l3_confidence, s.l1, s.l2, s.l3)
      group by 1
  )
  select s.step, s.cut, s.l1, s.l2, s.l3, s.names, s.coverage, s.expected_error, coalesce(n.checked, 0), coalesce(n.wrong, 0)
    from steps s left join counted n on n.cut = s.cut order by s.step;
end $$;
comment on function coverage_steps(bigint,
  interval) is 'Cuts of what a model says of the whole path, at every 50th of its names: the thresholds that let pass what is above, how many that are, and how many checked ones are among them. Example: select step, l3, names, checked, wrong from coverage_steps(1);';
