-- taxon_internal: Names that no model is trained on, as they certify models.

create or replace function is_sealed_name(name_hash bytea) returns boolean
  language sql stable parallel safe
begin atomic
  select exists (select from checks k where k.name_hash = is_sealed_name.name_hash and k.layer = 'local' and k.strategy <> 'audit')
      or exists (select from regression_names r where r.name_hash = is_sealed_name.name_hash);
end;
comment on function is_sealed_name(bytea) is 'Whether a name was drawn for people to judge the local layer, or stands in the regression set: it trains no model and cleaning leaves it alone, so that it can certify every later model. Example: is_sealed_name(name_hash(''kettle'')) is false until draw_checks() has drawn it.';
