-- taxon_internal: What people or the LLM found out about a model's answers decides what its confidences are.

create or replace function check_outcomes(model_id bigint)
  returns table (check_id bigint, weight double precision, said real[], is_right boolean[])
  language sql stable
begin atomic
  with judged as (
    select c.*, s.category_id as answer, array[s.l1_said, s.l2_said, s.l3_said] as said,
           -- what was drawn alike says the same of every name that says so much: weights would only add noise
           case when c.strategy in ('uniform', 'surer', 'answered') then 1
                else c.weight / avg(c.weight) over (partition by c.strategy) end as share
      from check_scores s join checks c using (check_id)
      where s.model_id = check_outcomes.model_id and c.layer = 'local' and c.auditor = 'human' and c.verdict is not null
        -- two people who do not agree prove nothing
        and c.second_verdict is distinct from not c.verdict and s.l1_said between 0 and 1 and s.l3_said between 0 and 1
  ), one as (
    -- drawn twice is judged twice, but it is one name
    select distinct on (j.name_hash) j.* from judged j order by j.name_hash, j.share = 1 desc, j.check_id desc
  )
  select o.check_id, o.share, o.said,
         case when t.category_id is null then array[null, null, case when o.answer is not distinct from o.category_id then false end]
              else array[a.l1 = t.l1, (a.l1, a.l2) is not distinct from (t.l1, t.l2),
                         (a.l1, a.l2, a.l3) is not distinct from (t.l1, t.l2, t.l3)] end
    from one o
    left join categories a on a.category_id = o.answer
    left join categories t on t.category_id = coalesce(o.truth_category_id, case when o.verdict then o.category_id end);
end;
comment on function check_outcomes(bigint) is 'What a model says of the names that people judged, and whether l1, l1 and l2, and the whole path are right; NULL where nobody said what it is. Example: select count(*) from check_outcomes(1);';
grant execute on function check_outcomes to taxon_admin;

create or replace function label_outcomes(model_id bigint)
  returns table (evidence_id bigint, said real[], is_right boolean[])
  language sql stable
begin atomic
  -- the newest 20,000: years of evidence would make the fit slow and no better
  select e.evidence_id, array[e.l1_said, e.l2_said, e.l3_said],
         array[a.l1 = t.l1, (a.l1, a.l2) is not distinct from (t.l1, t.l2), (a.l1, a.l2, a.l3) is not distinct from (t.l1, t.l2, t.l3)]
    from (select * from evidence e where e.model_id = label_outcomes.model_id and e.l1_said between 0 and 1 and e.l3_said between 0 and 1
            order by e.evidence_id desc limit 20000) e
    join products p on p.product_id = e.product_id
    -- asked after the model had decided, so that it had not learnt the label
    join labels l on l.name_hash = name_hash(p.name_key) and l.source = 'llm' and l.created_at >= e.decided_at
    join categories t on t.category_id = l.category_id
    left join categories a on a.category_id = e.category_id;
end;
comment on function label_outcomes(bigint) is 'What a model said of cache misses that the LLM answered in the end, passed on or audited, and whether the LLM says the same of l1, l1 and l2, and the whole path. Example: select count(*) from label_outcomes(1);';
grant execute on function label_outcomes to taxon_admin;

create or replace function fit_calibration(model_id bigint default null) returns setof calibrations
  language plpgsql security definer rows 1 set search_path from current as $$
declare
  -- fewer checks than that say less of a model than the LLM's labels do
  enough constant integer := 50;
  target bigint := coalesce(fit_calibration.model_id, (select m.model_id from champion() m));
  before calibrations;
  made calibrations;
  judged record;
  fitted record;
  label_error double precision := 0;
