-- taxon_internal: `taxon export`: memory, products and embeddings as they are, in pages.

create or replace function export_labels(encoder_id integer, after bytea, most integer)
  returns table (name_hash bytea, name text, l1 text, l2 text, l3 text, source text, confidence real, embedding bytea)
  language sql stable security definer set search_path from current as $$
  select l.name_hash, l.name_key, c1.name, c2.name, c3.name, l.source, l.confidence, halfvec_send(e.embedding)
    from labels l
    join categories c on c.category_id = l.category_id
    join categories c1 on c1.category_id = c.l1
    left join categories c2 on c2.category_id = c.l2
    left join categories c3 on c3.category_id = c.l3
    left join embeddings e on e.encoder_id = export_labels.encoder_id and e.name_hash = l.name_hash
    where l.name_hash > coalesce(export_labels.after, '')
    order by l.name_hash limit export_labels.most;
$$;
comment on function export_labels(integer, bytea,
  integer) is 'Labels with the names of their levels and, for an encoder (NULL: none), their binary embedding; after a digest, in pages.';
grant execute on function export_labels to taxon_admin;

create or replace function export_products(after bigint, most integer)
  returns table (product_id bigint, external_id text, name text, l1 text, l2 text, l3 text, l1_confidence real, l2_confidence real,
    l3_confidence real, source text, state text, similarity real, matched_key text, model_id bigint, created_at timestamptz,
      classified_at timestamptz)
  language sql stable security definer set search_path from current as $$
  select p.product_id, p.external_id, p.name, c1.name, c2.name, c3.name, p.l1_confidence, p.l2_confidence,
         p.l3_confidence, p.source, p.state, p.similarity, p.matched_key, p.model_id, p.created_at, p.classified_at
    from products p
    left join categories c1 on c1.category_id = p.l1
    left join categories c2 on c2.category_id = p.l2
    left join categories c3 on c3.category_id = p.l3
    where p.product_id > coalesce(export_products.after, 0)
    order by p.product_id limit export_products.most;
$$;
comment on function export_products(bigint, integer) is 'Products with the names of their answer''s levels, after an id, in pages.';
grant execute on function export_products to taxon_admin;

create or replace function export_embeddings(encoder_id integer, after bytea, most integer)
  returns table (name_hash bytea, name text, labelled boolean, embedding bytea)
  language sql stable security definer set search_path from current as $$
  select e.name_hash,
         coalesce(l.name_key, (select p.name_key from products p where name_hash(p.name_key) = e.name_hash limit 1)),
         e.labelled, halfvec_send(e.embedding)
    from embeddings e left join labels l on l.name_hash = e.name_hash
    where e.encoder_id = export_embeddings.encoder_id and e.name_hash > coalesce(export_embeddings.after, '')
    order by e.name_hash limit export_embeddings.most;
$$;
comment on function export_embeddings(integer, bytea,
  integer) is 'Binary embeddings of one encoder with their name (NULL: neither memory nor products have it any more); after a digest, in pages.';
grant execute on function export_embeddings to taxon_admin;
