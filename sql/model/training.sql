-- taxon_internal: What training reads: memory with its embeddings, in pages.

create or replace function trained_from(model_id bigint default null) returns timestamptz
  language sql stable
begin atomic
  -- what was made while it was trained, it does not know either
  select coalesce(r.started_at, m.created_at) from models m left join training_runs r using (run_id)
    where m.model_id = trained_from.model_id or trained_from.model_id is null and m.state = 'champion';
end;
comment on function trained_from(bigint) is 'When the training of a model (default: the champion) began: categories that came into use later are unknown to it. Example: select trained_from();';
grant execute on function trained_from to taxon_admin;

create or replace function count_labels(encoder_id integer) returns table (labels bigint, unencoded bigint)
  language sql stable security definer set search_path from current as $$
  select count(*), count(*) filter (where not exists
      (select from embeddings e where e.encoder_id = count_labels.encoder_id and e.name_hash = l.name_hash))
    from labels l;
$$;
comment on function count_labels(integer) is 'How many labels memory holds, and how many of them this encoder has not seen.';
grant execute on function count_labels to taxon_admin, taxon_sidecar;

create or replace function training_labels(encoder_id integer, after bytea, most integer)
  returns table (name_hash bytea, name_key text, category_id bigint, l1 bigint, l2 bigint, l3 bigint, source text, retired boolean,
    encoded boolean, sealed boolean)
  language sql stable security definer set search_path from current as $$
  select l.name_hash, l.name_key, l.category_id, c.l1, c.l2, c.l3, l.source, c.retired_at is not null and c.merged_into is null,
         exists (select from embeddings e where e.encoder_id = training_labels.encoder_id and e.name_hash = l.name_hash),
           is_sealed_name(l.name_hash)
    from labels l
    left join lateral (
      select x.before_category_id from label_changes x
        where name_hash(x.name_key) = l.name_hash and x.name_key = l.name_key and x.confidence is not null and x.reverted_at is null
          and x.after_category_id = l.category_id and x.after_updated_at = l.updated_at
        order by x.change_id desc limit 1
    ) given on true
    join categories c on c.category_id = coalesce(given.before_category_id, l.category_id)
    -- coalesce and not "is null or": that would walk the index from its start for every page
    where l.name_hash > coalesce(training_labels.after, '')
    order by l.name_hash limit training_labels.most;
$$;
comment on function training_labels(integer, bytea,
  integer) is 'Labels with the path that trains, whether it is of a retired category, whether this encoder (NULL: none yet) has seen the name, and whether it is sealed: drawn as a check, so it trains nothing; after a digest, in pages. category_id is what memory says; the path is what was given: a label that cleaning changed trains as it was before, as models learn no better from labels that a model wrote (57,029 real titles, all three levels right 75.8 %: as given, 75.8: overwritten; coverage at 5 % error .49: as given, .45: overwritten, .47: left out).';
grant execute on function training_labels to taxon_admin, taxon_sidecar;

create or replace function label_conflicts(most integer)
  returns table (conflicts bigint, name_key text, before_path text, before_source text, after_path text, after_source text,
    changed_at timestamptz)
  language sql stable security definer set search_path from current as $$
  with latest as (
    select distinct on (h.name_key) h.* from label_changes h
      where h.before_category_id <> h.after_category_id order by h.name_key, h.change_id desc
  ), first as (
    select l.*, count(*) over () as n from latest l order by l.change_id desc limit label_conflicts.most
  )
  select f.n, f.name_key, category_path(f.before_category_id), f.before_source, category_path(f.after_category_id), f.after_source,
    f.changed_at
    from first f order by f.change_id desc;
$$;
comment on function label_conflicts(integer) is 'Names whose label has gone from one category to another, the latest changes first, at most so many of them; conflicts counts them all. Answers that an import did not keep stand in its own report only.';
grant execute on function label_conflicts to taxon_admin, taxon_sidecar;

create or replace function similar_in_training(names text[], train_from bytea) returns setof text
  language sql stable strict security definer set search_path from current as $$
  select s.name_key from similar_labels(names, train_from) s;
$$;
comment on function similar_in_training(text[],
  bytea) is 'Those of the names that layer 2 would answer if memory held only the labels whose digest is at least train_from and that are not sealed: no cache misses. Setting and guard as in similar_label().';
grant execute on function similar_in_training to taxon_admin, taxon_sidecar;