begin
  if not exists (select from models m where m.model_id = target) then
    raise exception '%', case when target is null then 'there is no champion yet: a calibration belongs to a model'
                              else format('there is no model %s', target) end
      using hint = 'Train one: taxon train';
  end if;
  made.fitted_on := 'checks';
  select array_agg(o.said) as said, array_agg(o.is_right) as is_right, array_agg(o.weight) as weights,
         count(*) filter (where o.is_right[3] is not null) as names into judged from check_outcomes(target) o;
  if judged.names < enough then
    made.fitted_on := 'labels';
    label_error := (setting('auditor_error'))::float8;
    select array_agg(o.said) as said, array_agg(o.is_right) as is_right, null::float8[] as weights,
           count(*) as names into judged from label_outcomes(target) o;
    if judged.names < enough then return; end if;
  end if;
  for level in 1 .. 3 loop
    -- An LLM that is wrong in one path of five is wrong in about a third and two thirds of these at l1 and l2 (.05, .14 and
    -- .22 on the real titles).
    select f.* into fitted from fit_platt(
      array(select u.x from unnest(judged.said) with ordinality u(x, i) where u.i % 3 = level % 3 order by u.i),
      array(select u.x from unnest(judged.is_right) with ordinality u(x, i) where u.i % 3 = level % 3 order by u.i),
      judged.weights, label_error * level / 3) f;
    made.offsets[level] := fitted.said_offset;
    made.slopes[level] := fitted.slope;
  end loop;
  -- thresholds are rewritten below: nobody sets them meanwhile
  perform hold_lock('thresholds');
  select * into before from calibration_in_force(target);
  if (before.offsets, before.slopes, before.fitted_on) is not distinct from (made.offsets, made.slopes, made.fitted_on) then
    return next before;
    return;
  end if;
  insert into calibrations (model_id, offsets, slopes, fitted_on, names)
    values (target, made.offsets, made.slopes, made.fitted_on, judged.names) returning * into made;
  -- the same names pass: each threshold as what the model must say, and that as a confidence of today
  insert into thresholds (model_id, branch, l1, l2, l3, reason, set_by, promise_id, certified, upper_bound, checks,
                          calibration_id, cause, never_local)
    select target, t.branch, rescaled(t.l1, 1, before, made), rescaled(t.l2, 2, before, made), rescaled(t.l3, 3, before, made),
           t.reason, session_user, t.promise_id, t.certified, t.upper_bound, t.checks, made.calibration_id, 'recalibrated', t.never_local
      from (select distinct on (x.branch) x.* from thresholds x
              where x.model_id = target and x.undone_at is null order by x.branch, x.threshold_id desc) t
    union all
    select target, null, rescaled(f.l1, 1, before, made), rescaled(f.l2, 2, before, made), rescaled(f.l3, 3, before, made),
           f.reason, session_user, null, false, null, null, made.calibration_id, 'recalibrated', false
      from thresholds_in_force(target) f where f.threshold_id is null;
  return next made;
end $$;
comment on function fit_calibration(bigint) is 'Fits anew how what a model says (default: the champion) becomes a confidence, by logistic regression at each level (Platt): on the names that people checked, or, while they are fewer than 50, on what the LLM answered after the model had decided, allowing for the setting auditor_error. The thresholds in force are rewritten so that the same names pass. No row: there was too little to fit on. Example: select fitted_on, names from fit_calibration();';
grant execute on function fit_calibration to taxon_admin, taxon_sidecar;

create or replace function calibration_state(model_id bigint default null)
  returns table (model_id bigint, calibration_id bigint, fitted_on text, names integer, checks bigint, checks_short bigint, state text)
  language sql stable security definer set search_path from current as $$
  select m.model_id, c.calibration_id, c.fitted_on, c.names, k.checks, greatest(50 - k.checks, 0),
         case when k.checks < 50 then format('not certified: %s checks short; ', 50 - k.checks) else '' end
           || case when c.calibration_id is null then 'confidences are what the model says; fit_calibration() fits them'
                   when c.fitted_on = 'checks' then format('fitted on %s checked names', c.names)
                   else format('fitted on %s labels of the LLM', c.names) end
    from models m
    left join calibration_in_force(m.model_id) c on true
    cross join lateral (select count(*) filter (where o.is_right[3] is not null) as checks from check_outcomes(m.model_id) o) k
    where m.model_id = coalesce(calibration_state.model_id, (select x.model_id from champion() x));
$$;
comment on function calibration_state(bigint) is 'What the confidences of a model (default: the champion) rest on, and how many checks are missing. Example: select state from calibration_state();';
grant execute on function calibration_state to taxon_admin, taxon_sidecar;

