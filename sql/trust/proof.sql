-- taxon_internal: A promise on the error of local answers, and the thresholds that checks prove for it.

create or replace function each_look(confidence double precision) returns double precision
  language sql immutable parallel safe
begin atomic
  -- A promise is proved again with more checks and for each new model, and each time could be the wrong one. Simulated years
  -- (bench/trust/looks.ts) of 1,040 checks and 8 models: at .95 a look some threshold breaks the promise in 17 % of years, at .98
  -- in 7, at .99 in 3.6 %; of 5,200 checks and 12 models in 26, 12 and 7 %.
  select 1 - (1 - confidence) / 5;
end;
comment on function each_look(double precision) is 'The confidence at which each single proof of a promise is made, so that all proofs of a year together hold at the promised one. Example: select each_look(.95); is .99.';
grant execute on function each_look to taxon_admin;

create or replace function proved_thresholds(max_error double precision, proof double precision, model_id bigint default null)
  returns table (feasible boolean, l1 real, l2 real, l3 real, coverage numeric, checked bigint, wrong bigint,
                 upper_bound numeric, verdict text, checks_missing bigint)
  language plpgsql stable security definer set search_path from current as $$
declare
  target bigint := coalesce(proved_thresholds.model_id, (select c.model_id from champion() c));
  -- Too low and the first test has too few checks above the cut, too high and its error is above the bound: either certifies
  -- nothing. On real titles (300 splits, 2,000 checks) 4 times the bound certified a median of .32 / .68 / .80 of names.
  start constant double precision := least(4 * max_error, .9);
  step record;
  first record;
begin
  feasible := false; checked := 0; wrong := 0; coverage := 0;
  for step in select s.* from coverage_steps(target) s where s.step >= start - 1e-6 order by s.step loop
    if first is null then first := step; end if;
    -- P(so few wrong ones, were the share max_error) ≤ 1 - proof, which is Clopper and Pearson's bound ≤ max_error
    exit when step.wrong >= step.checked or beta_share(step.wrong + 1, step.checked - step.wrong, max_error) < proof;
    feasible := true;
    l1 := step.l1; l2 := step.l2; l3 := step.l3;
    coverage := step.coverage; checked := step.checked; wrong := step.wrong;
  end loop;
  if feasible then
    checks_missing := 0;
    verdict := format('certified: answers %s%% of cache misses; %s of %s checked names above are wrong, at most %s%% at %s%% confidence',
      round(100 * coverage, 1), wrong, checked, round((100 * share_bound(wrong, checked, proof, true))::numeric, 2),
      round((100 * proof)::numeric, 1));
  elsif first is null then
    verdict := case when target is null then 'not feasible: there is no champion yet; train one: taxon train'
      else 'not feasible: nothing is known of what the model says of cache misses; let names arrive first' end;
  else
    coverage := first.coverage; checked := first.checked; wrong := first.wrong;
    checks_missing := checks_short(checked, wrong, coverage::float8, max_error, proof);
    verdict := case when checks_missing is null
      then format('not feasible: of the surest %s%% of names %s of %s checked ones are wrong, more than %s%%; more checks will not help, a better model or a larger max_error may',
                  round(100 * coverage), wrong, checked, round((100 * max_error)::numeric, 2))
      -- draw_checks() draws up to 5,000 at once
      else format('not feasible: about %s more checks would make it so; select * from draw_checks(%s%s)', checks_missing,
        least(checks_missing, 5000),
                  case when coverage <= .25 then ', ''surer''' else '' end) end;
  end if;
  coverage := round(coverage, 4);
  if feasible or checked >= enough_checks() then
    upper_bound := round(share_bound(wrong, checked, proof, true)::numeric, 4);
  end if;
  return next;
end $$;
comment on function proved_thresholds(double precision, double precision,
  bigint) is 'One proof at one confidence, as suggest_thresholds() makes it. checks_missing: 0 where it is feasible, NULL where more checks will not help or nothing is known. Example: select feasible, l3, checks_missing from proved_thresholds(.05, .99);';
grant execute on function proved_thresholds to taxon_admin;

create or replace function checks_short(checked bigint, wrong bigint, coverage double precision, max_error double precision,
  proof double precision)
  returns bigint
  language plpgsql immutable set search_path from current as $$
declare
  -- Of those to come half as many are taken to be wrong as are allowed: that more right ones than wrong ones were judged never
  -- makes the number larger. Only where checks show a higher share (90 %), that is taken.
  share double precision := max_error / 2;
  low bigint := 0;
  high bigint := 1000000;
  more bigint;
  bad bigint;
begin
  if checked >= enough_checks() and share_bound(wrong, checked, .9, false) > share then
    share := wrong / checked::float8;
  end if;
  if share >= max_error then
    return null;
  end if;
  while low < high loop
    more := (low + high) / 2;
    -- one standard deviation of bad luck is allowed for: the number then is enough five times in six
    bad := wrong + ceil(more * share + sqrt(more * share * (1 - share)));
    if beta_share(bad + 1, greatest(checked + more - bad, 1), max_error) >= proof then
      high := more;
    else
      low := more + 1;
    end if;
  end loop;
  -- Of checks drawn among all names alike only the share above the cut counts; drawn among the surer half it is twice as many.
  -- But those certify nothing beyond it: for bounds above 6% that would cost coverage.
  return greatest(ceil(low / greatest(coverage * case when coverage <= .25 then 2 else 1 end, .01)), 1);
