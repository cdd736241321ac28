-- taxon_internal: A kind that is no kind is split: by what tells the names apart that a person has unmarked, else by answer, else by words.

create or replace function kind_parts(kind_id bigint, rest integer[], marked integer[], unmarked integer[])
  returns table (n integer, part text, like_unmarked boolean)
  language plpgsql stable security definer set search_path from current as $$
declare
  -- a feature that half of one side has and none of the other
  least_difference constant double precision := .4;
  best record;
begin
  if cardinality(marked) > 0 and cardinality(unmarked) > 0 then
    with features as (
      select m.n, w as feature from found_members m, unnest(deciding_words(left(m.name_key, 300))) w where m.kind_id = kind_parts.kind_id
      union all
      -- the answer now; a word has no space in front
      select m.n, ' ' || m.answer_id from found_members m where m.kind_id = kind_parts.kind_id and m.answer_id is not null
    ), counted as (
      select f.feature, count(*) filter (where f.n = any (marked)) as yes, count(*) filter (where f.n = any (unmarked)) as no,
             count(*) filter (where f.n = any (rest)) as among
        from features f group by 1
    )
    select c.feature, (c.no + .5) / (cardinality(unmarked) + 1) - (c.yes + .5) / (cardinality(marked) + 1) as difference into best
      from counted c where c.among between 1 and cardinality(rest) - 1
      order by abs((c.no + .5) / (cardinality(unmarked) + 1) - (c.yes + .5) / (cardinality(marked) + 1)) desc, c.among desc, c.feature
      limit 1;
    if abs(best.difference) >= least_difference then
      return query
        select m.n, case when x.has then ltrim(best.feature) end, x.has = (best.difference > 0)
          from found_members m cross join lateral (
            select case when best.feature like ' %' then ' ' || m.answer_id is not distinct from best.feature
                        else best.feature = any (deciding_words(left(m.name_key, 300))) end as has) x
          where m.kind_id = kind_parts.kind_id and m.n = any (rest);
      return;
    end if;
    return query select u.n, null::text, false from unnest(rest) u(n);
    return;
  end if;
  -- nothing was said of single names: the answers tell them apart, where there is more than one
  if (select count(*) from (select from found_members m where m.kind_id = kind_parts.kind_id and m.n = any (rest)
                              group by m.answer_id having count(*) >= 2) a) > 1 then
    return query
      select m.n, m.answer_id::text, false from found_members m where m.kind_id = kind_parts.kind_id and m.n = any (rest);
    return;
  end if;
  return query
    with words as (
      select m.n, w as word, count(*) over (partition by w) as times from found_members m, unnest(deciding_words(left(m.name_key, 300))) w
        where m.kind_id = kind_parts.kind_id and m.n = any (rest)
    ), chosen as (
      -- each name's most frequent word that not nearly all have
      select distinct on (w.n) w.n, w.word from words w
        where w.times between 2 and .8 * cardinality(rest) order by w.n, w.times desc, w.word
    )
    select u.n, c.word, false from unnest(rest) u(n) left join chosen c using (n);
end $$;
comment on function kind_parts(bigint, integer[], integer[],
  integer[]) is 'How the rest of a kind falls apart: by the word or answer that best tells the unmarked names from those left marked; where a person has marked none, by answer, else by words. part: what its names have in common, NULL: they lack it; like_unmarked: they have what the unmarked have. Example: select n, part from kind_parts(1, array[1, 2], ''{}'', ''{}'');';

create or replace function split_kind(kind_id bigint, rest integer[], marked integer[], unmarked integer[]) returns bigint[]
  language plpgsql security definer set search_path from current as $$
declare
  k found_kinds;
  parts bigint[];
begin
  select * into k from found_kinds x where x.kind_id = split_kind.kind_id;
  with part as materialized (
    select p.n, case when count(*) over (partition by p.part) >= 2 then p.part end as part, p.like_unmarked
      from kind_parts(split_kind.kind_id, rest, marked, unmarked) p
    union all
    select u.n, '(unmarked)', true from unnest(unmarked) u(n)
  ), made as materialized (
    select nextval(pg_get_serial_sequence('found_kinds', 'kind_id')) as id, p.part, p.like_unmarked, p.size
      from (select x.part, x.like_unmarked, count(*)::integer as size from part x group by 1, 2) p
  ), written as (
    insert into found_kinds (kind_id, parent_id, words, says, why, size, tokens_a_month) overriding system value
      select m.id, k.kind_id, k.words || case when m.part ~ '^[^(0-9]' and m.part <> all (k.words) then m.part end,
             case when not m.like_unmarked then k.says end, case when m.like_unmarked then 'unmarked' else k.why end, m.size,
             round(k.tokens_a_month * m.size / k.size)
        from made m
  ), moved as (
    insert into found_members (kind_id, n, name_key, answer_id, source, by_model, by_memory, by_llm, odd)
      select d.id, row_number() over (partition by d.id order by random()), m.name_key, m.answer_id, m.source, m.by_model, m.by_memory,
             m.by_llm, m.odd
        from part p join made d on (d.part, d.like_unmarked) is not distinct from (p.part, p.like_unmarked)
        join found_members m on m.kind_id = k.kind_id and m.n = p.n
  )
  select array_agg(m.id order by m.size desc, m.id) into parts from made m;
  return coalesce(parts, '{}');
end $$;
comment on function split_kind(bigint, integer[], integer[],
  integer[]) is 'Makes kinds of the parts of a kind: of the rest, as kind_parts() says, and of the unmarked names. Each has a random order of its own. Returns their ids, the largest first. Example: select split_kind(1, array[1, 2, 3, 4], ''{}'', ''{}'');';
