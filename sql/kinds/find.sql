-- taxon_internal: Grouping names into kinds, second half: the groups, their words, and how each name fits its own.

create or replace function group_kind_names() returns integer
  language plpgsql security definer set search_path from current set work_mem = '64MB' set enable_nestloop = off
  set jit = off as $$
declare
  moment constant timestamptz := clock_timestamp();
  made integer;
begin
  -- What people have spoken of stays, with the names that they saw; the rest is found again, if it still is so.
  delete from found_kinds k where k.state = 'open' and k.run_id is null;
  delete from found_members m using found_kinds k where k.kind_id = m.kind_id and m.kept is null and k.state <> 'unsure';
  delete from kind_names n
    where exists (select from found_members m join found_kinds u using (kind_id)
                    where m.name_hash = n.name_hash and u.state = 'unsure' and u.said_at > now() - interval '30 days'
                      and u.says is not distinct from n.says);
  -- Where two voices agree it does not matter what the answers are; where one speaks alone, names of one answer stand together.
  with keyed as materialized (
    select n.id, n.says, n.why, v.key from kind_names n
      cross join lateral (select concat_ws('|', n.head, coalesce(n.says, 0), n.why,
                                           case when n.why not in ('agreed', 'judged', 'memory') then n.answer_id end) as key) v
      where n.head is not null and not (n.why = 'quiet' and (n.source = 'human' or n.answer_id is null))
  ), counted as materialized (
    select k.key, min(k.says) as says, min(k.why) as why, count(*)::integer as size from keyed k group by k.key
      having count(*) >= case min(k.why) when 'quiet' then 10 when 'waiting' then 2 else 3 end
  ), made as materialized (
    select nextval(pg_get_serial_sequence('found_kinds', 'kind_id')) as kind_id, c.* from counted c
  ), written as (
    insert into found_kinds (kind_id, words, says, why, size, found_at) overriding system value
      select m.kind_id, '{}', m.says, m.why, m.size, moment from made m
  )
  update kind_names n set kind_id = m.kind_id from keyed k join made m using (key) where k.id = n.id;
  -- what is left over of a dispute, whatever the words
  with counted as materialized (
    select v.answer, n.says, n.why, count(*)::integer as size from kind_names n
      cross join lateral (select case when n.why not in ('agreed', 'judged', 'memory') then n.answer_id end as answer) v
      where n.kind_id is null and n.why not in ('quiet', 'waiting') group by 1, 2, 3 having count(*) >= 3
  ), made as materialized (
    select nextval(pg_get_serial_sequence('found_kinds', 'kind_id')) as kind_id, c.* from counted c
  ), written as (
    insert into found_kinds (kind_id, words, says, why, size, found_at) overriding system value
      select m.kind_id, '{}', m.says, m.why, m.size, moment from made m
  )
  update kind_names n set kind_id = m.kind_id from made m
    where n.kind_id is null and (n.says, n.why) = (m.says, m.why) and (m.answer is null or m.answer = n.answer_id);
  analyze kind_names;
  select count(*) into made from found_kinds k where k.found_at = moment;
  return made;
end $$;
comment on function group_kind_names() is 'Makes found_kinds of kind_names: names of one head word and one dispute, three at least; ten without a dispute, two that wait. Returns how many kinds. Example: select group_kind_names();';

create or replace function fill_kinds() returns integer
  language plpgsql security definer set search_path from current set work_mem = '64MB' set enable_nestloop = off
  set jit = off as $$
declare
  filled integer;
  asked boolean := exists (select from llm_calls c
                             where c.purpose = 'answer' and c.state = 'ok' and c.started_at > now() - interval '30 days');
begin
  with shared as materialized (
    select n.kind_id, t.word, w.tells, count(*) / k.size::float8 as share, avg(strpos(n.name_key, t.word)) as place
      from kind_names n join kind_tokens t using (id) join kind_words w using (word) join found_kinds k on k.kind_id = n.kind_id
      group by n.kind_id, t.word, w.tells, k.size
  ), named as (
    select x.kind_id, array_agg(x.word order by x.place, x.word) as words
      from (select s.*, row_number() over w as rank, max(s.tells) over (partition by s.kind_id) as most
              from shared s where s.share > .5 window w as (partition by s.kind_id order by s.tells * s.share desc, s.word)) x
      -- "for" and a maker's name tell little beside "case"
      where x.rank <= 3 and x.tells >= .4 * x.most group by x.kind_id
  ), called as (
    update found_kinds k set words = d.words from named d where d.kind_id = k.kind_id
  ), fits as (
    -- a name is odd whose telling words the others do not have
    select n.id, 1 - sum(w.tells * s.share) / nullif(sum(w.tells), 0) as odd
      from kind_names n join kind_tokens t using (id) join kind_words w using (word)
      join shared s on s.kind_id = n.kind_id and s.word = t.word
      where n.kind_id is not null and w.tells > 0 group by n.id
  )
  insert into found_members (kind_id, n, name_key, answer_id, source, by_model, by_memory, by_llm, odd)
    select n.kind_id, row_number() over (partition by n.kind_id order by random()), n.name_key, n.answer_id, n.source, n.by_model,
           n.by_memory, n.by_llm, case when n.source = 'human' then 2 else least(coalesce(f.odd, 0), 1) end
      from kind_names n left join fits f using (id) where n.kind_id is not null;
  get diagnostics filled = row_count;
  analyze found_members, found_kinds;
  with spent as (
    select l.name_hash, sum((c.tokens_in + c.tokens_out)::numeric / c.names) as tokens
      from llm_calls c join llm_call_names l using (llm_call_id)
      where c.purpose = 'answer' and c.state in ('ok', 'unknown') and c.started_at > now() - interval '30 days' group by 1
  ), of_kind as (
    select m.kind_id, sum(s.tokens) as tokens
      from found_kinds k join found_members m using (kind_id) left join spent s using (name_hash)
      where k.state = 'open' and k.run_id is null group by 1
  )
  update found_kinds k set tokens_a_month = case when asked then round(coalesce(o.tokens, 0)) end
    from of_kind o where o.kind_id = k.kind_id;
  delete from kind_names;
  delete from kind_tokens;
  delete from kind_words;
  return filled;
end $$;
comment on function fill_kinds() is 'Writes the names of the kinds that group_kind_names() made into found_members, in a random order, with the words that they share, how they fit, and what they cost the LLM. Returns how many names. Example: select fill_kinds();';

create or replace function find_kinds() returns integer
  language plpgsql security definer set search_path from current as $$
declare
  made integer;
begin
  perform hold_lock('kinds', patience => '10 min');
  perform read_kind_names();
  perform weigh_kind_words();
  perform vote_on_kind_names();
  made := group_kind_names();
  perform fill_kinds();
  perform doubt_by_name();
  perform doubt_by_neighbours();
  return made;
end $$;
comment on function find_kinds() is 'Groups all names into kinds anew, in one transaction; kinds that people have spoken of stay. Returns how many are open. Sidecars call it at night, taxon review --kinds when it was not done for a day. Example: select find_kinds();';
grant execute on function find_kinds to taxon_admin, taxon_sidecar;

create or replace function kinds_age(out found_at timestamptz, out names bigint)
  language sql stable security definer set search_path from current as $$
  select (select max(k.found_at) from found_kinds k where k.parent_id is null), (select count(*) from labels);
$$;
comment on function kinds_age() is 'When kinds were last found (NULL: never, or there were none), and how many labels there are to group. Example: select names from kinds_age();';
grant execute on function kinds_age to taxon_admin;
