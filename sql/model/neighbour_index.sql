-- taxon_internal: The HNSW index that neighbours() uses: when there is one to make, how, and what is found before it is used.

create or replace function neighbour_index(encoder_id integer default null) returns text
  language sql stable security definer set search_path from current as $$
  select format('create index concurrently if not exists embeddings_near_%1$s on @internal@.embeddings using hnsw ((embedding::%3$I.halfvec(%2$s)) %3$I.halfvec_ip_ops) where encoder_id = %1$s and labelled',
                e.encoder_id, e.dimension, (select n.nspname from pg_extension x join pg_namespace n on n.oid = x.extnamespace
                  where x.extname = 'vector'))
    from encoders e where e.encoder_id = coalesce(neighbour_index.encoder_id, (select c.encoder_id from champion() c));
$$;
comment on function neighbour_index(integer) is 'The statement that makes the HNSW index of an encoder (default: the champion''s). Sidecars whose login may act as the owner of the tables run it by themselves, else the owner does: taxon model encoders --index. Example: select neighbour_index(1);';
grant execute on function neighbour_index to taxon_admin, taxon_sidecar;

create or replace function index_pays_from() returns integer
  language sql immutable parallel safe
begin atomic
  select 20000;
end;
comment on function index_pays_from() is 'From so many labels on an index of neighbours pays: comparing with fewer takes under 10 ms. Example: select index_pays_from();';

create or replace function index_pays(encoder_id integer) returns boolean
  language sql stable security definer set search_path from current as $$
  -- counted as far as it matters: asked every minute; labels first, as embeddings may be mostly those of products
  select setting('neighbours') = '"hnsw"' or setting('neighbours') = '"auto"' and hnsw_is_sound()
    and index_pays_from() = (select count(*) from (select from labels limit index_pays_from()) l)
    and index_pays_from() = (select count(*) from (select from embeddings e
      where e.encoder_id = index_pays.encoder_id and e.labelled limit index_pays_from()) l);
$$;
comment on function index_pays(integer) is 'Whether neighbours of an encoder are to be found by an index: the setting neighbours says "index", or "auto" where pgvector is 0.8.4 or newer and index_pays_from() labelled names are encoded. Example: select index_pays(1);';

create or replace function index_memory(encoder_id integer) returns integer
  language sql stable security definer set search_path from current as $$
  -- 16 MB held a graph of 11,320 vectors of 384 dimensions: 714 bytes beside each halfvec. What does not fit is added row by row
  select greatest(least((select count(*) from labels) * (2 * e.dimension + 750) / 1000,
                        (select x.setting::bigint * 8 / 2 from pg_settings x where x.name = 'effective_cache_size'), 2147483647),
                  (select x.setting::bigint from pg_settings x where x.name = 'maintenance_work_mem'))::integer
    from encoders e where e.encoder_id = index_memory.encoder_id;
$$;
comment on function index_memory(integer) is 'The maintenance_work_mem in kB that the index of an encoder is built with: all of its graph, but no more than half of effective_cache_size, and no less than the server''s own. Example: select index_memory(1);';

create or replace function index_work()
  returns table (encoder_id integer, model_id bigint, task text, drops text, builds text, memory_kb integer)
  language sql stable security definer set search_path from current as $$
  select s.encoder_id, s.model_id, t.task,
         case when not i.valid then format('drop index concurrently if exists @internal@.embeddings_near_%s', s.encoder_id) end,
         case when t.task = 'build' then neighbour_index(s.encoder_id) end, case when t.task = 'build' then index_memory(s.encoder_id) end
    -- the champion speaks for its encoder
    from (select distinct on (x.encoder_id) x.* from serving() x where x.encoder_id is not null order by x.encoder_id,
      (x.role = 'champion') desc) s
    left join lateral near_index(s.encoder_id) i on true
    cross join lateral (select case when i.valid is not true then 'build'
      when setting('neighbours') = '"auto"' and not exists (
        select from index_comparisons c where c.encoder_id = s.encoder_id and c.index_id = i.index_id
          and (c.passed or c.model_id = s.model_id)) then 'compare' end as task) t
    where t.task is not null and index_pays(s.encoder_id)
    order by s.encoder_id;
$$;
comment on function index_work() is 'What is to be done before neighbours are found by index: build (where drops is given, what a killed build has left goes first), or compare. No row: nothing. Example: select encoder_id, task from index_work();';
grant execute on function index_work to taxon_admin, taxon_sidecar;

create or replace function save_index_comparison(encoder_id integer, model_id bigint, recall real, answers jsonb) returns index_comparisons
  language plpgsql security definer set search_path from current as $$
