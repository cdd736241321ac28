-- taxon: The model that answers.

create or replace function champion() returns setof models
  language sql stable
begin atomic
  select m.* from models m where m.state = 'champion';
end;
comment on function champion() is
  'Shows the model in use; no row before the first is promoted.
Example: select model_id, promoted_at is not null as promoted from champion();';
grant execute on function champion to taxon_reader, taxon_admin, taxon_sidecar;
