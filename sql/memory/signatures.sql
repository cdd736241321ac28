-- taxon_internal: What finds names that may be alike: MinHash signatures of their trigrams. Where a set of trigrams has the least value of a
-- hash function is the same in two sets with a chance of just their similarity. Of 48 such values each 3 are a band; names that are
-- .7 alike share one of the 16 bands with a chance of .999, of .6 with .980, of .5 with .88. Many more share one by chance; a sketch of
-- the set, 256 bits, tells most of them.

create or replace function band(a integer, b integer, c integer) returns integer
  language sql immutable parallel safe
begin atomic
  -- 20 bits: a B-tree holds the rows of one key in a list, and a chance twin a band at 1,000,000 names costs less than longer keys
  select (hashint4extended(a, hashint4extended(b, hashint4extended(c, 0))) & 1048575)::integer;
end;
comment on function band(integer, integer,
  integer) is 'Three MinHash values as one number of 20 bits. Example: select band(1, 2, 3) < 1048576;';

create or replace function signatures(names text[]) returns table (name_key text, bands integer[], sketch bit)
  language plpgsql stable parallel safe set search_path from current
  -- a plan for the very names looked cheaper and was made in each call: .42 ms, with it .13
  set plan_cache_mode = force_generic_plan
  set jit = off as $$
begin
  return query
    select n, s.bands, coalesce(s.sketch, repeat('0', 256)::bit(256)) from unnest(names) n cross join lateral (
      select array[
          -- One hash of each trigram, seen from 48 points: xor turns the order around, as another hash function would (2 to 3 times as
          -- fast as one that multiplies). The points are multiples of the golden ratio, so evenly spread over all integers, and
          -- those of a band far from each other.
          band(min(t.h # -1640531535), min(t.h # 1013904226), min(t.h # -626627309)),
          band(min(t.h # 2027808452), min(t.h # 387276917), min(t.h # -1253254618)),
          band(min(t.h # 1401181143), min(t.h # -239350392), min(t.h # -1879881927)),
          band(min(t.h # 774553834), min(t.h # -865977701), min(t.h # 1788458060)),
          band(min(t.h # 147926525), min(t.h # -1492605010), min(t.h # 1161830751)),
          band(min(t.h # -478700784), min(t.h # -2119232319), min(t.h # 535203442)),
          band(min(t.h # -1105328093), min(t.h # 1549107668), min(t.h # -91423867)),
          band(min(t.h # -1731955402), min(t.h # 922480359), min(t.h # -718051176)),
          band(min(t.h # 1936384585), min(t.h # 295853050), min(t.h # -1344678485)),
          band(min(t.h # 1309757276), min(t.h # -330774259), min(t.h # -1971305794)),
          band(min(t.h # 683129967), min(t.h # -957401568), min(t.h # 1697034193)),
          band(min(t.h # 56502658), min(t.h # -1584028877), min(t.h # 1070406884)),
          band(min(t.h # -570124651), min(t.h # 2084311110), min(t.h # 443779575)),
          band(min(t.h # -1196751960), min(t.h # 1457683801), min(t.h # -182847734)),
          band(min(t.h # -1823379269), min(t.h # 831056492), min(t.h # -809475043)),
          band(min(t.h # 1844960718), min(t.h # 204429183), min(t.h # -1436102352))] as bands,
          bit_or((repeat('0', 255) || '1')::bit(256) << (t.h & 255)) as sketch
        from (select hashtext(u) as h from unnest(show_trgm(n)) u) t) s;
end $$;
comment on function signatures(text[]) is 'The MinHash signature of each name key''s trigrams, as 16 bands (who shares one may be alike), and a sketch of them. It follows the server, pg_trgm and the locale: signature_maker(). Example: select cardinality(bands) from signatures(''{kettle}'');';

create or replace function share_a_band(a integer[], b integer[]) returns boolean
  language sql immutable parallel safe
begin atomic
  -- inlined, so that each comparison is asked of the index of its band
  select a[1] = b[1] or a[2] = b[2] or a[3] = b[3] or a[4] = b[4]
      or a[5] = b[5] or a[6] = b[6] or a[7] = b[7] or a[8] = b[8]
      or a[9] = b[9] or a[10] = b[10] or a[11] = b[11] or a[12] = b[12]
      or a[13] = b[13] or a[14] = b[14] or a[15] = b[15] or a[16] = b[16];
end;
comment on function share_a_band(integer[],
  integer[]) is 'Whether two signatures agree in one of 16 bands at least. Example: select share_a_band(a.bands, b.bands) from signatures(''{kettle}'') a, signatures(''{kettles}'') b;';

create or replace function alike(a bit, b bit) returns double precision
  language sql immutable parallel safe
begin atomic
  select bit_count(a & b)::double precision / nullif(bit_count(a | b), 0);
end;
comment on function alike(bit, bit) is 'About how similar two names are, by their sketches: a set of 43 trigrams, as names have on average, sets 40 of the 256 bits. Example: select round(alike(a.sketch, b.sketch)::numeric, 2) > .5 from signatures(''{kettle}'') a, signatures(''{kettles}'') b;';

create or replace function signature_maker() returns text
  language plpgsql stable set search_path from current as $$
begin
  return (
    select format('1: PostgreSQL %s, pg_trgm %s, %s %s %s', current_setting('server_version_num')::integer / 10000, e.extversion,
                  d.datctype, coalesce(to_jsonb(d) ->> 'datlocale', to_jsonb(d) ->> 'daticulocale'),
                    pg_database_collation_actual_version(d.oid))
      from pg_database d, pg_extension e where d.datname = current_database() and e.extname = 'pg_trgm');
end $$;
comment on function signature_maker() is 'What a signature depends on: the way it is reckoned (1), the server''s major version, whose hash functions it uses, pg_trgm and the locale, which say what a letter is. Example: select signature_maker() <> '''';';

create or replace function similar_by_signatures() returns boolean
  language plpgsql stable security definer set search_path from current as $$
begin
  return coalesce((
    -- .980 of the names that are just .6 alike share a band, .88 of those that are .5
    select s.complete and (t.value)::float8 >= .6 from signature_state s, all_settings t
      where s.made_by = signature_maker() and t.key = 'similarity_threshold'
        -- a dump may leave them out
        and exists (select from label_signatures)), false);
end $$;
comment on function similar_by_signatures() is 'Whether the similar layer looks names up by their signatures; false: by the index of trigrams, which is slower and misses nothing. Example: select similar_by_signatures();';
