-- taxon_internal: What audits say: whether an alarm may end, and whether one is due though no confidence has moved.

create or replace function judged_since(model_id bigint, since timestamptz, l1 real, l2 real, l3 real)
  returns table (answered boolean, names bigint, looks integer, judged bigint, wrong bigint, by_llm double precision)
  language sql stable set search_path from current as $$
  -- Names that thresholds would have answered: some were and are judged by audits; the others went to the LLM, whose answer
  -- is their judgement. Of the judged the first 64, 128, 256 … are looked at, so that later looks have an error of their own.
  with would as (
    select e.evidence_id, e.answered, e.category_id, e.product_id
      from evidence e left join calibration_in_force(judged_since.model_id) s on true
      left join decision_rules(judged_since.model_id, null,
        array[judged_since.l1, judged_since.l2, judged_since.l3]) r on r.said_id = e.category_id
      where e.model_id = judged_since.model_id and e.decided_at > since
        and (e.answered or clears(r.may, calibrate(e.l1_said, s.offsets[1], s.slopes[1]), calibrate(e.l2_said, s.offsets[2], s.slopes[2]),
                                  calibrate(e.l3_said, s.offsets[3], s.slopes[3]), r.t1, r.t2, r.t3))
      -- asked each minute while an alarm is open: bounded, and the first so many tell
      order by e.evidence_id limit 200000
  ), verdicts as (
    select true as answered, c.check_id as at, not c.verdict as bad, c.auditor = 'llm' as llm
      from checks c
      where c.layer = 'local' and c.strategy = 'audit' and c.verdict is not null and c.model_id = judged_since.model_id
        and c.drawn_at > since
    union all
    select false, w.evidence_id, (p.l1, p.l2, p.l3) is distinct from (c.l1, c.l2, c.l3), p.source = 'llm'
      from would w join products p using (product_id) left join categories c on c.category_id = w.category_id
      where not w.answered and p.evidence_id = w.evidence_id and p.state = 'done' and p.source in ('llm', 'human')
  ), numbered as (
    select *, row_number() over (partition by answered order by at) as i,
      floor(log(2, greatest(count(*) over (partition by answered), 32) / 64.0)) as look
      from verdicts
  ), found as (
    select answered, max(look)::integer as looks, count(*) as judged, count(*) filter (where bad) as wrong, avg(llm::integer) as by_llm
      from numbered where look >= 0 and i <= 64 * 2 ^ look group by answered
  )
  select g.answered, count(w.evidence_id), coalesce(f.looks, 0), coalesce(f.judged, 0), coalesce(f.wrong, 0), coalesce(f.by_llm, 0)::float8
    from (values (true), (false)) g(answered)
    left join would w on w.answered = g.answered left join found f on f.answered = g.answered
    group by g.answered, f.looks, f.judged, f.wrong, f.by_llm order by g.answered;
$$;
comment on function judged_since(bigint, timestamptz, real, real,
  real) is 'Of the names since a moment that thresholds would have answered: how many the local layer did answer and how many went to the LLM, how many of each are judged (of the first 64, 128, 256 …) and wrong, and the share that the LLM judged. Example: select * from judged_since((select model_id from champion()), now() - interval ''7 days'', .75, .55, .40);';

create or replace function settle_alarms(model_id bigint) returns void
  language plpgsql set search_path from current as $$
declare
  a alarms;
  promise promises;
  j record;
  names bigint := 0;
  upper double precision := 0;
  lower double precision := 0;
  kept record;
  low double precision;
  llm_error constant double precision := (setting('auditor_error'))::float8;
  risk double precision;
  said text := '';
