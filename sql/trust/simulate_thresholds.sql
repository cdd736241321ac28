-- taxon: What other thresholds would change.

create or replace function simulate_thresholds(l1 real default null, l2 real default null, l3 real default null,
  model_id bigint default null)
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
  given real[];
  before real[];
  low real[];
  high real[];
  before_low real[];
  before_high real[];
begin
  select * into t from thresholds_in_force(simulate_thresholds.model_id);
  if t.model_id is null then
    raise exception '%', case when simulate_thresholds.model_id is null then 'there is no champion yet: thresholds belong to a model'
                              else format('there is no model %s', simulate_thresholds.model_id) end
      using hint = 'Train one: taxon train', errcode = 'object_not_in_prerequisite_state';
  end if;
  before := array[t.l1, t.l2, t.l3];
  given := array[coalesce(simulate_thresholds.l1, t.l1), coalesce(simulate_thresholds.l2, t.l2), coalesce(simulate_thresholds.l3, t.l3)];
  if not (0 <= all (given) and 1 >= all (given)) then
    raise exception 'thresholds are three numbers from 0 to 1, not % / % / %', given[1], given[2], given[3]
      using errcode = 'invalid_parameter_value';
  end if;
  select * into k from calibration_in_force(t.model_id);
  low := said_near(given, k, -1); high := said_near(given, k, 1);
  before_low := said_near(before, k, -1); before_high := said_near(before, k, 1);
  -- grouped by the two verdicts, so that each is computed once a row
  with decided as (
    select s.was, s.will, count(*) as n, sum(calibrate(s.l3_said, k.offsets[3], k.slopes[3])::float8) as sure,
           min(s.decided_at) as oldest, max(s.decided_at) as newest
      from simulated_evidence(t.model_id, before, before_low, before_high, given, low, high, k.offsets, k.slopes) s group by 1, 2
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
    from checked_names(t.model_id) c join decision_rules(t.model_id, null, given) r on r.said_id = c.category_id
    where calibrate(c.drawn_from, k.offsets[3], k.slopes[3]) <= given[3]
      and clears(r.may, c.l1_confidence, c.l2_confidence, c.l3_confidence, r.t1, r.t2, r.t3);
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
      select s.* from simulated_evidence(t.model_id, before, before_low, before_high, given, low, high, k.offsets, k.slopes) s
        where s.was <> s.will order by hashint8(s.evidence_id) limit 20) c
    left join products p on p.product_id = c.product_id;
  return next;
end $$;
comment on function simulate_thresholds(real, real, real, bigint) is
  'Shows what thresholds would change against those in force, over the evidence that is kept; it changes nothing.
l1: lowest confidence in the top category, 0 to 1; NULL (the default): that in force, so that without arguments it shows what today''s thresholds do.
l2: lowest confidence in the middle category, 0 to 1.
l3: lowest confidence in the leaf, 0 to 1.
model_id: the model; NULL (the default): the champion.
Returns: cache misses newly answered and newly passed on, the share answered before and after, the expected error (1 - mean confidence) and the one that checks measured with its 95% interval (NULL below 30 of them), tokens and dollars a day that the LLM would take more (below 0: less), at what it took for a name in the last 30 days, and up to 20 names that change.
Errors: 22023 where they are no such numbers; 55000 where there is no such model.
Example: select names, newly_answered, newly_passed, share_after from simulate_thresholds(l1 => .9, l2 => .8, l3 => .7);';
grant execute on function simulate_thresholds to taxon_reader, taxon_admin;
