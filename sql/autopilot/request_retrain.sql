-- taxon: A person asks for a retraining.

create or replace function request_retrain(reason text default 'by hand', cause text default 'person') returns bigint
  language plpgsql security definer set search_path from current as $$
declare
  open bigint;
begin
  if coalesce(btrim(request_retrain.reason), '') = '' then
    raise exception 'say why: request_retrain(''…'')' using errcode = 'invalid_parameter_value';
  end if;
  insert into retrain_requests (cause, reason) values (request_retrain.cause, btrim(request_retrain.reason))
    on conflict ((true)) where run_id is null do nothing returning request_id into open;
  if open is null then
    select r.request_id into open from retrain_requests r where r.run_id is null;
  else
    perform tell_sidecars();
  end if;
  return open;
end $$;
comment on function request_retrain(text, text) is
  'Asks for a retraining; a sidecar that may train begins it within a minute.
reason: why; ''by hand'' by default.
cause: what asks, person by default; the autopilot gives its own.
Returns: the id of the request. One is open at a time: asked again it returns that one.
Errors: 22023 without a reason.
Example: select request_retrain(''new range of garden tools'');';
grant execute on function request_retrain to taxon_admin, taxon_sidecar;
