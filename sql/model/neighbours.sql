-- taxon_internal: The memory voice of layer 3: the nearest labelled names by embedding.

create or replace function hnsw_is_sound() returns boolean
  language sql stable
begin atomic
  select coalesce(string_to_array(regexp_replace(e.extversion, '[^0-9.]', '', 'g'), '.')::integer[] >= array[0, 8, 4], false)
    from pg_extension e where e.extname = 'vector';
end;
comment on function hnsw_is_sound() is 'Whether pgvector is 0.8.4 or newer: before, VACUUM of an HNSW index has faults. Example: select hnsw_is_sound() is not null;';

create or replace function near_index(encoder_id integer) returns table (index_id oid, valid boolean)
  language sql stable rows 1
begin atomic
  select c.oid, i.indisvalid from pg_index i join pg_class c on c.oid = i.indexrelid
    where i.indrelid = 'embeddings'::regclass and c.relname = 'embeddings_near_' || near_index.encoder_id;
end;
comment on function near_index(integer) is 'The HNSW index of an encoder, and whether it may be used: one whose making was cut short, or goes on, is not valid. No row: there is none. Example: select valid from near_index(1);';

create or replace function neighbours_by(encoder_id integer) returns text
  language sql stable security definer set search_path from current as $$
  select case when setting('neighbours') <> '"auto"' then setting('neighbours') #>> '{}'
              when hnsw_is_sound() and exists (
                select from near_index(neighbours_by.encoder_id) i join index_comparisons c using (index_id)
                  where i.valid and c.passed and c.encoder_id = neighbours_by.encoder_id) then 'hnsw'
              else 'exact' end;
$$;
comment on function neighbours_by(integer) is 'How the neighbours of an encoder are found now: exact, hnsw or off. With the setting neighbours at auto by the index that is there, valid, and compared (index_comparisons). Example: select neighbours_by(1);';
grant execute on function neighbours_by to taxon_admin, taxon_sidecar;

create or replace function neighbours(names text[], k integer default 30, encoder_id integer default null, vectors halfvec[] default null,
  how text default null)
  returns table (name_key text, neighbour_key text, category_id bigint, l1 bigint, l2 bigint, l3 bigint, cosine real)
  language plpgsql stable security definer set search_path from current as $$
declare
  encoder encoders;
begin
  select x.* into encoder from encoders x
    where x.encoder_id = coalesce(neighbours.encoder_id, (select c.encoder_id from champion() c));
  if encoder.encoder_id is null then return; end if;
  how := coalesce(how, neighbours_by(encoder.encoder_id));
  -- materialized: else the asked name's digest is computed once a row of memory, four fifths of the time of exact search
  if how = 'exact' then
    return query
      with q as materialized (
        select u.n as name, name_hash(u.n) as hash,
               coalesce(u.v, (select o.embedding from embeddings o
                                where o.encoder_id = encoder.encoder_id and o.name_hash = name_hash(u.n))) as vector
          from unnest(names, vectors) u(n, v)
      )
      select n.name_key, n.neighbour_key, n.category_id, n.l1, n.l2, n.l3, n.cosine
        from q cross join lateral (
          select q.name as name_key, l.name_key as neighbour_key, l.category_id, c.l1, c.l2, c.l3, (-near.product)::real as cosine
            from (select e.name_hash, e.embedding <#> q.vector as product from embeddings e
                    where e.encoder_id = encoder.encoder_id and e.labelled and e.name_hash <> q.hash
                    order by e.embedding <#> q.vector limit k) near
            join labels l on l.name_hash = near.name_hash
            join categories c on c.category_id = l.category_id
            order by near.product) n
        where q.vector is not null;
  elsif how = 'hnsw' then
    -- The expression of the index that neighbour_index() makes; its scan goes on until k rows pass the filters. 100 candidates find
    -- .967 to .984 of the 30 nearest of 57,029 labels and .966 of 998,000 (docs/measured/neighbours.md), 150 .004 to .015 more in half as much time again (speed.md).
    perform set_config('hnsw.iterative_scan', 'strict_order', true),
            set_config('hnsw.ef_search', greatest(100, least(2 * k, 1000))::text, true);
    return query execute format($q$
      with q as materialized (
        select u.n as name, name_hash(u.n) as hash,
               coalesce(u.v, (select o.embedding from embeddings o
                                where o.encoder_id = %1$s and o.name_hash = name_hash(u.n)))::halfvec(%2$s) as vector
          from unnest($1, $3) u(n, v)
      )
      select n.name_key, n.neighbour_key, n.category_id, n.l1, n.l2, n.l3, n.cosine
        from q cross join lateral (
          select q.name as name_key, l.name_key as neighbour_key, l.category_id, c.l1, c.l2, c.l3, (-near.product)::real as cosine
            from (select e.name_hash, (e.embedding::halfvec(%2$s)) <#> q.vector as product from embeddings e
                    where e.encoder_id = %1$s and e.labelled and e.name_hash <> q.hash
                    order by (e.embedding::halfvec(%2$s)) <#> q.vector limit $2) near
            join labels l on l.name_hash = near.name_hash
            join categories c on c.category_id = l.category_id
            order by near.product) n
        where q.vector is not null
    $q$, encoder.encoder_id, encoder.dimension) using names, k, vectors;
  end if;
end $$;
comment on function neighbours(text[], integer, integer, halfvec[],
  text) is 'For each name key the k nearest labelled names, never itself, with their category and the cosine; nearest first. vectors[i] is the embedding of names[i]; by default what is stored of the encoder (default: the champion''s), and names without one have no neighbours. how, by default what neighbours_by() says: exact reads all labelled embeddings (.4 µs each at 384 dimensions), hnsw uses the HNSW index of neighbour_index(), off returns nothing. Example: select neighbour_key, cosine from neighbours(array[''kettle'']);';
grant execute on function neighbours to taxon_admin, taxon_sidecar;
