-- taxon_internal: Kinds against which no single name speaks, as all of them are wrong alike: what a whole kind says against its answer.

create or replace function kind_doubts() returns table (why text, doubt double precision)
  language sql stable security definer set search_path from current as $$
  -- Before anybody has decided: how often the answer was wrong on 57,029 real titles (bench/kinds), rounded. That differs from shop to
  -- shop: where a category is called like a kind, its answer was wrong in 5 % with a teacher that errs name by name, in 73 % with one
  -- that errs kind by kind. So what people decide counts, each kind as much as a third of what was known before.
  with before (why, doubt) as (
    values ('agreed', .85), ('judged', .85), ('memory', .7), ('unmarked', .5), ('perhaps', .4), ('model', .4), ('name', .3), ('near', .3),
           ('waiting', 1), ('quiet', 0)
  ), seen as (
    select k.why, count(*) filter (where m.kept and m.answer_id is distinct from k.category_id) / count(*)::float8 as wrong
      from found_kinds k join found_members m using (kind_id)
      where k.state in ('decided', 'split') and k.run_id is not null and m.kept is not null group by k.kind_id
  )
  select b.why, (3 * b.doubt + coalesce(sum(s.wrong), 0)) / (3 + count(s.why))
    from before b left join seen s using (why) group by b.why, b.doubt;
$$;
comment on function kind_doubts() is 'How likely an answer is wrong that is disputed in each way, learnt from the kinds that people have decided here. Example: select doubt from kind_doubts() where why = ''agreed'';';

create or replace function doubt_by_name() returns integer
  language plpgsql security definer set search_path from current set work_mem = '64MB' set jit = off as $$
declare
  doubted integer;
begin
  with quiet as materialized (
    select k.kind_id, array_to_string(k.words, ' ') as said,
           (select m.answer_id from found_members m where m.kind_id = k.kind_id limit 1) as answer
      from found_kinds k where k.state = 'open' and k.why = 'quiet' and k.words <> '{}'
  ), used as materialized (
    select c.category_id, c.path_ids, normalise(c.name) as name from categories c
      where c.retired_at is null and (exists (select from labels l where l.category_id = c.category_id)
                                      or not exists (select from categories d where d.parent_id = c.category_id and d.retired_at is null))
  ), best as (
    select distinct on (q.kind_id) q.kind_id, q.answer, u.category_id, u.path_ids, similarity(q.said, u.name) as alike,
           -- its answer, and what is above it, may be called so too
           (select max(similarity(q.said, normalise(x.name))) from categories a join categories x on x.category_id = any (a.path_ids)
              where a.category_id = q.answer) as own
      from quiet q join used u on similarity(q.said, u.name) >= .5 order by q.kind_id, alike desc, u.category_id
  ), doubtful as (
    -- a category above the answer says nothing against it
    select b.* from best b join categories a on a.category_id = b.answer
      where b.own <= b.alike - .25 and a.path_ids <> b.path_ids and not a.path_ids @> array[b.category_id]
  )
  update found_kinds k set says = d.category_id, why = 'name' from doubtful d where d.kind_id = k.kind_id;
  get diagnostics doubted = row_count;
  return doubted;
end $$;
comment on function doubt_by_name() is 'Kinds whose words are the name of a category, and not of the one that all their names have, get that category against them. Returns how many. Example: select doubt_by_name();';

create or replace function doubt_by_neighbours() returns integer
  language plpgsql security definer set search_path from current set work_mem = '64MB' set jit = off as $$
declare
  encoder integer := (select c.encoder_id from champion() c);
  doubted integer;
begin
  if encoder is null then return 0; end if;
  with middle as materialized (
    select k.kind_id, k.why, k.size, l2_normalize(avg(e.embedding)) as at,
           (array_agg(coalesce(case when k.why <> 'quiet' then k.says end, m.answer_id)))[1] as answer
      from found_kinds k join found_members m on m.kind_id = k.kind_id and m.n <= 50
      join embeddings e on e.encoder_id = encoder and e.name_hash = m.name_hash
      where k.state = 'open' and k.parent_id is null group by k.kind_id having count(*) >= 3
  ), near as (
    select q.kind_id, n.answer, q.answer as own
      from middle q cross join lateral (
        select o.answer, -(o.at <#> q.at) as cosine from middle o where o.kind_id <> q.kind_id order by o.at <#> q.at limit 5) n
      where q.why = 'quiet' and n.cosine >= .8
  ), doubtful as (
    -- four of the five nearest kinds are the same other thing, and none of them is what this one is
    select n.kind_id, n.answer from near n group by n.kind_id, n.answer, n.own
      having n.answer <> n.own and count(*) >= 4 and not exists (select from near x where x.kind_id = n.kind_id and x.answer = n.own)
  )
  update found_kinds k set says = d.answer, why = 'near' from doubtful d where d.kind_id = k.kind_id;
  get diagnostics doubted = row_count;
  return doubted;
end $$;
comment on function doubt_by_neighbours() is 'Kinds of which four of the five nearest kinds, by the mean of the champion''s embeddings, have one other answer, and none their own, get that answer against them. Returns how many. Example: select doubt_by_neighbours();';
