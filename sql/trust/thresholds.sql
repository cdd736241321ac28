-- taxon: From which confidence on the local layer answers: set, taken back, and their history.

create or replace function set_thresholds(l1 real, l2 real, l3 real, reason text, model_id bigint default null,
    branch bigint default null, never_local boolean default false, force boolean default false)
  returns table (l1_before real, l2_before real, l3_before real, certified boolean, note text)
  language plpgsql security definer set search_path from current as $$
declare
  target bigint;
  before record;
  promise promises;
  proof record;
  kept boolean := false;
  answers boolean;
  silenced record;
  proved_bound real;
  proved_checks integer;
begin
  if set_thresholds.never_local then
    if branch is null then
      raise exception 'never_local needs a branch' using hint = 'For all of it: select set_setting(''local_layer'', ''"off"'');',
        errcode = 'invalid_parameter_value';
    end if;
    l1 := 1; l2 := 1; l3 := 1;
  end if;
  if l1 is null or l2 is null or l3 is null or not (l1 between 0 and 1 and l2 between 0 and 1 and l3 between 0 and 1) then
    raise exception 'thresholds are three numbers from 0 to 1, not % / % / %', l1, l2, l3 using errcode = 'invalid_parameter_value';
  elsif coalesce(btrim(reason), '') = '' then
    raise exception 'say why: set_thresholds(l1 => .75, l2 => .55, l3 => .40, reason => ''…'')' using errcode = 'invalid_parameter_value';
  elsif branch is not null and not exists (select from categories c where c.category_id = branch) then
    raise exception 'there is no category %', branch using errcode = 'no_data_found';
  end if;
  select f.* into before from thresholds_in_force(set_thresholds.model_id) f;
  target := before.model_id;
  if target is null then
    raise exception '%', case when set_thresholds.model_id is null then 'there is no champion yet: thresholds belong to a model'
                              else format('there is no model %s', set_thresholds.model_id) end
      using hint = 'Train one: taxon train', errcode = 'object_not_in_prerequisite_state';
  end if;
  perform hold_lock('thresholds');
  select f.l1, f.l2, f.l3 into l1_before, l2_before, l3_before from thresholds_for(target, branch) f;
  select s.* into promise from standing_promise() s;
  -- whether the local layer answers now, so that it could be silenced
  answers := local_mode(null, target) = 'on' and exists (select from models m where m.model_id = target and m.state = 'champion');
  if branch is null and promise.promise_id is not null then
    select s.* into proof from suggest_thresholds(promise.max_error, promise.confidence, target) s;
    -- what is stricter than the proved thresholds is taken as proved: errors fall as confidence rises
    kept := proof.feasible and l1 >= proof.l1 and l2 >= proof.l2 and l3 >= proof.l3;
    if kept then
      proved_bound := proof.upper_bound;
      proved_checks := proof.checked;
    end if;
    note := case when kept then proof.verdict
                 else format('not certified for the promise of %s: the local layer only watches until it is; %s', promise.max_error,
                   proof.verdict) end;
    if answers and not kept and not force then
      select s.* into silenced from answered_a_day() s;
      raise exception 'nothing was changed: with these thresholds the promise of % is not proved, and the local layer would only watch: % names a day would go to the LLM besides', promise.max_error, coalesce(silenced.names::text, 'it is not known how many')
        using hint = format('Proved are %s / %s / %s and stricter ones; looser ones all the same: force => true.', proof.l1, proof.l2,
          proof.l3), errcode = 'object_not_in_prerequisite_state';
    end if;
  end if;
  if branch is not null or (l1, l2, l3, kept) is distinct from (before.l1, before.l2, before.l3, before.certified) then
    insert into thresholds (model_id, branch, l1, l2, l3, never_local, reason, set_by, promise_id, certified, upper_bound, checks,
      calibration_id)
      values (target, set_thresholds.branch, l1, l2, l3, set_thresholds.never_local, reason, session_user, promise.promise_id, kept,
              proved_bound, proved_checks,
              (select c.calibration_id from calibration_in_force(target) c));
  end if;
  if branch is not null then
    note := recheck_promise(target);
    if answers and note is not null and not force then
      select s.* into silenced from answered_a_day() s;
      raise exception 'nothing was changed: without what this branch would no longer answer the promise of % is not proved, and the local layer would only watch: % names a day would go to the LLM besides', promise.max_error, coalesce(silenced.names::text, 'it is not known how many')
        using hint = 'More checks may prove it: select * from suggest_thresholds(); all the same: force => true.',
          errcode = 'object_not_in_prerequisite_state';
    end if;
  end if;
  certified := kept;
  return next;
end $$;
comment on function set_thresholds(real, real, real, text, bigint, bigint, boolean, boolean) is
  'Sets the confidences from which on the local layer answers, of a model or of one branch.
l1: lowest confidence in the top category, 0 to 1.
l2: lowest confidence in the middle category, 0 to 1.
l3: lowest confidence in the leaf, 0 to 1.
reason: why.
model_id: the model; NULL (the default): the champion.
branch: a category below which they hold, stricter than the general ones; NULL (the default): everywhere.
never_local: true: below the branch the local layer never answers. Default false.
force: true: also where the standing promise is not proved with them. Default false.
Returns: the thresholds before, whether the new ones are certified, and a note. While a promise stands they are certified when none is below what suggest_thresholds() proves; others would make the local layer only watch, and change nothing without force. Rows decided earlier stay as they are.
Errors: 22023 where they are no such numbers, there is no reason, or never_local has no branch; P0002 where there is no such category; 55000 where there is no such model, or the promise would not be proved.
Example: select l1_before, l2_before, l3_before, certified from set_thresholds(l1 => .8, l2 => .7, l3 => .6, reason => ''fewer mistakes'');';
grant execute on function set_thresholds to taxon_admin;