create or replace function calibration_error(model_id bigint default null)
  returns table (level integer, names bigint, confidence double precision, is_right double precision, error double precision,
                 said_error double precision)
  language sql stable security definer set search_path from current as $$
  with target as (
    select m.model_id, c.offsets, c.slopes from models m left join calibration_in_force(m.model_id) c on true
      where m.model_id = coalesce(calibration_error.model_id, (select x.model_id from champion() x))
  ), outcome as (
    select l.level, o.said[l.level] as said, calibrate(o.said[l.level], t.offsets[l.level], t.slopes[l.level]) as confidence,
           o.is_right[l.level]::integer::float8 as yes, o.weight as w
      from target t cross join lateral check_outcomes(t.model_id) o cross join generate_series(1, 3) l(level)
      where o.is_right[l.level] is not null
  ), bins as (
    -- 15 of the same width, by confidence and by what was said
    select o.level, 0 as way, sum(o.w * (o.confidence - o.yes)) as gap, sum(o.w) as w, sum(o.w * o.confidence) as c,
           sum(o.w * o.yes) as y, count(*) as n
      from outcome o group by o.level, least(floor(15 * o.confidence), 14)
    union all
    select o.level, 1, sum(o.w * (o.said - o.yes)), sum(o.w), 0, 0, 0
      from outcome o group by o.level, least(floor(15 * o.said), 14)
  )
  select l.level, coalesce(sum(b.n), 0)::bigint, case when sum(b.n) >= enough_checks()
    then sum(b.c) / sum(b.w) filter (where b.way = 0) end,
         case when sum(b.n) >= enough_checks() then sum(b.y) / sum(b.w) filter (where b.way = 0) end,
         case when sum(b.n) >= enough_checks() then sum(abs(b.gap)) filter (where b.way = 0) / sum(b.w) filter (where b.way = 0) end,
         case when sum(b.n) >= enough_checks() then sum(abs(b.gap)) filter (where b.way = 1) / sum(b.w) filter (where b.way = 1) end
    from generate_series(1, 3) l(level) left join bins b using (level) group by l.level order by l.level;
$$;
comment on function calibration_error(bigint) is 'How far confidences are from how often they come true, for each level of a model (default: the champion), on the names that people checked: expected calibration error of 15 bins, of the calibration in force and of what the model says itself; level 3 is the whole path; NULL below enough_checks() names. On the names that it was fitted on a calibration looks a little better than it is. Example: select level, names from calibration_error();';
grant execute on function calibration_error to taxon_admin, taxon_sidecar;

create or replace function unscored_checks(model_id bigint, most integer default 1000) returns table (check_id bigint, name_key text)
  language sql stable security definer set search_path from current as $$
  select c.check_id, c.name_key from checks c
    where c.layer = 'local' and not exists (select from check_scores s where s.check_id = c.check_id
      and s.model_id = unscored_checks.model_id)
    order by c.check_id limit most;
$$;
comment on function unscored_checks(bigint,
  integer) is 'Drawn names of which a model has not said anything yet: what taxon train --recalibrate asks it. Example: select count(*) from unscored_checks(1);';
grant execute on function unscored_checks to taxon_admin, taxon_sidecar;

create or replace function save_check_scores(model_id bigint, scores jsonb) returns void
  language sql volatile security definer set search_path from current as $$
  insert into check_scores (check_id, model_id, category_id, l1_said, l2_said, l3_said)
    select g.check_id, save_check_scores.model_id, g.category_id, probability(g.confidence[1]), probability(g.confidence[2]),
      probability(g.confidence[3])
      from jsonb_to_recordset(scores) g(check_id bigint, category_id bigint, confidence real[])
    on conflict do nothing;
$$;
comment on function save_check_scores(bigint,
  jsonb) is 'Keeps what a model says of drawn names; scores: [{check_id, category_id, confidence: [l1, l2, l3] as the model says}]. Example: select save_check_scores(1, ''[]'');';
grant execute on function save_check_scores to taxon_admin, taxon_sidecar;

create or replace function forget_evidence(most integer default 10000) returns integer
  language sql volatile security definer set search_path from current as $$
  with old as (
    select e.evidence_id from evidence e
      where e.decided_at < now() - make_interval(days => (setting('evidence_days'))::integer)
      limit most for update skip locked
  ), gone as (delete from evidence e using old o where e.evidence_id = o.evidence_id returning 1)
  select count(*)::integer from gone;
$$;
comment on function forget_evidence(integer) is 'Removes evidence that is older than the setting evidence_days, at most so many rows a call, and returns how many; call again until it is 0. products.evidence_id keeps pointing to what is gone. Example: select forget_evidence() < 10000;';
grant execute on function forget_evidence to taxon_admin, taxon_sidecar;

create or replace function calibration_due(model_id bigint default null) returns boolean
  language sql stable security definer set search_path from current as $$
  select coalesce(
    (select exists (select from checks x where x.layer = 'local' and greatest(x.checked_at, x.second_at) > k.made_at)
            or k.fitted_on = 'labels' and k.made_at < now() - interval '7 days'
       from calibration_in_force(coalesce(calibration_due.model_id, (select c.model_id from champion() c))) k), true);
$$;
comment on function calibration_due(bigint) is 'Whether a calibration (of a model, default: the champion) would find something new: none yet, a name judged since, or a week since it was fitted on labels. Sidecars ask daily. Example: select calibration_due();';
grant execute on function calibration_due to taxon_admin, taxon_sidecar;
