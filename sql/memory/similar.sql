-- taxon_internal: Layer 2: a labelled name is near enough by pg_trgm similarity, and differs in no word that decides the category.

create or replace function near_labels(names text[], most integer, train_from bytea default null)
  returns table (name_key text, matched_key text, category_id bigint, similarity real, human boolean)
  language plpgsql stable security definer
  set search_path from current
  -- Reading all of labels costs 48 ms a name at 20,000 labels and the index 2 ms, but similarity() is priced like a
  -- cheap operator: the generic plan of a session's sixth call took the former.
  set enable_seqscan = off
  -- as in signatures()
  set plan_cache_mode = force_generic_plan
  set jit = off as $$
declare
  -- read as a query, not by setting(): PL/pgSQL keeps its plan
  threshold float8 := (select (s.value)::float8 from all_settings s where s.key = 'similarity_threshold');
  callers text;
begin
  if similar_by_signatures() then
    return query
      select s.name_key, n.* from signatures(names) s cross join lateral (
        select c.name_key, c.category_id, similarity(c.name_key, s.name_key) as s, c.source = 'human' as by
          from (
            select l.name_key, l.category_id, l.source, l.name_hash from (
                select x.name_hash from label_signatures x
                  where share_a_band(x.bands, s.bands) and x.name_hash >= coalesce(train_from, '')
                    -- The sketch was too low by .05 at most in 592 pairs of near titles, and above .42 in a hundredth of pairs by chance.
                    and alike(x.sketch, s.sketch) >= threshold - .06
                  -- Families of near twins share bands by the thousand.
                  order by alike(x.sketch, s.sketch) desc limit 50) x
              join labels l on l.name_hash = x.name_hash
              -- similarity() is priced like a cheap operator: all of memory was compared first, and joined then
              offset 0) c
          where similarity(c.name_key, s.name_key) >= threshold
            and (train_from is null or c.name_key <> s.name_key and not is_sealed_name(c.name_hash))
          order by 3 desc, 4 desc, 1 limit most) n;
    return;
  end if;
  -- Loads the library. The threshold is no SET clause: before the library is there, as while a dump is restored, only a
  -- superuser may make a function with one.
  perform show_limit();
  callers := current_setting('pg_trgm.similarity_threshold');
  perform set_config('pg_trgm.similarity_threshold', threshold::text, true);
  return query
    select q.name, n.* from unnest(names) q(name) cross join lateral (
      select l.name_key, l.category_id, similarity(l.name_key, q.name) as s, l.source = 'human' as by
        from labels l
        -- No condition that the primary key could serve: it was walked, and four calls compared 79,200 pairs in 1.8 s, where
        -- the index of trigrams takes .4.
        where l.name_key % q.name and coalesce(l.name_hash >= train_from, true)
          and (train_from is null or l.name_key <> q.name and not is_sealed_name(l.name_hash))
        order by 3 desc, 4 desc, 1 limit most) n;
  -- the caller's own % keeps its meaning; an error takes the setting back by itself
  perform set_config('pg_trgm.similarity_threshold', callers, true);
end $$;
comment on function near_labels(text[], integer,
  bytea) is 'For each of some name keys the most similar labels at or above the similarity threshold, at most so many, best first; equals with a person''s label first, then by the alphabet. train_from: only labels that would train (digest at least that, not sealed, not the name itself). Above the setting signatures_from by signatures, which miss a few that are hardly alike enough, else by the index of trigrams. Example: select * from near_labels(''{red kettle}'', 10);';
grant execute on function near_labels to taxon_admin, taxon_sidecar;

create or replace function similar_matches(name_key text, most integer default 10)
  returns table (matched_key text, category_id bigint, similarity real, blocked_by text)
  language plpgsql stable strict
  set search_path from current as $$
begin
  return query
    -- between brackets, which no word of the guard can hold
    select n.matched_key, n.category_id, n.similarity,
           case when only_codes(similar_matches.name_key) or only_codes(n.matched_key) then '(only codes)'
                when (setting('guard'))::boolean then blocking_word(similar_matches.name_key, n.matched_key, n.category_id) end
      from near_labels(array[similar_matches.name_key], most) n order by n.similarity desc, n.human desc, n.matched_key;
end $$;
comment on function similar_matches(text,
  integer) is 'Labelled names at or above the similarity threshold, best first, each with the word (if any) that forbids to take its answer; "(only codes)" where one of the two names is only_codes().';
grant execute on function similar_matches to taxon_admin, taxon_sidecar;

create or replace function similar_labels(names text[], train_from bytea default null)
  returns table (name_key text, matched_key text, category_id bigint, similarity real)
  language plpgsql stable
  set search_path from current as $$
declare
  guarded boolean := (select (s.value)::boolean from all_settings s where s.key = 'guard');
  answered text := '';
  near record;
begin
  if not (select (s.value)::boolean from all_settings s where s.key = 'similar_layer') then return; end if;
  for near in
    -- names over 500 characters skip the layer: their trigrams cost more than they tell
    select n.* from near_labels(array(select distinct u from unnest(names) u where length(u) <= 500 and not only_codes(u)), 10,
      train_from) n
      order by n.name_key, n.similarity desc, n.human desc, n.matched_key
  loop
    -- the guard is asked of the best first, and of the others only where it refuses: it costs more than they do
    continue when near.name_key = answered or only_codes(near.matched_key)
      or guarded and blocking_word(near.name_key, near.matched_key, near.category_id) is not null;
    answered := near.name_key;
    name_key := near.name_key;
    matched_key := near.matched_key;
    category_id := near.category_id;
    similarity := near.similarity;
    return next;
  end loop;
end $$;
comment on function similar_labels(text[],
  bytea) is 'Layer 2 for many names at once: of each name the best labelled name that is near enough and not blocked by the guard; names without one are absent. train_from: as if memory held only the labels that would train, see near_labels(). Example: select name_key, matched_key from similar_labels(''{red kettle, blue mug}'');';
grant execute on function similar_labels to taxon_admin, taxon_sidecar;

create or replace function similar_label(name_key text) returns table (matched_key text, category_id bigint, similarity real)
  language sql stable strict
begin atomic
  select s.matched_key, s.category_id, s.similarity from similar_labels(array[similar_label.name_key]) s;
end;
comment on function similar_label(text) is 'Layer 2: the best labelled name that is near enough and not blocked by the guard.';
grant execute on function similar_label to taxon_admin, taxon_sidecar;