create or replace function undo_thresholds(model_id bigint default null, branch bigint default null)
  returns table (undone bigint, below bigint, l1 real, l2 real, l3 real, certified boolean, reason text)
  language plpgsql security definer set search_path from current as $$
#variable_conflict use_column
declare
  target bigint := coalesce(undo_thresholds.model_id, (select c.model_id from champion() c));
  newest thresholds;
  counts thresholds;
begin
  perform hold_lock('thresholds');
  -- a recalibration changes no decision: it goes with what it rewrote
  select t.* into newest from thresholds t
    where t.model_id = target and t.undone_at is null and t.cause <> 'recalibrated'
      and (undo_thresholds.branch is null or t.branch = undo_thresholds.branch)
    order by t.threshold_id desc limit 1;
  if newest.threshold_id is null then
    raise exception 'there is nothing to undo: no thresholds were set' using hint = 'select * from threshold_history;',
      errcode = 'object_not_in_prerequisite_state';
  end if;
  update thresholds t set undone_at = clock_timestamp()
    where t.model_id = target and t.branch is not distinct from newest.branch and t.threshold_id >= newest.threshold_id
      and t.undone_at is null;
  select t.* into counts from thresholds t
    where t.model_id = target and t.branch is not distinct from newest.branch and t.undone_at is null
    order by t.threshold_id desc limit 1;
  -- those that count again were confidences of a calibration: the same names pass in the one of today
  insert into thresholds (model_id, branch, l1, l2, l3, never_local, reason, set_by, promise_id, certified, upper_bound, checks,
    calibration_id, cause)
    select counts.model_id, counts.branch, rescaled(counts.l1, 1, was, now), rescaled(counts.l2, 2, was, now),
           rescaled(counts.l3, 3, was, now), counts.never_local, counts.reason, session_user, counts.promise_id, counts.certified,
           counts.upper_bound, counts.checks, now.calibration_id, 'recalibrated'
      from calibration_in_force(target) now left join calibrations was on was.calibration_id = counts.calibration_id
      where counts.threshold_id is not null and now.calibration_id is distinct from counts.calibration_id;
  return query
    select newest.threshold_id, newest.branch, f.l1, f.l2, f.l3,
           coalesce((select t.certified from thresholds t where t.threshold_id = f.threshold_id), false),
           coalesce((select t.reason from thresholds t where t.threshold_id = f.threshold_id), 'the defaults; not certified')
      from thresholds_for(target, newest.branch) f;
end $$;
comment on function undo_thresholds(bigint, bigint) is
  'Takes back the newest setting of thresholds; called again, the one before.
model_id: the model; NULL (the default): the champion.
branch: that of this branch; NULL (the default): the newest of all.
Returns: what was undone and what counts now.
Errors: 55000 where nothing is left to undo.
Example: select l1, l2, l3, reason from undo_thresholds();';
grant execute on function undo_thresholds to taxon_admin;

create or replace view threshold_history with (security_invoker) as
  select t.threshold_id, t.model_id, m.state as model_state, t.l1, t.l2, t.l3, t.reason, t.set_by, t.set_at,
         t.branch, category_path(t.branch) as branch_path, t.never_local, t.cause, t.certified, t.upper_bound, t.checks,
         t.promise_id, p.max_error as promised, t.calibration_id, t.undone_at
    from thresholds t join models m using (model_id) left join promises p using (promise_id) order by t.threshold_id desc;
comment on view threshold_history is 'Every setting of thresholds, newest first.';
comment on column threshold_history.threshold_id is 'Order of setting.';
comment on column threshold_history.model_id is 'The model they belong to.';
comment on column threshold_history.model_state is 'Whether that model is the champion now.';
comment on column threshold_history.l1 is 'Lowest l1 confidence accepted.';
comment on column threshold_history.l2 is 'Lowest l2 confidence accepted.';
comment on column threshold_history.l3 is 'Lowest l3 confidence accepted.';
comment on column threshold_history.reason is 'Why.';
comment on column threshold_history.set_by is 'By whom.';
comment on column threshold_history.set_at is 'When.';
comment on column threshold_history.branch is 'Category below which they hold; NULL: everywhere.';
comment on column threshold_history.branch_path is 'Its path.';
comment on column threshold_history.never_local is 'Below this branch the local layer never answers.';
comment on column threshold_history.cause is 'person, promise, tightened, released or recalibrated; see thresholds.';
comment on column threshold_history.certified is 'Whether the promise was proved for them by checks.';
comment on column threshold_history.upper_bound is 'Upper bound of the share of wrong answers that the checks proved.';
comment on column threshold_history.checks is 'How many checked names stood above them.';
comment on column threshold_history.promise_id is 'The promise that stood when they were set.';
comment on column threshold_history.promised is 'The largest share of wrong answers that it allows.';
comment on column threshold_history.calibration_id is 'The calibration whose confidences they are.';
comment on column threshold_history.undone_at is 'When undo_thresholds() took them back; NULL: not undone.';
grant select on threshold_history to taxon_reader, taxon_admin;
