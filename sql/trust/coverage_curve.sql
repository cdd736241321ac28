-- taxon: How many names each threshold answers, and how many of the answers are wrong.

create or replace function coverage_curve(model_id bigint default null, since interval default null)
  returns table (coverage numeric, l1 real, l2 real, l3 real, l3_said real, names bigint, expected_error numeric,
                 checked bigint, wrong bigint, measured_error numeric, lower numeric, upper numeric)
  language sql stable security definer set search_path from current as $$
  select round(s.coverage::numeric, 4), s.l1, s.l2, s.l3, s.cut, s.names, round(s.expected_error::numeric, 4), s.checked, s.wrong,
         share_told(s.wrong, s.checked), bound_told(s.wrong, s.checked, false), bound_told(s.wrong, s.checked, true)
    from coverage_steps(coalesce(coverage_curve.model_id, (select m.model_id from models m where m.state = 'champion')), since) s
    order by s.step;
$$;
comment on function coverage_curve(bigint, interval) is
  'Shows what each choice of thresholds would answer and get wrong, on cache misses of a model.
model_id: the model; NULL (the default): the champion.
since: only evidence of so long, an interval; NULL (the default): all that is kept.
Returns: a row for each .02 of coverage with thresholds, expected error (1 - mean confidence) and the error that checks measured with its 95% interval (NULL below 30 of them). Many rows are looked at, so the best of them looks better than it is: suggest_thresholds() allows for that.
Example: select coverage, l3, names, checked, wrong from coverage_curve();';
grant execute on function coverage_curve to taxon_reader, taxon_admin;
