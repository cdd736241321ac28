-- What health() says of how neighbours are found.

create or replace function neighbours_health() returns table (item text, status text, value text, detail text)
  language plpgsql stable security definer set search_path from current as $$
declare
  encoder integer := (select s.encoder_id from serving() s where s.role = 'champion');
  version text := (select e.extversion from pg_extension e where e.extname = 'vector');
  labels bigint;
  way text;
  i record;
  making record;
  compared index_comparisons;
begin
  return query select 'pgvector', case when hnsw_is_sound() then 'ok' else 'warn' end, version,
    case when hnsw_is_sound() then 'HNSW may be used'
      else 'VACUUM of an HNSW index has faults below 0.8.4: neighbours are exact; alter extension vector update, where a newer one is installed' end;
  if encoder is null then return; end if;
  item := 'neighbours';
  way := neighbours_by(encoder);
  value := way;
  -- an estimate will do: the table is as large as memory
  labels := coalesce((select greatest(c.reltuples, 0)::bigint from pg_class c where c.oid = 'labels'::regclass), 0);
  detail := format('about %s ms a name at %s labels', round(labels * .0005), labels);
  select * into i from near_index(encoder);
  select p.phase, round(100 * p.blocks_done / nullif(p.blocks_total, 0)::numeric) as percent into making
    from pg_stat_progress_create_index p join pg_class c on c.oid = p.index_relid where c.oid = i.index_id;
  select * into compared from index_comparisons c where c.encoder_id = encoder and c.index_id = i.index_id order by c.comparison_id desc limit 1;
  status := 'ok';
  if way = 'index' then
    status := case when hnsw_is_sound() and i.valid is not null then 'ok' else 'warn' end;
    detail := case when i.valid is not true then 'there is no index that may be used, all labels are compared: ' || detail
      when compared.comparison_id is null then 'not compared with exact neighbours'
      else format('compared on %s names: %s%% of the exact neighbours found, %s answered otherwise', compared.names, round(100 * compared.recall::numeric, 1), compared.other_decisions) end;
  elsif way = 'off' then
    detail := 'the memory voice is left out: the setting neighbours';
  elsif setting('neighbours') = '"auto"' and index_pays(encoder) then
    status := 'warn';
    detail := detail || case
      when making.phase is not null then format('; the index is being made: %s%s', making.phase, coalesce(format(' (%s%%)', making.percent), ''))
      when i.valid is null then '; a sidecar makes an index where its login may act as the owner of the tables; else the owner does: taxon model encoders --index'
      when not i.valid then '; the index is being made, or that was cut short: then it is made anew'
      when compared.comparison_id is null then '; the index is made, and compared before it is used'
      else format('; by the index %s of %s names would be decided otherwise: select * from index_comparisons; to use it all the same: select set_setting(''neighbours'', ''"index"'')', compared.other_decisions, compared.names) end;
    if making.phase is not null then status := 'ok'; end if;
  elsif not hnsw_is_sound() and labels >= 20000 then
    status := 'warn';
    detail := detail || '; by an index it would be some, whatever their number: pgvector 0.8.4 makes one possible';
  end if;
  return next;
end $$;
comment on function neighbours_health() is 'How neighbours are found and what that costs, for health(). Example: select item from neighbours_health();';
