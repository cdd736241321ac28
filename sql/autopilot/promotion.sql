-- taxon_internal: The first model is promoted as soon as it is there.

create or replace function promote_first(model_id bigint) returns boolean
  language plpgsql security definer set search_path from current as $$
begin
  perform hold_lock('models');
  if exists (select from champion()) then return false; end if;
  perform promote_model(promote_first.model_id);
  return true;
end $$;
comment on function promote_first(bigint) is 'Makes a model the champion where there is none, which a sidecar may do, too; false: there is one. Example: promote_first(1);';
grant execute on function promote_first to taxon_admin, taxon_sidecar;

create or replace function is_first_full(champion bigint, challenger bigint) returns boolean
  language sql stable security definer set search_path from current as $$
  select c.encoder_id is null and x.encoder_id is not null
    from models c join models x on x.model_id = is_first_full.challenger where c.model_id = is_first_full.champion;
$$;
comment on function is_first_full(bigint,
  bigint) is 'Whether a challenger is the full model that follows a first one of letters alone: held-out and checked names alone judge it, and where no promise stands it answers at once. Example: select is_first_full(1, 2);';
grant execute on function is_first_full to taxon_admin;
