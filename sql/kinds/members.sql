-- taxon_internal: What is shown of a kind: its names, a fair sample first, and the votes.

create or replace function kind_seen(kind_id bigint, shown integer) returns table (n integer, at_random boolean)
  language sql stable security definer set search_path from current as $$
  select m.n, true from found_members m where m.kind_id = kind_seen.kind_id and m.n <= kind_seen.shown
  union all
  -- the four oddest besides: a person's word that differs, else names with words that the others do not have
  (select m.n, false from found_members m
     where m.kind_id = kind_seen.kind_id and m.n > kind_seen.shown and m.odd >= .7 and kind_seen.shown > 0
     order by m.odd desc, m.n limit 4);
$$;
comment on function kind_seen(bigint, integer) is 'Which names of a kind a person sees who asks for so many: the first in their random order, and up to four odd ones, which were not drawn at random and prove nothing. Example: select n, at_random from kind_seen(1, 12);';
grant execute on function kind_seen to taxon_admin;

create or replace function kind_members(kind_id bigint, shown integer default 12)
  returns table (n integer, name text, category_id bigint, path text, source text, at_random boolean, odd text, model text, memory text,
                 llm text)
  language sql stable security definer set search_path from current as $$
  select m.n, m.name_key, m.answer_id, category_path(m.answer_id), m.source, s.at_random,
         case when m.odd > 1 then 'a person says so' when m.odd >= .7 then 'other words' end,
         category_path(m.by_model), category_path(m.by_memory), category_path(m.by_llm)
    from kind_seen(kind_members.kind_id, kind_members.shown) s join found_members m on m.kind_id = kind_members.kind_id and m.n = s.n
    order by s.at_random, m.odd > 1 desc, m.n;
$$;
comment on function kind_members(bigint, integer) is 'The names of a kind that a person looks at before he decides: odd ones first (at_random false), then so many in their random order, n from 1. path: the answer now; source: who gave it (llm, human or import of a label, answer of a row, none); odd: why it may not belong, NULL: it looks like the others; model, memory and llm: what each says, NULL: nothing. decide_kind() takes the numbers n. Example: select count(*), bool_and(at_random) from kind_members(1);';
grant execute on function kind_members to taxon_admin;

create or replace function kind_votes(kind_id bigint) returns jsonb
  language sql stable security definer set search_path from current as $$
  with votes as (
    select v.category_id, count(*) filter (where v.who = 'now') as now, count(*) filter (where v.who = 'model') as model,
           count(*) filter (where v.who = 'memory') as memory, count(*) filter (where v.who = 'llm') as llm
      from found_members m
      cross join lateral (values ('now', m.answer_id), ('model', m.by_model), ('memory', m.by_memory), ('llm', m.by_llm)) v(who, category_id)
      where m.kind_id = kind_votes.kind_id and v.category_id is not null group by 1
    union all
    -- no name says so, only the kind as a whole
    select k.says, 0, 0, 0, 0 from found_kinds k
      where k.kind_id = kind_votes.kind_id and k.says is not null
        and not exists (select from found_members m
                          where m.kind_id = k.kind_id and k.says in (m.answer_id, m.by_model, m.by_memory, m.by_llm))
  ), best as (
    select v.*, v.category_id is not distinct from k.says as says
      from found_kinds k, votes v
      where k.kind_id = kind_votes.kind_id order by says desc, v.model + v.memory + v.llm + v.now desc, v.category_id limit 8
  )
  select coalesce(jsonb_agg(jsonb_build_object('category_id', b.category_id, 'path', category_path(b.category_id), 'now', b.now,
           'model', b.model, 'memory', b.memory, 'llm', b.llm) order by b.says desc, b.model + b.memory + b.llm + b.now desc, b.category_id), '[]')
    from best b;
$$;
comment on function kind_votes(bigint) is 'The categories that a kind may be, what speaks against its answers first, at most eight: [{category_id, path, now, model, memory, llm}], how many of its names have it now, and of how many the model, memory''s other names and the LLM say so. Example: select kind_votes(1);';
grant execute on function kind_votes to taxon_admin;

create or replace function kind_proof(seen integer, unmarked integer, others integer) returns text
  language sql immutable parallel safe
begin atomic
  select case when others = 0 and unmarked = 0 then format('all %s were seen: nothing is left to prove', seen)
    when unmarked > 0 then format('%s of the %s seen do not belong: what was left marked is decided, the rest is split', unmarked, seen)
    when seen = 0 then 'none was seen: nothing is proved'
    else format('%s seen at random and none unmarked: at most %s %% of the other %s are wrong, at 95 %%', seen,
                ceil(100 * share_bound(0, seen, .95, true)), others) end;
end;
comment on function kind_proof(integer, integer, integer) is 'What it proves that of so many names, drawn at random and seen, so many were unmarked (Clopper and Pearson). Example: select kind_proof(29, 0, 121);';
grant execute on function kind_proof to taxon_admin;
