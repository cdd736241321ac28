-- taxon_internal: Names that were forgotten: what settles, encodes or sends asks here.

create or replace function forgotten(name_hash bytea) returns boolean
  language sql stable
begin atomic
  -- brought again by an application, an import or a person, it is a name like any other
  select exists (select from forgotten_names f where f.name_hash = forgotten.name_hash)
     and not exists (select from labels l where l.name_hash = forgotten.name_hash)
     and not exists (select from products p where name_hash(p.name_key) = forgotten.name_hash)
     and not exists (select from regression_names r where r.name_hash = forgotten.name_hash);
end;
comment on function forgotten(bytea) is 'Whether a name was forgotten in the last two days and nobody has given it again since: what is still in hand of it is dropped. Example: select forgotten(name_hash(''kettle''));';

create or replace function tables_of_names() returns table (relation regclass, by_hash boolean)
  language sql stable set search_path from current as $$
  select c.oid::regclass, bool_or(a.attname = 'name_hash')
    from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attname in ('name_hash', 'name_key') and not a.attisdropped
    where c.relnamespace = any (own_schemas()) and c.relkind = 'r'
      and c.relname not in ('products', 'forgotten_names')
    -- history last: removing a label writes it
    group by c.oid order by c.relname = 'label_changes', c.relname;
$$;
comment on function tables_of_names() is 'The tables whose rows are each about one name, by a column name_hash or else name_key, products aside: asked of the catalogue, so that none is left out that comes later. Example: select * from tables_of_names();';

create or replace function sweep_forgotten() returns integer
  language plpgsql security definer set search_path from current as $$
declare
  t record;
  n integer;
  removed integer := 0;
begin
  if not exists (select from forgotten_names) then return 0; end if;
  for t in select * from tables_of_names() loop
    -- judged in the statement that removes: a row and the queue entry of a name given again come at one moment
    execute format('with gone as (delete from %s x using forgotten_names f where %s = f.name_hash %s and forgotten(f.name_hash) returning 1) select count(*) from gone',
        t.relation, case when t.by_hash then 'x.name_hash' else 'name_hash(x.name_key)' end,
        -- its index begins with the encoder
        case when t.relation = 'embeddings'::regclass then 'and x.encoder_id in (select e.encoder_id from encoders e)' else '' end)
      into n;
    removed := removed + n;
  end loop;
  -- a training that had read the name writes it into its report, which comes after its end (end_diagnosis())
  update training_runs r
    set report = jsonb_set(r.report, '{diagnostics,mistakes}', (
      select coalesce(jsonb_agg(m order by i), '[]') from jsonb_array_elements(r.report #> '{diagnostics,mistakes}') with ordinality u(m, i)
        where not exists (select from forgotten_names f where f.name_hash = name_hash(m ->> 'name') and forgotten(f.name_hash))))
    where coalesce(greatest(r.ended_at, r.lease_until), 'infinity') > (select min(f.forgotten_at) from forgotten_names f)
      and jsonb_typeof(r.report #> '{diagnostics,mistakes}') = 'array'
      and exists (select from jsonb_array_elements(r.report #> '{diagnostics,mistakes}') m
        join forgotten_names f on f.name_hash = name_hash(m ->> 'name')
                    where forgotten(f.name_hash));
  get diagnostics n = row_count;
  delete from forgotten_names f where f.forgotten_at < now() - interval '2 days';
  return removed + n;
end $$;
comment on function sweep_forgotten() is 'Removes again what somebody who had a name in hand wrote after it was forgotten (an embedding, an entry of the queue), unless the name was given again; after two days the marks go. Returns how much was removed. Sidecars call it every minute. Example: select sweep_forgotten();';
grant execute on function sweep_forgotten to taxon_sidecar;