begin
  select * into promise from promises p where p.ended_at is null;
  -- of the newest: what came before it is not what is asked
  select * into a from alarms x where x.model_id = settle_alarms.model_id and x.ended_at is null order by x.raised_at desc,
    x.alarm_id desc limit 1;
  if promise.promise_id is null or a.alarm_id is null then return; end if;
  for j in select s.* from thresholds_of_alarm(a) t, judged_since(settle_alarms.model_id, a.raised_at, t.l1, t.l2, t.l3) s
      order by s.answered desc loop
    -- half the risk for each of the two, half of that for the first look, a quarter for the second …
    risk := (1 - promise.confidence) / 2 ^ (j.looks + 2);
    low := share_bound(j.wrong, j.judged, 1 - risk, false);
    -- an auditor that errs finds too much: subtracted where it would accuse, not where it would acquit
    low := greatest(0, (low - j.by_llm * llm_error) / greatest(1 - j.by_llm * llm_error, 1e-9));
    names := names + j.names;
    upper := upper + j.names * share_bound(j.wrong, j.judged, 1 - risk, true);
    lower := lower + j.names * low;
    said := said || format('%s %s of %s', case when said = '' then 'wrong' else ',' end, j.wrong, j.judged)
      || case when j.answered then ' answered' else ' passed to the LLM' end;
  end loop;
  if names = 0 then
    return;
  elsif upper / names <= promise.max_error then
    perform close_alarm(x.alarm_id, format('audits confirm the promise: %s, at most %s%%', said, round((100 * upper / names)::numeric, 2)))
      from alarms x where x.model_id = settle_alarms.model_id and x.ended_at is null order by x.alarm_id;
  elsif lower / names > promise.max_error and not exists (
      select from thresholds t where t.model_id = settle_alarms.model_id and t.reason like format('alarm %s stays:%%', a.alarm_id)) then
    insert into thresholds (model_id, l1, l2, l3, reason, set_by, promise_id, certified, upper_bound, checks, calibration_id, cause)
      select settle_alarms.model_id, f.l1, f.l2, f.l3,
             format('alarm %s stays: %s, with the thresholds before it at least %s%%; looser ones want new checks', a.alarm_id, said,
                    round((100 * lower / names)::numeric, 2)),
             session_user, t.promise_id, f.certified, t.upper_bound, t.checks, t.calibration_id, 'tightened'
        from thresholds_in_force(settle_alarms.model_id) f left join thresholds t using (threshold_id);
  end if;
  -- tight thresholds were certified for half the promise: where audits disprove that, nothing is certified any more
  if a.threshold_after is not null and a.acted = 'tightened' then
    select * into kept from audit_test(settle_alarms.model_id, a.raised_at, promise.max_error / 2, false);
    if kept.value > -ln(1 - promise.confidence) and shadow_branch(0) then
      update alarms x set acted = 'shadow',
          detail = x.detail || format('; audits: %s of %s of what is still answered wrong: the local layer only watches', kept.wrong,
            kept.judged)
        where x.alarm_id = a.alarm_id;
    end if;
  end if;
end $$;
comment on function settle_alarms(bigint) is 'Ends the open alarms of a model where audits since the newest prove the promise for the thresholds before it. Where they prove it broken, thresholds stay, with the reason in their history; where they disprove half the promise for what is still answered, the local layer only watches. Example: select settle_alarms((select model_id from champion()));';

create or replace function audit_test(model_id bigint, since timestamptz, max_error double precision, again boolean)
  returns table (value double precision, judged bigint, wrong bigint)
  language plpgsql stable set search_path from current as $$
declare
  llm_error constant double precision := (setting('auditor_error'))::float8;
  worse constant double precision[] := array[1.5, 2.5, 5];
  r double precision[] := case when again then array[-700, -700, -700] else array[0, 0, 0] end;
  top double precision;
  quiet double precision;
  bad double precision;
  c record;
begin
  value := -700; judged := 0; wrong := 0;
  for c in
    select x.verdict, x.auditor from checks x
      where x.layer = 'local' and x.strategy = 'audit' and x.verdict is not null and x.model_id = audit_test.model_id and x.drawn_at > since
      order by x.check_id
  loop
    judged := judged + 1;
    wrong := wrong + (not c.verdict)::integer;
    top := null;
    for i in 1 .. 3 loop
      quiet := max_error;
      bad := least(worse[i] * max_error, .95);
      if c.auditor = 'llm' then  -- it calls right answers wrong, too
        quiet := quiet + (1 - quiet) * llm_error;
        bad := bad + (1 - bad) * llm_error;
      end if;
      r[i] := ln(case when c.verdict then (1 - bad) / (1 - quiet) else bad / quiet end)
        + case when again then greatest(r[i], 0) + ln(1 + exp(-least(abs(r[i]), 700))) else r[i] end;
      top := greatest(top, r[i]);
    end loop;
    value := greatest(value, top + ln((select avg(exp(greatest(x - top, -700))) from unnest(r) x)));
  end loop;
  return next;
end $$;
comment on function audit_test(bigint, timestamptz, double precision,
  boolean) is 'How strongly audits of local answers since a moment speak against an error of at most max_error: the highest logarithm so far of the mean of three bets, that the error is 1.5, 2.5 or 5 times that. again: a new bet is opened at each audit (Shiryaev-Roberts: when did it change?); else one at the start (above ln(20) it is disproved at 95%). Both may be looked at after every audit. Example: select * from audit_test((select model_id from champion()), now() - interval ''90 days'', .05, false);';

create or replace function watch_audits(model_id bigint, since timestamptz) returns void
  language plpgsql set search_path from current as $$
declare
  promise promises;
  test record;
  -- a check is one of audit_share of the names
  most constant double precision := drift_limit(1, drift_constant('block') * greatest((setting('audit_share'))::float8, 1e-4));
begin
  select * into promise from promises p where p.ended_at is null;
  if promise.promise_id is null then return; end if;
  select * into test from audit_test(watch_audits.model_id, greatest(since, promise.made_at), promise.max_error, true);
  if test.value > most then
    perform raise_alarm(watch_audits.model_id, 'error', 0, test.value::real, most::real,
      format('audits: %s of %s local answers wrong, promised %s%%', test.wrong, test.judged, round((100 * promise.max_error)::numeric, 2)));
  end if;
end $$;
comment on function watch_audits(bigint,
  timestamptz) is 'Raises the alarm "error" when audits since a moment speak against the promise as strongly as they would once in 20 years if it were kept. Example: select watch_audits((select model_id from champion()), now() - interval ''90 days'');';
