-- taxon: A person ends an alarm.

create or replace function end_alarm(alarm_id bigint, reason text) returns boolean
  language plpgsql security definer set search_path from current as $$
begin
  if coalesce(btrim(reason), '') = '' then
    raise exception 'say why: end_alarm(%, reason => ''…'')', end_alarm.alarm_id using errcode = 'invalid_parameter_value';
  elsif not exists (select from alarms a where a.alarm_id = end_alarm.alarm_id) then
    raise exception 'there is no alarm %', end_alarm.alarm_id using hint = 'select * from alarms where ended_at is null;',
      errcode = 'no_data_found';
  end if;
  return close_alarm(end_alarm.alarm_id, format('%s (%s)', reason, session_user));
end $$;
comment on function end_alarm(bigint, text) is
  'Ends an alarm: thresholds or shadow go back to what they were before it, and the next names are the new quiet times.
alarm_id: the alarm, as health() shows it.
reason: why.
Returns: whether it was open.
Errors: 22023 without a reason; P0002 where there is no such alarm.
Example: select end_alarm(1, reason => ''the new branch is in the training data now'');';
grant execute on function end_alarm to taxon_admin;
