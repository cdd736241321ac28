-- taxon_internal: Encoders and their embeddings.

create or replace function register_encoder(identity text, dimension integer) returns integer
  language plpgsql security definer set search_path from current as $$
declare
  e encoders;
begin
  insert into encoders (identity, dimension) values (register_encoder.identity, register_encoder.dimension) on conflict do nothing;
  select * into strict e from encoders x where x.identity = register_encoder.identity;
  if e.dimension <> register_encoder.dimension then
    raise exception 'encoder "%" had % dimensions and has % now', e.identity, e.dimension, register_encoder.dimension;
  end if;
  return e.encoder_id;
end $$;
comment on function register_encoder(text, integer) is 'The short id of an encoder; registers it the first time.';
grant execute on function register_encoder to taxon_admin, taxon_sidecar;

create or replace function save_embeddings(encoder_id integer, names text[], vectors halfvec[]) returns void
  language sql volatile security definer set search_path from current as $$
  with given as materialized (
    -- else the digest is computed for each condition anew
    select name_hash(u.n) as hash, u.v as vector from unnest(names, vectors) u(n, v)
  )
  insert into embeddings (encoder_id, name_hash, embedding, labelled)
    select save_embeddings.encoder_id, g.hash, g.vector, exists (select from labels l where l.name_hash = g.hash)
      from given g
      join encoders e on e.encoder_id = save_embeddings.encoder_id and e.dimension = vector_dims(g.vector)
      -- forgotten() is asked of what the list holds, and of no other name
      where not exists (select from forgotten_names f where f.name_hash = g.hash and forgotten(f.name_hash))
      order by g.hash
    on conflict do nothing;
$$;
comment on function save_embeddings(integer, text[],
  halfvec[]) is 'Stores vectors of name keys (vectors[i] of names[i]); names that have one keep it, those that were forgotten meanwhile get none.';
grant execute on function save_embeddings to taxon_admin, taxon_sidecar;

create or replace function unencoded_labels(encoder_id integer, after bytea, most integer)
  returns table (name_hash bytea, name_key text)
  language sql stable security definer set search_path from current as $$
  select l.name_hash, l.name_key from labels l
    where (unencoded_labels.after is null or l.name_hash > unencoded_labels.after)
      and not exists (select from embeddings e where e.encoder_id = unencoded_labels.encoder_id and e.name_hash = l.name_hash)
    order by l.name_hash limit unencoded_labels.most;
$$;
comment on function unencoded_labels(integer, bytea, integer) is 'Labelled names that this encoder has not seen, after a digest, in pages.';
grant execute on function unencoded_labels to taxon_admin, taxon_sidecar;

create or replace function embeddings_of(encoder_id integer, names text[]) returns table (name_key text, embedding bytea)
  language sql stable security definer set search_path from current as $$
  select n, halfvec_send(e.embedding)
    from unnest(names) n join embeddings e on e.encoder_id = embeddings_of.encoder_id and e.name_hash = name_hash(n);
$$;
comment on function embeddings_of(integer,
  text[]) is 'Stored embeddings of name keys (binary halfvec: dimension and zero as two bytes each, then the numbers, big-endian); names without one are absent.';
grant execute on function embeddings_of to taxon_admin, taxon_sidecar;

grant select on encoders, embeddings to taxon_sidecar;
