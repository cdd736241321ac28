-- Layer 2: a labelled name is near enough by pg_trgm similarity, and differs in no word that decides the category.

create or replace function similar_matches(name_key text, most integer default 10)
  returns table (matched_key text, category_id bigint, similarity real, blocked_by text)
  language plpgsql stable strict
  set search_path from current
  -- Reading all of labels costs 48 ms a name at 20,000 labels and the index 2 ms, but similarity() is priced like a
  -- cheap operator: the generic plan of a session's sixth call took the former.
  set enable_seqscan = off as $$
declare
  callers text;
begin
  -- Loads the library. The threshold is no SET clause: before the library is there, as while a dump is restored, only a
  -- superuser may make a function with one.
  perform show_limit();
  callers := current_setting('pg_trgm.similarity_threshold');
  perform set_config('pg_trgm.similarity_threshold', setting('similarity_threshold') #>> '{}', true);
  return query
    with near as materialized (
      select l.name_key as k, l.category_id as c, similarity(l.name_key, similar_matches.name_key) as s, l.source as by
        from labels l where l.name_key % similar_matches.name_key
        order by 3 desc, l.source = 'human' desc, l.name_key limit most
    )
    -- between brackets, which no word of the guard can hold
    select n.k, n.c, n.s, case when only_codes(similar_matches.name_key) or only_codes(n.k) then '(only codes)'
                               when (setting('guard'))::boolean then blocking_word(similar_matches.name_key, n.k, n.c) end
      from near n order by n.s desc, n.by = 'human' desc, n.k;
  -- the caller's own % keeps its meaning; an error takes the setting back by itself
  perform set_config('pg_trgm.similarity_threshold', callers, true);
end $$;
comment on function similar_matches(text, integer) is 'Labelled names at or above the similarity threshold, best first, each with the word (if any) that forbids to take its answer; "(only codes)" where one of the two names is only_codes().';

create or replace function similar_label(name_key text) returns table (matched_key text, category_id bigint, similarity real)
  language sql stable strict
begin atomic
  -- names over 500 characters skip the layer: their trigrams cost more than they tell
  select m.matched_key, m.category_id, m.similarity
    from similar_matches(similar_label.name_key) m
    where length(similar_label.name_key) <= 500 and m.blocked_by is null and (setting('similar_layer'))::boolean
    order by m.similarity desc limit 1;
end;
comment on function similar_label(text) is 'Layer 2: the best labelled name that is near enough and not blocked by the guard.';