declare
  saved index_comparisons;
begin
  with said as (
    select d.place as name, h.how, d.category_id, d.l3_confidence as c3, d.clear
      from unnest('{exact,index}'::text[]) h(how)
      cross join lateral decide(save_index_comparison.model_id,
        (select coalesce(jsonb_agg(a.pair -> h.how order by a.name), '[]')
          from jsonb_array_elements(answers) with ordinality a(pair, name))) d
  ), pairs as (
    select e.category_id <> i.category_id as other, e.clear, i.clear as clear_by_index, abs(e.c3 - i.c3) as shift
      from said e join said i on i.name = e.name and i.how = 'index' where e.how = 'exact'
  ), counted as (
    select count(*) as names, count(*) filter (where p.other) as answers,
           count(*) filter (where p.clear <> p.clear_by_index or p.other and p.clear) as decisions, coalesce(max(p.shift), 0) as shift
             from pairs p
  )
  insert into index_comparisons (encoder_id, index_id, model_id, names, recall, other_answers, other_decisions, largest_shift, promise_id,
    passed)
    select save_index_comparison.encoder_id, i.index_id, save_index_comparison.model_id, n.names, save_index_comparison.recall, n.answers,
      n.decisions, n.shift,
           (select s.promise_id from standing_promise() s), save_index_comparison.recall >= .9 and n.decisions <= .01 * n.names
      from counted n cross join near_index(save_index_comparison.encoder_id) i
    returning * into saved;
  return saved;
end $$;
comment on function save_index_comparison(integer, bigint, real,
  jsonb) is 'Keeps what a model says of names with exact neighbours and with the index''s; answers: [{"exact": {category_id, confidence}, "index": {…}}]. It passes where the index found .9 of the neighbours and at most 1 % of the names are decided otherwise. Example: select (save_index_comparison(1, 1, 1, ''[]'')).passed;';
grant execute on function save_index_comparison to taxon_admin, taxon_sidecar;

create or replace function compared_names(encoder_id integer, most integer default 500) returns setof text
  language sql stable security definer set search_path from current as $$
  -- a twentieth of all hashes: what trains no model, unless another share was asked for
  select l.name_key from labels l join embeddings e on e.encoder_id = compared_names.encoder_id and e.name_hash = l.name_hash
    where l.name_hash < '\x0ccccccccccd' order by l.name_hash limit compared_names.most;
$$;
comment on function compared_names(integer,
  integer) is 'Encoded labels of the part that trains no model, on which an index is compared with exact neighbours. Example: select count(*) from compared_names(1);';
grant execute on function compared_names to taxon_admin, taxon_sidecar;

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
  select * into compared from index_comparisons c where c.encoder_id = encoder and c.index_id = i.index_id
    order by c.comparison_id desc limit 1;
  status := 'ok';
  if way = 'hnsw' then
    status := case when hnsw_is_sound() and i.valid is not null then 'ok' else 'warn' end;
    detail := case when i.valid is not true then 'there is no index that may be used, all labels are compared: ' || detail
      when compared.comparison_id is null then 'not compared with exact neighbours'
      else format('compared on %s names: %s%% of the exact neighbours found, %s answered otherwise', compared.names,
        round(100 * compared.recall::numeric, 1), compared.other_decisions) end;
  elsif way = 'off' then
    detail := 'the memory voice is left out: the setting neighbours';
  elsif setting('neighbours') = '"auto"' and index_pays(encoder) then
    status := 'warn';
    detail := detail || case
      when making.phase is not null then format('; the index is being made: %s%s', making.phase,
        coalesce(format(' (%s%%)', making.percent), ''))
      when i.valid is null then '; a sidecar makes an index where its login may act as the owner of the tables; else the owner does: taxon model encoders --index'
      when not i.valid then '; the index is being made, or that was cut short: then it is made anew'
      when compared.comparison_id is null then '; the index is made, and compared before it is used'
      else format('; by the index %s of %s names would be decided otherwise: select * from index_comparisons; to use it all the same: select set_setting(''neighbours'', ''"index"'')', compared.other_decisions, compared.names) end;
    if making.phase is not null then status := 'ok'; end if;
  elsif not hnsw_is_sound() and labels >= index_pays_from() then
    status := 'warn';
    detail := detail || '; by an index it would be some, whatever their number: pgvector 0.8.4 makes one possible';
  end if;
  return next;
end $$;
comment on function neighbours_health() is 'How neighbours are found and what that costs, for health(). Example: select item from neighbours_health();';
