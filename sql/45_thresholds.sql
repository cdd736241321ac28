-- Thresholds belong to a model; the newest row counts, the seed's .75 / .55 / .40 where there is none.

create or replace function thresholds_in_force(model_id bigint default null)
  returns table (model_id bigint, l1 real, l2 real, l3 real, certified boolean, reason text, set_at timestamptz, threshold_id bigint)
  language sql stable
begin atomic
  select m.model_id, coalesce(t.l1, .75::real), coalesce(t.l2, .55::real), coalesce(t.l3, .40::real), coalesce(t.certified, false),
         coalesce(t.reason, 'the defaults; not certified'), t.set_at, t.threshold_id
    from models m
    left join lateral (select * from thresholds x where x.model_id = m.model_id and x.branch is null and x.undone_at is null
                       order by x.threshold_id desc limit 1) t on true
    where m.model_id = thresholds_in_force.model_id
       or thresholds_in_force.model_id is null and m.state = 'champion';
end;
comment on function thresholds_in_force(bigint) is 'The thresholds that count for a model (default: the champion). certified is false until a promise on the error has been proved.';

create or replace function set_thresholds(l1 real, l2 real, l3 real, reason text, model_id bigint default null)
  returns table (l1_before real, l2_before real, l3_before real)
  language plpgsql security definer set search_path from current as $$
declare
  target bigint;
begin
  if l1 is null or l2 is null or l3 is null or not (l1 between 0 and 1 and l2 between 0 and 1 and l3 between 0 and 1) then
    raise exception 'thresholds are three numbers from 0 to 1, not % / % / %', l1, l2, l3;
  elsif coalesce(btrim(reason), '') = '' then
    raise exception 'say why: set_thresholds(l1 => .75, l2 => .55, l3 => .40, reason => ''…'')';
  end if;
  select f.model_id, f.l1, f.l2, f.l3 into target, l1_before, l2_before, l3_before
    from thresholds_in_force(set_thresholds.model_id) f;
  if target is null then
    raise exception '%', case when set_thresholds.model_id is null then 'there is no champion yet: thresholds belong to a model'
                              else format('there is no model %s', set_thresholds.model_id) end
      using hint = 'Train one: taxon train';
  end if;
  if (l1, l2, l3) is distinct from (l1_before, l2_before, l3_before) then
    insert into thresholds (model_id, l1, l2, l3, reason, set_by) values (target, l1, l2, l3, reason, session_user);
  end if;
  return next;
end $$;
comment on function set_thresholds(real, real, real, text, bigint) is 'Sets the thresholds of a model (default: the champion) and keeps the history; returns those before. Rows decided earlier stay as they are.';

create or replace view threshold_history as
  select t.threshold_id, t.model_id, m.state as model_state, t.l1, t.l2, t.l3, t.reason, t.set_by, t.set_at
    from thresholds t join models m using (model_id) order by t.threshold_id desc;
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
