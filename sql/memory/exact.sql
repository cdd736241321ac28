-- taxon_internal: Layer 1: the same normalised name is already labelled. The INSERT trigger (insert.sql) asks the same question.

create or replace function exact(name_key text) returns setof labels
  language sql stable strict parallel safe
begin atomic
  select l.* from labels l where l.name_hash = name_hash(exact.name_key);
end;
comment on function exact(text) is 'Layer 1: the label of this name key, if memory holds one.';
grant execute on function exact to taxon_admin, taxon_sidecar;
