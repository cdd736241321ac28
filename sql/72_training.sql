-- What training reads: memory with its embeddings, in pages.

create or replace function unencoded_labels(encoder_id integer, after bytea, most integer)
  returns table (name_hash bytea, name_key text)
  language sql stable security definer set search_path from current as $$
  select l.name_hash, l.name_key from labels l
    where (unencoded_labels.after is null or l.name_hash > unencoded_labels.after)
      and not exists (select from embeddings e where e.encoder_id = unencoded_labels.encoder_id and e.name_hash = l.name_hash)
    order by l.name_hash limit unencoded_labels.most;
$$;
comment on function unencoded_labels(integer, bytea, integer) is 'Labelled names that this encoder has not seen, after a digest, in pages.';

create or replace function count_labels(encoder_id integer) returns table (labels bigint, unencoded bigint)
  language sql stable security definer set search_path from current as $$
  select count(*), count(*) filter (where not exists
      (select from embeddings e where e.encoder_id = count_labels.encoder_id and e.name_hash = l.name_hash))
    from labels l;
$$;
comment on function count_labels(integer) is 'How many labels memory holds, and how many of them this encoder has not seen.';

create or replace function training_rows(encoder_id integer, after bytea, most integer)
  returns table (name_hash bytea, name_key text, category_id bigint, l1 bigint, l2 bigint, l3 bigint, source text, embedding bytea)
  language sql stable security definer set search_path from current as $$
  select l.name_hash, l.name_key, l.category_id, c.l1, c.l2, c.l3, l.source, halfvec_send(e.embedding)
    from labels l
    join embeddings e on e.encoder_id = training_rows.encoder_id and e.name_hash = l.name_hash
    join categories c on c.category_id = l.category_id and c.retired_at is null
    where training_rows.after is null or l.name_hash > training_rows.after
    order by l.name_hash limit training_rows.most;
$$;
comment on function training_rows(integer, bytea, integer) is 'Labels with their path and their embedding (binary halfvec: dimension and zero as two bytes each, then the numbers, big-endian), after a digest, in pages.';

create or replace function embeddings_of(encoder_id integer, names text[]) returns table (name_key text, embedding bytea)
  language sql stable security definer set search_path from current as $$
  select n, halfvec_send(e.embedding)
    from unnest(names) n join embeddings e on e.encoder_id = embeddings_of.encoder_id and e.name_hash = name_hash(n);
$$;
comment on function embeddings_of(integer, text[]) is 'Stored embeddings of name keys, binary as in training_rows.';
