-- taxon_internal: The two schemas: what people type and read, and all else.

create or replace function own_schemas() returns oid[]
  language sql stable parallel safe
begin atomic
  select array['@schema@'::regnamespace, '@internal@'::regnamespace]::oid[];
end;
comment on function own_schemas() is 'The two schemas of pgtaxon, for what asks the catalogue. Example: select cardinality(own_schemas());';
