-- taxon_internal: Which database may pay for LLM calls: a copy of it has to be told so.

create or replace function database_identity() returns text
  language plpgsql stable security definer set search_path from current as $$
begin
  -- a restored dump is another database: of another cluster, or with another oid
  return (select d.oid::text from pg_database d where d.datname = current_database())
    || '/' || (select c.system_identifier from pg_control_system() c);
exception when insufficient_privilege or undefined_function then
  return 'unknown';
end $$;
comment on function database_identity() is 'What tells this database from a restored copy of it: its oid and its cluster''s identifier. A standby that takes over is the same. Example: select database_identity() is not null;';

create or replace function keep_deployment(deployment text) returns boolean
  language plpgsql security definer set search_path from current as $$
begin
  update all_settings s set value = jsonb_build_object('name', deployment, 'database', database_identity()), changed_at = now()
    where s.key = 'llm_deployment' and s.value = 'null' and deployment is not null;
  return may_pay(deployment);
end $$;
comment on function keep_deployment(text) is 'The first deployment that comes with a provider that is paid becomes the one that may make calls here; returns whether this one may. Example: select keep_deployment(''default'');';
grant execute on function keep_deployment to taxon_admin, taxon_sidecar;