end $$;
comment on function checks_short(bigint, bigint, double precision, double precision,
  double precision) is 'How many more checks would certify the first cut, were half as many of them wrong as are allowed, or as many as so far where that is more by more than chance; NULL: more checks will not help. Example: select checks_short(100, 1, .2, .05, .99);';
grant execute on function checks_short to taxon_admin;

create or replace function keep_promise(model_id bigint default null)
  returns table (certified boolean, l1 real, l2 real, l3 real, coverage numeric, upper_bound numeric, mode text, verdict text)
  language plpgsql security definer set search_path from current as $$
declare
  target bigint := coalesce(keep_promise.model_id, (select c.model_id from champion() c));
  promise promises;
  proof record;
begin
  perform hold_lock('thresholds');
  select s.* into promise from standing_promise() s;
  if promise.promise_id is null then
    raise exception 'no promise stands' using hint = 'select * from set_promise(max_error => .05, confidence => .95, reason => ''…'');',
      errcode = 'object_not_in_prerequisite_state';
  end if;
  update promises p set checks = judged_checks() where p.promise_id = promise.promise_id;
  select s.* into proof from suggest_thresholds(promise.max_error, promise.confidence, target) s;
  if proof.feasible then
    insert into thresholds (model_id, l1, l2, l3, reason, set_by, promise_id, certified, upper_bound, checks, calibration_id, cause)
      values (target, proof.l1, proof.l2, proof.l3, format('promise %s: %s', promise.promise_id, promise.reason), session_user,
        promise.promise_id,
              true, proof.upper_bound, proof.checked, (select c.calibration_id from calibration_in_force(target) c), 'promise');
  end if;
  certified := proof.feasible;
  l1 := proof.l1; l2 := proof.l2; l3 := proof.l3;
  coverage := proof.coverage; upper_bound := proof.upper_bound;
  mode := local_mode(null, target);
  verdict := proof.verdict;
  return next;
end $$;
comment on function keep_promise(bigint) is 'Proves the promise that stands anew, with the checks of today, and sets what is certified: after more checks, or for a model (default: the champion) that was just promoted. Where nothing can be certified the thresholds stay as they are. Example: select certified, mode, verdict from keep_promise();';
grant execute on function keep_promise to taxon_admin, taxon_sidecar;

create or replace function judged_checks() returns integer
  language sql stable security definer set search_path from current as $$
  select count(*)::integer from checks c
    where c.layer = 'local' and c.auditor = 'human' and c.verdict is not null and c.strategy in ('uniform', 'surer', 'answered');
$$;
comment on function judged_checks() is 'How many checks that may prove a promise people have judged. Example: select judged_checks();';
grant execute on function judged_checks to taxon_admin;

create or replace function renew_promise() returns text
  language plpgsql security definer set search_path from current as $$
declare
  promise promises;
  proof record;
  target bigint := (select c.model_id from champion() c);
begin
  select s.* into promise from standing_promise() s;
  -- each look is a chance to be wrong: a fifth more checks at least, so that from 100 to 1,000 there are thirteen
  if promise.promise_id is null or target is null or not (setting('autopilot_prove'))::boolean
     or judged_checks() < greatest(promise.checks + 20, 1.2 * promise.checks)
     or exists (select from alarms a where a.ended_at is null and a.model_id = target) then
    return null;
  end if;
  select k.* into proof from keep_promise(target) k;
  return proof.verdict;
end $$;
comment on function renew_promise() is 'Proves the standing promise anew for the champion when a fifth more checks (20 at least) were judged since the last look and no alarm is open; says what came of it, NULL: it was not time. Sidecars call it every minute. Example: select renew_promise();';
grant execute on function renew_promise to taxon_admin, taxon_sidecar;

create or replace function recheck_promise(model_id bigint) returns text
  language plpgsql security definer set search_path from current as $$
declare
  promise promises;
  proof record;
  general thresholds;
begin
  select s.* into promise from standing_promise() s;
  select t.* into general from thresholds_in_force(recheck_promise.model_id) f join thresholds t using (threshold_id);
  if promise.promise_id is null or general.certified is not true then
    return null;
  end if;
  select s.* into proof from suggest_thresholds(promise.max_error, promise.confidence, recheck_promise.model_id) s;
  if proof.feasible and general.l1 >= proof.l1 and general.l2 >= proof.l2 and general.l3 >= proof.l3 then
    return null;
  end if;
  insert into thresholds (model_id, l1, l2, l3, reason, set_by, promise_id, calibration_id)
    values (general.model_id, general.l1, general.l2, general.l3, 'without what a branch no longer answers the promise is not proved',
            session_user, promise.promise_id, general.calibration_id);
  return 'what the other branches answer is not certified any more, the local layer only watches: select * from set_promise()';
end $$;
comment on function recheck_promise(bigint) is 'After a branch was given thresholds of its own: whether the general ones are still proved for the answers that are left; where not, they are set anew as not certified. NULL: nothing changed. Example: select recheck_promise(1);';
