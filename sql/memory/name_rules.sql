-- taxon_internal: Labels are kept under name keys, and a key has to be its own normal form to be found. How PostgreSQL lower-cases and composes
-- follows its tables of Unicode, so another major version, or another ICU, may normalise the rare names with new characters
-- otherwise: after a restore elsewhere, or an upgrade, their labels would be missed in silence.

create or replace function name_rules() returns text
  language sql stable
begin atomic
  select format('PostgreSQL %s%s', current_setting('server_version_num')::integer / 10000,
                (select string_agg(format(', %s %s', c.collname, pg_collation_actual_version(c.oid)), '' order by c.collname desc)
                  from pg_collation c
                   where c.oid in (to_regcollation('pg_catalog."und-x-icu"'), to_regcollation('pg_catalog.pg_unicode_fast'))));
end;
comment on function name_rules() is 'By which tables of Unicode this server normalises names: its major version and the versions of the collations that normalise() may use. Example: select name_rules() like ''PostgreSQL %'';';
grant execute on function name_rules to taxon_admin;

-- a new database has no label of another server
insert into key_counts (rules) select name_rules() where not exists (select from labels) on conflict do nothing;

create or replace function count_changed_keys() returns bigint
  language plpgsql volatile security definer set search_path from current as $$
declare
  counted key_counts;
begin
  -- those that are known are counted once a day, as somebody may mend them; else nothing changes while the server does not
  if exists (select from key_counts k where k.rules = name_rules() and (k.changed = 0 or k.counted_at > now() - interval '1 day'))
    then return null; end if;
  select true, name_rules(), count(*), count(*) filter (where normalise(l.name_key) <> l.name_key),
         min(l.name_key) filter (where normalise(l.name_key) <> l.name_key), clock_timestamp() into counted from labels l;
  insert into key_counts as k select counted.* on conflict (only_one) do update
    set rules = excluded.rules, labels = excluded.labels, changed = excluded.changed, example = excluded.example,
      counted_at = excluded.counted_at;
  return counted.changed;
end $$;
comment on function count_changed_keys() is 'Counts the labels whose key this server normalises to something else, for health(): reads all labels (3 to 4 s of processor time a million) where the server''s rules are not those of the last count, and once a day while there are such; else returns NULL at once. Sidecars call it every five minutes. Example: select count_changed_keys();';
grant execute on function count_changed_keys to taxon_admin, taxon_sidecar;

create or replace function keys_health() returns table (item text, status text, value text, detail text)
  language sql stable security definer set search_path from current as $$
  select 'name keys', 'warn', 'not counted',
    format('labels were kept by %s, this is %s, which may normalise rare names otherwise; a sidecar counts them within five minutes, or: select count_changed_keys()',
      coalesce(nullif(k.rules, ''), 'an unknown server'), name_rules())
    from (select 1) x left join key_counts k on true where k.rules is distinct from name_rules() and exists (select from labels)
  union all
  select 'name keys', 'warn', format('%s of %s', k.changed, k.labels),
    format('labels stand under a key that this server normalises otherwise, such as "%s": exact answers miss them; select renew_keys()',
    k.example)
    from key_counts k where k.rules = name_rules() and k.changed > 0;
$$;
comment on function keys_health() is 'What health() says of labels that are not found any more since the server is another one; no row where all is well. Example: select item, value, detail from keys_health();';
