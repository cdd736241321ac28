-- taxon: From which similarity on the similar layer keeps its promise.

create or replace function suggest_similar_threshold(max_error double precision default .05, confidence double precision default .95)
  returns table (threshold numeric, coverage numeric, upper_bound numeric, checks bigint, verdict text)
  language plpgsql stable security definer set search_path from current as $$
declare
  row record;
  started boolean := false;
  -- with less than twice the checks that prove the bound without a mistake, one mistake would end the sequence at its start
  least_checks bigint := 2 * checks_to_prove(max_error, 0, confidence);
  total bigint;
  bound double precision;
  first_cut numeric;
  first_checks bigint := 0;
  first_error double precision := 0;
  needed bigint;
begin
  if max_error is null or confidence is null or not (max_error > 0 and max_error < 1 and confidence > .5 and confidence < 1) then
    raise exception 'max_error is from 0 to 1 and confidence from .5 to 1, not % and %', max_error, confidence
      using errcode = 'invalid_parameter_value';
  end if;
  select count(*) into total from similar_checks();
  -- A fixed sequence of tests, each at the whole level: it starts at the highest cut with enough checks (counted without
  -- looking at a verdict), goes down as long as tests pass, and the last that passed is proved.
  for row in
    with cuts as (
      -- not similar_error_by_band(): it reckons bounds that nobody reads here
      select b.low as cut from similar_bands() b
    ), checked as materialized (
      select c.similarity::numeric, c.weight, c.wrong from similar_checks() c
    ), judged as (
      select t.cut, count(c.wrong) as n, sum(c.weight) ^ 2 / sum(c.weight ^ 2) as trials,
        sum(c.weight) filter (where c.wrong) / sum(c.weight) as error
        from cuts t left join checked c on c.similarity >= t.cut group by 1
    )
    select j.cut, j.n, coalesce(floor(j.trials + 1e-6), 0)::bigint as trials, coalesce(j.error, 0) as error from judged j
      order by j.cut desc
  loop
    continue when not started and row.n < least(least_checks, greatest(total, 1));
    if not started then
      started := true;
      first_cut := row.cut; first_checks := row.n; first_error := row.error;
    end if;
    bound := share_bound(ceil(row.error * row.trials - 1e-6)::bigint, row.trials, confidence, true);
    exit when bound > max_error;
    threshold := greatest(row.cut, (setting('similarity_threshold'))::numeric);
    upper_bound := round(bound::numeric, 4);
    suggest_similar_threshold.checks := row.n;
  end loop;
  if threshold is not null then
    select round(count(*) filter (where p.similarity::numeric >= threshold)::numeric / nullif(count(*), 0), 4) into coverage
      from products p where p.source = 'similar';
    verdict := format('proved: at most %s%% wrong from %s on; select set_setting(''similarity_threshold'', ''%s'')',
      round(100 * max_error::numeric, 2), threshold, threshold);
  else
    suggest_similar_threshold.checks := total;
    -- of a handful of checks no verdict: at most half as many wrong ones as may be are taken for granted
    needed := checks_to_prove(max_error, case when first_checks >= enough_checks() then first_error
      else least(first_error, max_error / 2) end, confidence);
    verdict := case when needed is null then format('not feasible: of %s checks from %s on %s%% are wrong', first_checks, first_cut,
      round(100 * first_error::numeric, 1))
                    else format('not proved: %s more checks', greatest(needed - first_checks, 1)) end;
  end if;
  return next;
end $$;
comment on function suggest_similar_threshold(double precision, double precision) is
  'Finds the lowest similarity from which on few of the similar layer''s answers are wrong, proved by people''s checks.
max_error: the largest share of wrong answers, above 0 and below 1; .05 by default.
confidence: of the proof, above .5 and below 1; .95 by default.
Returns: the threshold, the share of today''s similar answers that would stay, the bound and a verdict. A fixed sequence of Clopper-Pearson tests from similarity 1 downward in steps of .02; it never goes below the threshold in force: nobody has seen answers there.
Errors: 22023 where max_error or confidence is out of range.
Example: select threshold, verdict from suggest_similar_threshold(.05);';
grant execute on function suggest_similar_threshold to taxon_reader, taxon_admin;
