-- taxon: Keys that no longer are their own normal form are made again.

create or replace function renew_keys(preview boolean default false) returns bigint
  language plpgsql security definer set search_path from current as $$
declare
  renewed bigint;
begin
  if preview then
    return (select count(*) from labels x where normalise(x.name_key) <> x.name_key);
  end if;
  with gone as (
    delete from labels x where normalise(x.name_key) <> x.name_key returning x.*
  ), kept as (
    insert into labels as l (name_key, category_id, source, confidence, llm_call_id, created_at, updated_at, labelled_at)
      select distinct on (normalise(g.name_key)) normalise(g.name_key), g.category_id, g.source, g.confidence, g.llm_call_id, g.created_at,
        g.updated_at, g.labelled_at
        from gone g where normalise(g.name_key) <> ''
        order by normalise(g.name_key), (g.source = 'human') desc, g.updated_at desc
      on conflict (name_hash) do update set category_id = excluded.category_id, source = excluded.source, confidence = excluded.confidence,
        llm_call_id = excluded.llm_call_id, updated_at = excluded.updated_at, labelled_at = excluded.labelled_at
        where excluded.source = 'human' and l.source <> 'human'
  ), known as (
    update key_counts set rules = name_rules(), changed = 0, example = null, counted_at = clock_timestamp()
  )
  select count(*) into renewed from gone;
  return renewed;
end $$;
comment on function renew_keys(boolean) is
  'Puts labels whose key this server normalises to something else under their new key.
preview: true: counts them and changes nothing. Default false.
Returns: how many. Of several under one key a person''s is kept, else what stands there already, else the newest. Reads all labels. Their names are encoded anew when they are needed.
Example: select renew_keys(preview => true);';
grant execute on function renew_keys to taxon_admin;
