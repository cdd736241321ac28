-- taxon_internal: Layers 1 and 2 for names that a sidecar has claimed.

create or replace function settle_from_memory(worker text, names text[], encoder_id integer default null, canary_share real default 0)
  returns table (name_key text, embedding bytea, canary boolean)
  language plpgsql security definer set search_path from current as $$
declare
  hashes bytea[] := array(select distinct name_hash(n) from unnest(names) n);
  found jsonb;
  mine bytea[];
  hits bytea[];
  answers jsonb;
  left_over record;
begin
  perform hold_taxonomy();
  -- what was paid for becomes memory first
  perform settle_kept(names), settle_answered('local', names);
  -- One row a name that the worker still holds, with what layer 2 says of it. Nothing is locked for those of which it says nothing,
  -- nearly all: that was a fourth of the time, and the look-ups are the longest part of the transaction.
  with held as materialized (
    select distinct q.name_key as key, q.name_hash as hash from queue q
      where q.worker = settle_from_memory.worker and q.stage = 'local' and q.name_hash = any (hashes)
  )
  select jsonb_agg(jsonb_build_object('name_key', h.key, 'category_id', s.category_id, 'source', 'similar',
                                      'similarity', s.similarity, 'matched_key', s.matched_key))
    into found
    from similar_labels(array(select h.key from held h)) s join held h on h.key = s.name_key;
  if found is not null then
    mine := take_names(array(select f ->> 'name_key' from jsonb_array_elements(found) f));
    select array_agg(k.hash), jsonb_agg(k.f) into hits, answers
      from (select f, name_hash(f ->> 'name_key') as hash from jsonb_array_elements(found) f) k
      where k.hash = any (mine)
        and exists (select from queue q where q.name_hash = k.hash and q.stage = 'local' and q.worker = settle_from_memory.worker);
  end if;
  if hits is not null then
    select * into left_over from settle_names(answers);
    delete from queue q where q.name_hash = any (hits) and q.stage = 'local' and q.name_hash <> all (left_over.late);
    perform put_off(left_over.late, left_over.errors, '{local}');
  end if;
  return query
    select distinct on (q.name_hash) q.name_key, halfvec_send(e.embedding), in_canary(q.name_hash, canary_share)
      from queue q
      left join embeddings e on e.encoder_id = settle_from_memory.encoder_id and e.name_hash = q.name_hash
      where q.worker = settle_from_memory.worker and q.stage = 'local' and q.name_hash = any (hashes)
        -- answered, and held by another transaction at this moment: its own settles it
        and (found is null or not found @> jsonb_build_array(jsonb_build_object('name_key', q.name_key)));
end $$;
comment on function settle_from_memory(text, text[], integer,
  real) is 'Layers 1 and 2 for claimed names; returns the cache misses, each with its embedding by that encoder (a binary halfvec) if there is one, and whether a canary with this share answers it. A name that another transaction holds at this moment is none.';
grant execute on function settle_from_memory to taxon_sidecar;
