-- taxon: Settings that all processes share.

create or replace function setting(key text) returns jsonb
  language sql stable parallel safe
begin atomic
  select s.value from all_settings s where s.key = setting.key;
end;
comment on function setting(text) is
  'Reads a setting.
key: its name.
Returns: its value; NULL where there is none of that name.
Example: select setting(''max_attempts'');';
grant execute on function setting to taxon_reader, taxon_admin, taxon_sidecar;

create or replace function set_setting(key text, value jsonb, reason text default null) returns jsonb
  language plpgsql security definer set search_path from current as $$
declare
  s all_settings;
begin
  select * into s from all_settings x where x.key = set_setting.key and x.audience <> 'internal';
  if not found then
    raise exception 'there is no setting "%"', key using errcode = 'no_data_found',
      hint = 'The settings are: ' || (select string_agg(x.key, ', ' order by x.key) from all_settings x where x.audience <> 'internal');
  elsif s.changed_with is not null then
    raise exception '% is not changed here', key using errcode = 'object_not_in_prerequisite_state',
      hint = format('select %s;', s.changed_with);
  elsif not setting_takes(s, value) then
    raise exception '% takes %, not %', key, setting_range(s), coalesce(value::text, 'NULL')
      using errcode = 'invalid_parameter_value', hint = s.description || setting_hint(s.kind);
  end if;
  update all_settings x set value = coalesce(set_setting.value, 'null'), changed_at = now(), changed_by = session_user,
    reason = set_setting.reason
    where x.key = set_setting.key;
  return value;
end $$;
comment on function set_setting(text, jsonb, text) is
  'Changes a setting.
key: its name, as in the view settings; the others stand in taxon_internal.all_settings.
value: its new value as JSON: true, 0.5, ''"shadow"'' or ''[7]''; null takes a limit away.
reason: why, for those who come later; NULL by default.
Returns: the value.
Errors: P0002 where there is no such setting; 22023 where it does not take that value; 55000 where another function changes it.
Example: select set_setting(''similarity_threshold'', ''0.7'', reason => ''too many wrong ones'');';
grant execute on function set_setting to taxon_admin;

create or replace view settings with (security_invoker) as
  select s.key, s.value, s.description, setting_range(s) as takes, s.unit, s.changed_at, s.changed_by, s.reason
    from all_settings s where s.audience = 'everyday';
comment on view settings is 'The settings that one needs from day to day, and what each does; all of them are in taxon_internal.all_settings.';
comment on column settings.key is 'Its name, for set_setting().';
comment on column settings.value is 'Its value.';
comment on column settings.description is 'What it does.';
comment on column settings.takes is 'What it may be.';
comment on column settings.unit is 'What a number counts.';
comment on column settings.changed_at is 'When it was last changed.';
comment on column settings.changed_by is 'Who changed it last; NULL: never changed.';
comment on column settings.reason is 'Why, in words, if anybody said so.';
grant select on settings to taxon_reader, taxon_admin;
