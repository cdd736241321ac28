-- taxon: A copy of the database is told that it may pay for LLM calls.

create or replace function adopt_deployment(deployment text, reason text default null) returns text
  language plpgsql security definer set search_path from current as $$
begin
  if coalesce(deployment, '') = '' then
    raise exception 'which deployment?' using hint = 'The TAXON_DEPLOYMENT of the sidecars; "default" where it is not set.',
      errcode = 'invalid_parameter_value';
  end if;
  update all_settings s set value = jsonb_build_object('name', deployment, 'database', database_identity()),
      changed_at = now(), changed_by = session_user, reason = adopt_deployment.reason
    where s.key = 'llm_deployment';
  perform wake();
  return deployment;
end $$;
comment on function adopt_deployment(text, text) is
  'Says whose sidecars make the paid calls of this database from now on; no others do.
deployment: TAXON_DEPLOYMENT of those sidecars, default where it is not set.
reason: why; NULL by default.
Returns: the deployment. A restored copy makes no paid call until it is told here.
Errors: 22023 without a deployment.
Example: select adopt_deployment(''default'', reason => ''the copy takes over'');';
grant execute on function adopt_deployment to taxon_admin;
