-- taxon: Settings that all processes share.

create or replace function setting(key text) returns jsonb
  language sql stable parallel safe
begin atomic
  select s.value from all_settings s where s.key = setting.key;
end;
comment on function setting(text) is 'The value of a setting; NULL when there is none of that name.';
grant execute on function setting to taxon_reader, taxon_admin, taxon_sidecar;

create or replace function set_setting(key text, value jsonb) returns jsonb
  language plpgsql security definer set search_path from current as $$
declare
  was jsonb := setting(key);
begin
  if was is null or key = 'sql_sha256' then
    raise exception 'there is no setting "%"', key
      using hint = 'The settings are: ' || (select string_agg(s.key, ', ' order by s.key) from all_settings s where s.key <> 'sql_sha256');
  elsif key = 'tree_levels' then
    raise exception 'tree_levels is not changed here' using hint = 'Use set_tree_levels(''1,2,deepest''): it moves the categories too.';
  elsif key = 'llm_deployment' then
    raise exception 'llm_deployment is not changed here' using hint = 'Use adopt_deployment(''default''): it notes the database too.';
  elsif key in ('llm_tokens_a_day', 'llm_tokens_a_month', 'llm_dollars_a_day', 'llm_dollars_a_month') then
    value := coalesce(value, 'null');
    if value <> 'null' and not (jsonb_typeof(value) = 'number' and (value #>> '{}')::numeric between 0 and 1e15) then
      raise exception '% takes a number, 0 or more, or null for no limit, not %', key, value;
    end if;
  elsif jsonb_typeof(value) is distinct from jsonb_typeof(was) then
    raise exception 'the setting "%" takes a %, not %', key, jsonb_typeof(was), coalesce(value::text, 'NULL');
  elsif jsonb_typeof(value) = 'number' and (value #>> '{}')::numeric <> 0 and abs((value #>> '{}')::numeric) < 1e-12 then
    raise exception '% is as good as 0', value using hint = 'Say 0, or a number that can be reckoned with.', errcode = 'invalid_parameter_value';
  elsif key = 'similarity_threshold' and not value::numeric between 0.3 and 1 then
    raise exception 'similarity_threshold must be from 0.3 to 1, not %', value;
  elsif key = 'max_attempts' and not (value::numeric between 1 and 100 and value::numeric % 1 = 0) then
    raise exception 'max_attempts must be a whole number from 1 to 100, not %', value;
  elsif key = 'local_layer' and value not in ('"on"', '"shadow"', '"off"') then
    raise exception 'local_layer must be "on", "shadow" or "off", not %', value;
  elsif key = 'neighbours' and value not in ('"auto"', '"exact"', '"index"', '"off"') then
    raise exception 'neighbours must be "auto", "exact", "index" or "off", not %', value;
  elsif key = 'auditor' and value not in ('"llm"', '"human"') then
    raise exception 'auditor must be "llm" or "human", not %', value;
  elsif key = 'teach_strategy' and value not in ('"random"', '"unfamiliar"', '"uncertain"', '"mixed"') then
    raise exception 'teach_strategy must be "random", "unfamiliar", "uncertain" or "mixed", not %', value;
  elsif key = 'shadow_branches' and exists (select from jsonb_array_elements(value) e where not exists (
          select from categories c where to_jsonb(c.category_id) = e and c.parent_id is null and c.retired_at is null)) then
    raise exception 'shadow_branches takes ids of top categories, not %', value
      using hint = 'select category_id, name from categories where parent_id is null and retired_at is null;', errcode = 'invalid_parameter_value';
  elsif key = 'retrain_schedule' and value <> '""' and not is_cron(value #>> '{}') then
    raise exception 'retrain_schedule is a time as cron writes it, not %', value
      using hint = 'Minute, hour, day of the month, month, day of the week, in UTC: "0 2 * * 0" is Sunday at two. Empty: never.', errcode = 'invalid_parameter_value';
  elsif key in ('audit_share', 'auditor_error', 'similar_promise', 'retrain_gain', 'retrain_growth', 'gate_branch_loss', 'gate_coverage_loss', 'gate_teacher_drop', 'canary_share') and not value::numeric between 0 and 1 then
    raise exception '% must be from 0 to 1, not %', key, value;
  elsif key = 'drift_names_a_year' and not value::numeric between 1000 and 1e12 then
    raise exception 'drift_names_a_year must be 1000 or more, not %', value;
  elsif key in ('evidence_days', 'ledger_names_days', 'ledger_days', 'model_days') and not (value::numeric between 0 and 36500 and value::numeric % 1 = 0) then
    raise exception '% must be a whole number of days, 0 to 36500, not %', key, value;
  elsif key = 'ledger_days' and value::numeric between 1 and 61 then
    raise exception 'ledger_days must be 0 (for ever) or 62 at least, as budgets count a month, not %', value;
  elsif key in ('way_back', 'full_training_every') and not (value::numeric between 1 and 1000 and value::numeric % 1 = 0) then
    raise exception '% must be a whole number from 1 to 1000, not %', key, value;
  elsif key in ('gate_model_mb', 'gate_slower') and not value::numeric between 1e-6 and 1e9 then
    raise exception '% must be above 0, not %', key, value;
  elsif key = 'drift_burst_hours' and not value::numeric between 0 and 168 then
    raise exception 'drift_burst_hours must be from 0 (off) to 168, not %', value;
  elsif key = 'llm_full_batch' and not (value::numeric between 1 and 100 and value::numeric % 1 = 0) then
    raise exception 'llm_full_batch must be a whole number from 1 to 100, not %', value;
  elsif key in ('audit_tokens_a_day', 'audit_people_a_day', 'teach_tokens_a_day',
                'retrain_labels', 'signatures_from', 'stale_names', 'shadow_names', 'canary_names', 'watch_names') and not (value::numeric between 0 and 1e15 and value::numeric % 1 = 0) then
    raise exception '% must be a whole number, 0 or more, not %', key, value;
  end if;
  update all_settings s set value = set_setting.value, changed_at = now() where s.key = set_setting.key;
  -- at once; heartbeats switch it on again
  if key = 'notify' and value = 'false' then
    update sidecars set idle = false where idle;
    perform note_idle();
  end if;
  return value;
end $$;
comment on function set_setting(text, jsonb) is 'Changes a setting; refuses unknown names and values of another type or out of range (of a schedule or a branch with SQLSTATE 22023).';
grant execute on function set_setting to taxon_admin;
