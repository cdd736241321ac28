-- What finds names that may be alike: MinHash signatures of their trigrams. Where a set of trigrams has the least value of a
-- hash function is the same in two sets with a chance of just their similarity. Of 40 such values each 4 that are named below make
-- a band, 20 in all; names that are .8 alike share a band with a chance of .9995, of .7 with .987, of .6 with .90 (200,000 trials), and names of
-- nothing alike hardly ever. A sketch of the set, 256 bits, then tells most of those who share one by chance.

create or replace function band(a integer, b integer, c integer, d integer) returns integer
  language sql immutable parallel safe
begin atomic
  -- 17 bits: a B-tree holds the rows of one key in a list, and some chance twins (8 a band at 1,000,000 names) cost less than longer keys
  select (hashint4extended(a, hashint4extended(b, hashint4extended(c, hashint4extended(d, 0)))) & 131071)::integer;
end;
comment on function band(integer, integer, integer, integer) is 'Four MinHash values as one number of 17 bits. Example: select band(1, 2, 3, 4) < 131072;';

create or replace function signatures(names text[]) returns table (name_key text, bands integer[], sketch bit)
  language plpgsql stable parallel safe set search_path from current
  set jit = off as $$
begin
  return query
    select n, array[
          band(m.a0, m.b0, m.c0, m.d0), band(m.a1, m.b1, m.c1, m.d1), band(m.a2, m.b2, m.c2, m.d2), band(m.a3, m.b3, m.c3, m.d3), band(m.a4, m.b4, m.c4, m.d4),
          band(m.a5, m.b5, m.c5, m.d5), band(m.a6, m.b6, m.c6, m.d6), band(m.a7, m.b7, m.c7, m.d7), band(m.a8, m.b8, m.c8, m.d8), band(m.a9, m.b9, m.c9, m.d9),
          -- the same values once more, no two of them together as above: nearly as good as 40 others
          band(m.a0, m.b1, m.c2, m.d3), band(m.a1, m.b2, m.c3, m.d4), band(m.a2, m.b3, m.c4, m.d5), band(m.a3, m.b4, m.c5, m.d6), band(m.a4, m.b5, m.c6, m.d7),
          band(m.a5, m.b6, m.c7, m.d8), band(m.a6, m.b7, m.c8, m.d9), band(m.a7, m.b8, m.c9, m.d0), band(m.a8, m.b9, m.c0, m.d1), band(m.a9, m.b0, m.c1, m.d2)],
        coalesce(m.sketch, repeat('0', 256)::bit(256))
      from unnest(names) n cross join lateral (
        select
            -- One hash of each trigram, seen from 40 points: xor turns the order around, as another hash function would (2 to 3 times as
            -- fast as one that multiplies). The points are multiples of the golden ratio, so evenly spread over all integers, and
            -- neighbours far from each other.
            min(t.h # -1640531535) as a0, min(t.h # 1013904226) as b0, min(t.h # -626627309) as c0, min(t.h # 2027808452) as d0,
            min(t.h # 387276917) as a1, min(t.h # -1253254618) as b1, min(t.h # 1401181143) as c1, min(t.h # -239350392) as d1,
            min(t.h # -1879881927) as a2, min(t.h # 774553834) as b2, min(t.h # -865977701) as c2, min(t.h # 1788458060) as d2,
            min(t.h # 147926525) as a3, min(t.h # -1492605010) as b3, min(t.h # 1161830751) as c3, min(t.h # -478700784) as d3,
            min(t.h # -2119232319) as a4, min(t.h # 535203442) as b4, min(t.h # -1105328093) as c4, min(t.h # 1549107668) as d4,
            min(t.h # -91423867) as a5, min(t.h # -1731955402) as b5, min(t.h # 922480359) as c5, min(t.h # -718051176) as d5,
            min(t.h # 1936384585) as a6, min(t.h # 295853050) as b6, min(t.h # -1344678485) as c6, min(t.h # 1309757276) as d6,
            min(t.h # -330774259) as a7, min(t.h # -1971305794) as b7, min(t.h # 683129967) as c7, min(t.h # -957401568) as d7,
            min(t.h # 1697034193) as a8, min(t.h # 56502658) as b8, min(t.h # -1584028877) as c8, min(t.h # 1070406884) as d8,
            min(t.h # -570124651) as a9, min(t.h # 2084311110) as b9, min(t.h # 443779575) as c9, min(t.h # -1196751960) as d9,
            bit_or((repeat('0', 255) || '1')::bit(256) << (t.h & 255)) as sketch
          from (select hashtext(u) as h from unnest(show_trgm(n)) u) t) m;
end $$;
comment on function signatures(text[]) is 'The MinHash signature of each name key''s trigrams, as 20 bands (who shares one may be alike), and a sketch of them. It follows the server, pg_trgm and the locale: signature_maker(). Example: select cardinality(bands) from signatures(''{kettle}'');';

create or replace function share_a_band(a integer[], b integer[]) returns boolean
  language sql immutable parallel safe
begin atomic
  -- inlined, so that each comparison is asked of the index of its band
  select a[1] = b[1] or a[2] = b[2] or a[3] = b[3] or a[4] = b[4] or a[5] = b[5] or
         a[6] = b[6] or a[7] = b[7] or a[8] = b[8] or a[9] = b[9] or a[10] = b[10] or
         a[11] = b[11] or a[12] = b[12] or a[13] = b[13] or a[14] = b[14] or a[15] = b[15] or
         a[16] = b[16] or a[17] = b[17] or a[18] = b[18] or a[19] = b[19] or a[20] = b[20];
end;
comment on function share_a_band(integer[], integer[]) is 'Whether two signatures agree in one of 20 bands at least. Example: select share_a_band(a.bands, b.bands) from signatures(''{kettle}'') a, signatures(''{kettles}'') b;';

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
                  d.datctype, coalesce(to_jsonb(d) ->> 'datlocale', to_jsonb(d) ->> 'daticulocale'), pg_database_collation_actual_version(d.oid))
      from pg_database d, pg_extension e where d.datname = current_database() and e.extname = 'pg_trgm');
end $$;
comment on function signature_maker() is 'What a signature depends on: the way it is reckoned (1), the server''s major version, whose hash functions it uses, pg_trgm and the locale, which say what a letter is. Example: select signature_maker() <> '''';';

create or replace function similar_by_signatures() returns boolean
  language plpgsql stable security definer set search_path from current as $$
begin
  return coalesce((select s.complete from signature_state s where s.made_by = signature_maker()), false)
    -- at .6 a band is shared by .90 of the names that are just so much alike, at .5 by .68, at .4 by .38
    and (setting('similarity_threshold'))::float8 >= .6;
end $$;
comment on function similar_by_signatures() is 'Whether the similar layer looks names up by their signatures; false: by the index of trigrams, which is slower and misses nothing. Example: select similar_by_signatures();';
