-- The memory voice of layer 3: the nearest labelled names by embedding.

create or replace function neighbours(names text[], k integer default 30, encoder_id integer default null, vectors halfvec[] default null)
  returns table (name_key text, neighbour_key text, category_id bigint, l1 bigint, l2 bigint, l3 bigint, cosine real)
  language plpgsql stable security definer set search_path from current as $$
declare
  encoder encoders;
begin
  select x.* into encoder from encoders x
    where x.encoder_id = coalesce(neighbours.encoder_id, (select c.encoder_id from champion() c));
  if encoder.encoder_id is null then return; end if;
  if setting('neighbours') = '"exact"' then
    return query
      select n.name_key, n.neighbour_key, n.category_id, n.l1, n.l2, n.l3, n.cosine
        from (select u.n as name, name_hash(u.n) as hash,
                     coalesce(u.v, (select o.embedding from embeddings o
                                      where o.encoder_id = encoder.encoder_id and o.name_hash = name_hash(u.n))) as vector
                from unnest(names, vectors) u(n, v)) q
        cross join lateral (
          select q.name as name_key, l.name_key as neighbour_key, l.category_id, c.l1, c.l2, c.l3, (-near.product)::real as cosine
            from (select e.name_hash, e.embedding <#> q.vector as product from embeddings e
                    where e.encoder_id = encoder.encoder_id and e.labelled and e.name_hash <> q.hash
                    order by e.embedding <#> q.vector limit k) near
            join labels l on l.name_hash = near.name_hash
            join categories c on c.category_id = l.category_id
            order by near.product) n
        where q.vector is not null;
  elsif setting('neighbours') = '"index"' then
    -- the expression of the index that neighbour_index() makes; its scan goes on until k rows pass the filters
    perform set_config('hnsw.iterative_scan', 'strict_order', true),
            set_config('hnsw.ef_search', greatest(100, least(2 * k, 1000))::text, true);
    return query execute format($q$
      select n.name_key, n.neighbour_key, n.category_id, n.l1, n.l2, n.l3, n.cosine
        from (select u.n as name, name_hash(u.n) as hash,
                     coalesce(u.v, (select o.embedding from embeddings o
                                      where o.encoder_id = %1$s and o.name_hash = name_hash(u.n)))::halfvec(%2$s) as vector
                from unnest($1, $3) u(n, v)) q
        cross join lateral (
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
comment on function neighbours(text[], integer, integer, halfvec[]) is 'For each name key the k nearest labelled names, never itself, with their category and the cosine; nearest first. vectors[i] is the embedding of names[i]; by default what is stored of the encoder (default: the champion''s), and names without one have no neighbours. The setting neighbours says how: exact reads all labelled embeddings (.4 µs each at 384 dimensions), index uses the HNSW index of neighbour_index(), off returns nothing.';

create or replace function neighbour_index(encoder_id integer default null) returns text
  language sql stable security definer set search_path from current as $$
  select format('create index concurrently if not exists embeddings_near_%1$s on %2$I.embeddings using hnsw ((embedding::halfvec(%3$s)) halfvec_ip_ops) where encoder_id = %1$s and labelled',
                e.encoder_id, current_schema(), e.dimension)
    from encoders e where e.encoder_id = coalesce(neighbour_index.encoder_id, (select c.encoder_id from champion() c));
$$;
comment on function neighbour_index(integer) is 'The statement that makes the HNSW index of an encoder (default: the champion''s; of another before a model that reads it answers; in psql: select taxon.neighbour_index() \gexec; then select taxon.set_setting(''neighbours'', ''"index"'')). Worth it from 50,000 labels: 1.4 ms a name instead of 30. HNSW vacuuming has faults below pgvector 0.8.4; health() says so.';
