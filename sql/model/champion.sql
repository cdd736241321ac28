-- taxon: The model that answers.

create or replace function champion() returns setof models
  language sql stable
begin atomic
  select m.* from models m where m.state = 'champion';
end;
comment on function champion() is 'The model in use; no row before the first is promoted.';
grant execute on function champion to taxon_reader, taxon_admin, taxon_sidecar;
