-- taxon_internal: Names that no model is trained on, as they certify models.

create or replace function sealed(name_hash bytea) returns boolean
  language sql stable parallel safe
begin atomic
  select exists (select from checks k where k.name_hash = sealed.name_hash and k.layer = 'local' and k.strategy <> 'audit')
      or exists (select from regression_names r where r.name_hash = sealed.name_hash);
end;
comment on function sealed(bytea) is 'Whether a name was drawn for people to judge the local layer, or stands in the regression set: it trains no model and cleaning leaves it alone, so that it can certify every later model. Example: sealed(name_hash(''kettle'')) is false until spot_check() has drawn it.';
