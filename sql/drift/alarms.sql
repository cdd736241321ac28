-- taxon_internal: What an alarm does: more audits, tighter thresholds or shadow, until audits or a person have answered it.

create or replace function drift_words(s drift_streams, worse boolean default true) returns text
  language sql stable
begin atomic
  with bins as (
    select row_number() over () as i, was, late / sum(late) over () as late
      from unnest((s).shares, array(select jsonb_array_elements_text((s).state -> 'recent')::float8)) u(was, late)
  ), most as (
    -- of the half on the side that is meant
    select * from bins
      order by (i <= (cardinality((s).edges) + 1) / 2.0) = (worse = ((s).stream <> 'novelty')) desc, late - was desc limit 1
  )
  select format('%s of %s: among the last 500 names %s%% lie %s, %s%% did', (s).stream,
      case when (s).branch = 0 then 'all names' else format('names answered %s', coalesce(category_path((s).branch), (s).branch::text)) end,
      round((100 * late)::numeric),
      case when i = 1 then format('below %s', (s).edges[1])
           when i > cardinality((s).edges) then format('above %s', (s).edges[cardinality((s).edges)])
           else format('from %s to %s', (s).edges[i - 1], (s).edges[i]) end,
      round((100 * was)::numeric))
    from most;
end;
comment on function drift_words(drift_streams,
  boolean) is 'In words, where more of a stream''s names lie than did in quiet times, on the worse side or on the better. Example: select drift_words(s) from drift_streams s where names > 0;';
grant execute on function drift_words to taxon_admin;

create or replace function agreement_words(s drift_streams, worse boolean default true) returns text
  language sql stable
begin atomic
  with cells as (
    select (row_number() over () - 1) % 4 as levels, was, late / sum(late) over () as late
      from unnest((s).shares, array(select jsonb_array_elements_text((s).state -> 'recent')::float8)) u(was, late)
  )
  select format('agreement of the LLM with %s that went to it: on the whole path %s%%, on the top category %s%% of the last 100; it was %s%% and %s%%%s',
      case when (s).branch = 0 then 'the local layer on names' else format('%s', coalesce(category_path((s).branch), (s).branch::text)) end,
      round((100 * sum(late) filter (where levels = 3))::numeric), round((100 * sum(late) filter (where levels > 0))::numeric),
      round((100 * sum(was) filter (where levels = 3))::numeric), round((100 * sum(was) filter (where levels > 0))::numeric),
      case when worse then '. Either the names have changed, or the LLM' else '' end)
    from cells;
end;
comment on function agreement_words(drift_streams,
  boolean) is 'In words, how often the LLM agrees of late and did before. Example: select agreement_words(s) from drift_streams s where stream = ''agreement'' and names > 0;';
grant execute on function agreement_words to taxon_admin;

create or replace function alarm_advice(stream text, branch bigint) returns text
  language sql immutable parallel safe
begin atomic
  select case when stream = 'error' then 'Look at what audits found wrong, label it and retrain (taxon review, taxon train --gated)'
    else format('Judge 50 new names (select * from draw_checks(50%s)); %s',
                case when branch = 0 then '' else format(', ''category'', %s', branch) end,
                case when stream = 'agreement' then 'where the LLM is wrong of late, look at it and its prompt; where the local layer is, retrain'
                     else 'where the answers are wrong, label some and retrain' end) end;
end;
comment on function alarm_advice(text, bigint) is 'What a person should do about an alarm of a stream and a top category (0: all): the first words of its detail. Example: select alarm_advice(''novelty'', 0);';
grant execute on function alarm_advice to taxon_admin;

create or replace function raise_alarm(model_id bigint, stream text, branch bigint, value real, limit_value real,
  detail text) returns bigint
  language plpgsql set search_path from current as $$
declare
  promise promises;
  before record;
  proof record;
  standing alarms;
  acted text := 'audits';
  did text := 'more audits, no more: no promise stands';
  tighter bigint;
  raised bigint;
begin
  perform hold_lock('thresholds');
  if exists (select from alarms a where a.model_id = raise_alarm.model_id and a.stream = raise_alarm.stream
                                    and a.branch = raise_alarm.branch and a.ended_at is null) then
    return null;
  end if;
  select * into promise from promises p where p.ended_at is null;
  select * into before from thresholds_in_force(raise_alarm.model_id);
  select * into standing from alarms a
    where a.ended_at is null and a.model_id = raise_alarm.model_id and a.threshold_after is not null order by a.alarm_id limit 1;
  if standing.alarm_id is not null and not (stream = 'agreement' and branch <> 0) then
    acted := 'tightened';
    did := format('thresholds are tight since alarm %s', standing.alarm_id);
    before.threshold_id := standing.threshold_before;
    tighter := standing.threshold_after;
  elsif promise.promise_id is not null and stream = 'agreement' and branch <> 0 then
    -- where all names of a branch are filed elsewhere, the sure ones are, too
    if shadow_branch(branch) then
      acted := 'shadow branch';
      did := 'the local layer only watches in this branch';
    else
      did := 'more audits; the local layer only watches here already';
    end if;
  elsif promise.promise_id is not null then
    select * into proof from proved_thresholds(promise.max_error / 2, promise.confidence, raise_alarm.model_id);
    if proof.feasible then
      acted := 'tightened';
      did := format('thresholds tightened to those certified for half the promise, %s%%', round((50 * promise.max_error)::numeric, 2));
      insert into thresholds (model_id, l1, l2, l3, reason, set_by, promise_id, certified, upper_bound, checks, calibration_id, cause)
        values (raise_alarm.model_id, greatest(proof.l1, before.l1), greatest(proof.l2, before.l2), greatest(proof.l3, before.l3),
                format('alarm: %s', raise_alarm.detail), session_user, promise.promise_id, true, proof.upper_bound, proof.checked,
                (select c.calibration_id from calibration_in_force(raise_alarm.model_id) c), 'tightened')
        returning threshold_id into tighter;
    elsif shadow_branch(raise_alarm.branch) then
      acted := case raise_alarm.branch when 0 then 'shadow' else 'shadow branch' end;
      did := format('half the promise cannot be certified: the local layer only watches %s',
                    case raise_alarm.branch when 0 then 'everywhere' else 'in this branch' end);
    else
      did := 'more audits; the local layer only watches already';
    end if;
  end if;
  insert into alarms (model_id, stream, branch, value, limit_value, detail, acted, threshold_before, threshold_after)
    values (raise_alarm.model_id, raise_alarm.stream, raise_alarm.branch, raise_alarm.value, raise_alarm.limit_value,
            format('%s: %s; %s', alarm_advice(raise_alarm.stream, raise_alarm.branch), raise_alarm.detail, did), acted, before.threshold_id,
              tighter)
    returning alarm_id into raised;
  perform pg_notify('@channel@', 'alarm');
  return raised;
