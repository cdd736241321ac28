-- The HNSW index that neighbours() uses: when there is one to make, how, and what is found before it is used.

create or replace function neighbour_index(encoder_id integer default null) returns text
  language sql stable security definer set search_path from current as $$
  select format('create index concurrently if not exists embeddings_near_%1$s on %2$I.embeddings using hnsw ((embedding::%4$I.halfvec(%3$s)) %4$I.halfvec_ip_ops) where encoder_id = %1$s and labelled',
                e.encoder_id, current_schema(), e.dimension, (select n.nspname from pg_extension x join pg_namespace n on n.oid = x.extnamespace where x.extname = 'vector'))
    from encoders e where e.encoder_id = coalesce(neighbour_index.encoder_id, (select c.encoder_id from champion() c));
$$;
comment on function neighbour_index(integer) is 'The statement that makes the HNSW index of an encoder (default: the champion''s). Sidecars whose login may act as the owner of the tables run it by themselves, else the owner does: taxon model encoders --index. Example: select neighbour_index(1);';

create or replace function index_pays(encoder_id integer) returns boolean
  language sql stable security definer set search_path from current as $$
  -- counted as far as it matters: asked every minute; labels first, as embeddings may be mostly those of products
  select setting('neighbours') = '"index"' or setting('neighbours') = '"auto"' and hnsw_is_sound()
    and 20000 = (select count(*) from (select from labels limit 20000) l)
    and 20000 = (select count(*) from (select from embeddings e where e.encoder_id = index_pays.encoder_id and e.labelled limit 20000) l);
$$;
comment on function index_pays(integer) is 'Whether neighbours of an encoder are to be found by an index: the setting neighbours says "index", or "auto" where pgvector is 0.8.4 or newer and 20,000 labelled names are encoded; below that comparing with all takes under 10 ms. Example: select index_pays(1);';

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
         case when not i.valid then format('drop index concurrently if exists %I.embeddings_near_%s', current_schema(), s.encoder_id) end,
         case when t.task = 'build' then neighbour_index(s.encoder_id) end, case when t.task = 'build' then index_memory(s.encoder_id) end
    -- the champion speaks for its encoder
    from (select distinct on (x.encoder_id) x.* from serving() x where x.encoder_id is not null order by x.encoder_id, (x.role = 'champion') desc) s
    left join lateral near_index(s.encoder_id) i on true
    cross join lateral (select case when i.valid is not true then 'build'
      when setting('neighbours') = '"auto"' and not exists (
        select from index_comparisons c where c.encoder_id = s.encoder_id and c.index_id = i.index_id and (c.passed or c.model_id = s.model_id)) then 'compare' end as task) t
    where t.task is not null and index_pays(s.encoder_id)
    order by s.encoder_id;
$$;
comment on function index_work() is 'What is to be done before neighbours are found by index: build (where drops is given, what a killed build has left goes first), or compare. No row: nothing. Example: select encoder_id, task from index_work();';

create or replace function save_index_comparison(encoder_id integer, model_id bigint, recall real, answers jsonb) returns index_comparisons
  language plpgsql security definer set search_path from current as $$
declare
  saved index_comparisons;
begin
  with t as (
    select f.*, k.offsets, k.slopes from thresholds_in_force(save_index_comparison.model_id) f left join calibration_in_force(save_index_comparison.model_id) k on true
  ), said as (
    select a.name, x.how, x.category_id, calibrate(x.confidence[3], t.offsets[3], t.slopes[3]) as c3,
           o.never_local is not true and clears(calibrate(x.confidence[1], t.offsets[1], t.slopes[1]), calibrate(x.confidence[2], t.offsets[2], t.slopes[2]),
             calibrate(x.confidence[3], t.offsets[3], t.slopes[3]), greatest(t.l1, o.l1), greatest(t.l2, o.l2), greatest(t.l3, o.l3)) as clear
      from t, jsonb_array_elements(answers) with ordinality a(pair, name)
      cross join lateral (select e.key as how, (e.value ->> 'category_id')::bigint as category_id,
                                 array(select v::real from jsonb_array_elements_text(e.value -> 'confidence') v) as confidence
                            from jsonb_each(a.pair) e) x
      left join overridden(save_index_comparison.model_id) o on o.category_id = x.category_id
  ), pairs as (
    select e.category_id <> i.category_id as other, e.clear, i.clear as clear_by_index, abs(e.c3 - i.c3) as shift
      from said e join said i on i.name = e.name and i.how = 'index' where e.how = 'exact'
  ), counted as (
    select count(*) as names, count(*) filter (where p.other) as answers,
           count(*) filter (where p.clear <> p.clear_by_index or p.other and p.clear) as decisions, coalesce(max(p.shift), 0) as shift from pairs p
  )
  insert into index_comparisons (encoder_id, index_id, model_id, names, recall, other_answers, other_decisions, largest_shift, promise_id, passed)
    select save_index_comparison.encoder_id, i.index_id, save_index_comparison.model_id, n.names, save_index_comparison.recall, n.answers, n.decisions, n.shift,
           (select s.promise_id from standing_promise() s), save_index_comparison.recall >= .9 and n.decisions <= .01 * n.names
      from counted n cross join near_index(save_index_comparison.encoder_id) i
    returning * into saved;
  return saved;
end $$;
comment on function save_index_comparison(integer, bigint, real, jsonb) is 'Keeps what a model says of names with exact neighbours and with the index''s; answers: [{"exact": {category_id, confidence}, "index": {…}}]. It passes where the index found .9 of the neighbours and at most 1 % of the names are decided otherwise. Example: select (save_index_comparison(1, 1, 1, ''[]'')).passed;';

create or replace function compared_names(encoder_id integer, most integer default 500) returns setof text
  language sql stable security definer set search_path from current as $$
  -- a twentieth of all hashes: what trains no model, unless another share was asked for
  select l.name_key from labels l join embeddings e on e.encoder_id = compared_names.encoder_id and e.name_hash = l.name_hash
    where l.name_hash < '\x0ccccccccccd' order by l.name_hash limit compared_names.most;
$$;
comment on function compared_names(integer, integer) is 'Encoded labels of the part that trains no model, on which an index is compared with exact neighbours. Example: select count(*) from compared_names(1);';
