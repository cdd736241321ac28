-- taxon_internal: The roles of the cluster (they may exist before, and several schemas share them). All that they may do is taken from
-- them first, in an upgraded database too: what the files grant is all there is.

do $$
declare
  role_name text;
begin
  foreach role_name in array array['taxon_reader', 'taxon_writer', 'taxon_admin', 'taxon_sidecar'] loop
    if not exists (select from pg_roles r where r.rolname = role_name) then
      begin
        execute format('create role %I nologin', role_name);
      exception when duplicate_object or unique_violation then null;  -- another database of the cluster made it this moment
      end;
    end if;
  end loop;
end $$;

do $$
declare
  schemas constant text := '@schema@, @internal@';
  roles constant text := 'taxon_reader, taxon_writer, taxon_admin, taxon_sidecar';
begin
  execute format('revoke all on schema %s from public, %s', schemas, roles);
  execute format('revoke all on all tables in schema %s from public, %s', schemas, roles);
  execute format('revoke all on all functions in schema %s from public, %s', schemas, roles);
  execute format('grant usage on schema %s to %s', schemas, roles);
  execute format('grant select on all tables in schema %s to taxon_reader, taxon_admin', schemas);
end $$;

grant execute on function normalise, normalise_unusual, name_hash to taxon_reader, taxon_writer, taxon_admin, taxon_sidecar;
grant select on schema_objects to taxon_sidecar;

comment on table migrations is 'The once-only migrations that ran here; written by taxon migrate.';
comment on column migrations.id is 'Order of running.';
comment on column migrations.name is 'Name of its file in migrations/.';
comment on column migrations.run_on is 'When it ran.';