end $$;
comment on function raise_alarm(bigint, text, bigint, real, real,
  text) is 'Writes an alarm, notifies the channel named as the schema (payload alarm), and acts: while a promise stands the thresholds become those certified for half of it; where there are none, the local layer only watches in the alarm''s branch (0: everywhere). NULL: one of the kind is open. Example: select raise_alarm((select model_id from champion()), ''error'', 0, 20, 13, ''people complain'');';

create or replace function shadow_branch(branch bigint) returns boolean
  language plpgsql set search_path from current as $$
begin
  if branch = 0 then
    update all_settings s set value = '"shadow"', changed_at = now(), changed_by = session_user, reason = 'an alarm of drift'
      where s.key = 'local_layer' and s.value = '"on"';
  else
    update all_settings s set value = s.value || to_jsonb(branch), changed_at = now(), changed_by = session_user,
      reason = 'an alarm of drift'
      where s.key = 'shadow_branches' and not s.value @> to_jsonb(branch);
  end if;
  return found;
end $$;
comment on function shadow_branch(bigint) is 'Puts the local layer into shadow below a top category, or everywhere (0); false: it was so before. Example: select shadow_branch(1);';

create or replace function close_alarm(alarm_id bigint, because text) returns boolean
  language plpgsql set search_path from current as $$
declare
  a alarms;
begin
  perform hold_lock('thresholds');
  update alarms x set ended_at = clock_timestamp(), ended_because = because
    where x.alarm_id = close_alarm.alarm_id and x.ended_at is null returning * into a;
  if a.alarm_id is null then return false; end if;
  -- what another open alarm needs stays
  if a.acted = 'shadow' and not exists (select from alarms x where x.ended_at is null and x.acted = 'shadow') then
    update all_settings s set value = '"on"', changed_at = now(), changed_by = session_user, reason = 'the alarm of drift has ended'
      where s.key = 'local_layer' and s.value = '"shadow"';
  elsif a.acted = 'shadow branch' and not exists (
      select from alarms x where x.ended_at is null and x.acted = 'shadow branch' and x.branch = a.branch) then
    update all_settings s set changed_at = now(), changed_by = session_user, reason = 'the alarm of drift has ended',
        value = coalesce((select jsonb_agg(v) from jsonb_array_elements(s.value) v where v <> to_jsonb(a.branch)), '[]')
      where s.key = 'shadow_branches';
  end if;
  if a.threshold_after is not null
     and not exists (select from alarms x where x.ended_at is null and x.threshold_after = a.threshold_after) then
    -- only what the alarm set is taken back: not what a person or a promise set since
    insert into thresholds (model_id, l1, l2, l3, reason, set_by, promise_id, certified, upper_bound, checks, calibration_id, cause)
      select a.model_id, b.l1, b.l2, b.l3, format('alarm %s ended: %s', a.alarm_id, because), session_user,
             t.promise_id, coalesce(t.certified, false), t.upper_bound, t.checks, b.calibration_id, 'released'
        from thresholds_of_alarm(a) b left join thresholds t on t.threshold_id = a.threshold_before
        where exists (select from thresholds x where x.threshold_id = a.threshold_after and x.undone_at is null)
          and not exists (select from thresholds x where x.model_id = a.model_id and x.branch is null and x.undone_at is null
                          and x.threshold_id > a.threshold_after and x.cause not in ('recalibrated', 'tightened'));
  end if;
  return true;
end $$;
comment on function close_alarm(bigint, text) is 'Ends an alarm and takes back what it did, unless another open alarm needs it or somebody changed it since; false: it was not open. Example: select close_alarm(1, ''the new branch was labelled'');';

create or replace function thresholds_of_alarm(a alarms) returns table (l1 real, l2 real, l3 real, calibration_id bigint)
  language sql stable set search_path from current as $$
  -- in the confidences of today: a recalibration may lie between
  select rescaled(coalesce(t.l1, .75), 1, was, now), rescaled(coalesce(t.l2, .55), 2, was, now),
         rescaled(coalesce(t.l3, .40), 3, was, now), now.calibration_id
    from (select) one
    left join thresholds t on t.threshold_id = (a).threshold_before
    left join calibrations was on was.calibration_id = t.calibration_id
    left join calibration_in_force((a).model_id) now on true;
$$;
comment on function thresholds_of_alarm(alarms) is 'The thresholds that were in force when an alarm was raised, in the confidences of today. Example: select f.* from alarms a, thresholds_of_alarm(a) f where a.ended_at is null;';
