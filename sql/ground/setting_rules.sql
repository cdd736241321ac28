-- taxon_internal: What a setting takes, by the columns that describe it.

create or replace function setting_takes(setting all_settings, value jsonb) returns boolean
  language plpgsql stable set search_path from current as $$
declare
  n numeric;
begin
  if value is null or value = 'null' then
    return setting.nullable;
  end if;
  case setting.kind
    when 'switch' then return jsonb_typeof(value) = 'boolean';
    when 'choice' then return jsonb_typeof(value) = 'string' and value #>> '{}' = any (setting.choices);
    when 'text' then return jsonb_typeof(value) = 'string';
    when 'cron' then return value = '""' or jsonb_typeof(value) = 'string' and is_cron(value #>> '{}');
    when 'branches' then
      return jsonb_typeof(value) = 'array' and not exists (
        select from jsonb_array_elements(value) e
          where not exists (select from categories c where to_jsonb(c.category_id) = e and c.parent_id is null and c.retired_at is null));
    when 'number', 'whole' then
      if jsonb_typeof(value) <> 'number' then return false; end if;
      n := value::numeric;
      -- below 1e-12 a number cannot be reckoned with; 0 can
      return (n = 0 and setting.or_zero or n between coalesce(setting.least, n) and coalesce(setting.most, n)
        and (n = 0 or abs(n) >= 1e-12))
         and (setting.kind = 'number' or n % 1 = 0);
    else return false;
  end case;
end $$;
comment on function setting_takes(all_settings,
  jsonb) is 'Whether a setting takes a value. Example: select setting_takes(s, ''2'') from all_settings s where s.key = ''audit_share'';';

create or replace function setting_range(setting all_settings) returns text
  language sql immutable
begin atomic
  select case (setting).kind
           when 'switch' then 'true or false'
           when 'choice' then (select string_agg(format('"%s"', c), ', ' order by place)
             from unnest((setting).choices) with ordinality u(c, place))
           when 'cron' then 'a time as cron writes it'
           when 'branches' then 'ids of top categories in use'
           when 'text' then 'text'
           else case (setting).kind when 'whole' then 'a whole number' else 'a number' end
             || case when (setting).most >= 1e9 and (setting).least is not null then format(', %s or more', trim_scale((setting).least))
                     when (setting).least is not null then format(' from %s to %s', trim_scale((setting).least), trim_scale((setting).most))
                       else '' end
             || case when (setting).or_zero then ', or 0' else '' end
         end || case when (setting).nullable then ', or null for no limit' else '' end;
end;
comment on function setting_range(all_settings) is 'What a setting takes, in words. Example: select setting_range(s) from all_settings s where s.key = ''audit_share'';';
grant execute on function setting_range to taxon_reader, taxon_admin;

create or replace function setting_hint(kind text) returns text
  language sql immutable parallel safe
begin atomic
  select case setting_hint.kind
           when 'cron' then ' Minute, hour, day of the month, month, day of the week, in UTC: "0 2 * * 0" is Sunday at two. Empty: never.'
           when 'branches' then ' select category_id, name from categories where parent_id is null and retired_at is null;' else '' end;
end;
comment on function setting_hint(text) is 'What more there is to say of settings of a kind. Example: select setting_hint(''cron'');';

grant select on all_settings to taxon_sidecar;
