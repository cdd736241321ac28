-- taxon_internal: Grouping names into kinds, first half: which names there are, what their words tell, and what speaks against their answers.

create or replace function read_kind_names() returns integer
  language plpgsql security definer set search_path from current set work_mem = '64MB' set enable_nestloop = off
  set jit = off as $$
declare
  -- more rows that a model answered than this are not looked at; memory is, whole
  rows_read constant bigint := 200000;
  names integer;
begin
  delete from kind_names;
  delete from kind_tokens;
  delete from kind_words;
  insert into kind_names (id, name_key, name_hash, answer_id, source, by_model, sure, by_audit, by_llm)
  with judged as (
    select distinct on (k.name_hash) k.name_hash, k.truth_category_id from checks k
      where k.truth_category_id is not null order by k.name_hash, k.check_id desc
  ), was as (
    select distinct on (name_hash(x.name_key)) name_hash(x.name_key) as name_hash, x.before_category_id from label_changes x
      where x.before_source = 'llm' and x.reverted_at is null order by name_hash(x.name_key), x.change_id desc
  ), labelled as (
    select l.name_key, l.name_hash, l.category_id as answer, l.source, o.category_id as model, o.l3_confidence as sure,
           case when l.source = 'llm' then l.category_id else w.before_category_id end as llm
      from labels l
      left join out_of_fold o on o.name_hash = l.name_hash and o.label_category_id = l.category_id
      left join was w on w.name_hash = l.name_hash
  ), answered as (
    select distinct on (name_hash(p.name_key)) p.name_key, name_hash(p.name_key) as name_hash, p.category_id as answer, 'answer' as source,
           case when p.source = 'local' then p.category_id end as model, p.l3_confidence as sure
      from products p
      where p.state = 'done' and p.source in ('similar', 'local') and p.product_id > (select max(x.product_id) from products x) - rows_read
      order by name_hash(p.name_key), p.product_id desc
  ), waiting as (
    select distinct on (q.name_hash) q.name_key, q.name_hash, q.shortlist[1] as model from queue q
      where q.available_at = 'infinity' and q.purpose = 'answer' order by q.name_hash
  ), met as (
    select * from labelled
    union all
    select a.name_key, a.name_hash, a.answer, a.source, a.model, a.sure, null from answered a
      where not exists (select from labels l where l.name_hash = a.name_hash)
    union all
    select w.name_key, w.name_hash, null, 'none', w.model, null, null from waiting w
      where not exists (select from labels l where l.name_hash = w.name_hash)
        and not exists (select from answered a where a.name_hash = w.name_hash)
  ), now_used as (
    select c.category_id, coalesce(c.merged_into, c.category_id) as id from categories c
      where c.retired_at is null or c.merged_into is not null
  )
  select row_number() over (order by m.name_hash), m.name_key, m.name_hash, a.id, m.source, o.id, m.sure, j.id, g.id
    from met m
    left join now_used a on a.category_id = m.answer
    left join now_used o on o.category_id = m.model
    left join judged k on k.name_hash = m.name_hash
    left join now_used j on j.category_id = k.truth_category_id
    left join now_used g on g.category_id = m.llm;
  get diagnostics names = row_count;
  -- who has a hundred thousand letters says what he is in the first three hundred
  insert into kind_tokens (id, word)
    select n.id, w from kind_names n, unnest(deciding_words(left(n.name_key, 300))) w where length(w) > 1;
  analyze kind_names, kind_tokens;
  return names;
end $$;
comment on function read_kind_names() is 'Fills kind_names and kind_tokens: every label, the newest rows that a model or a near name answered, and names that wait for people; beside each what model, audits and LLM say. Returns how many names. Example: select read_kind_names();';

create or replace function weigh_kind_words() returns integer
  language plpgsql security definer set search_path from current set work_mem = '64MB' set enable_nestloop = off
  set jit = off as $$
declare
  -- five names of the usual mixture are added to each word: what three names have in common may be chance
  prior constant double precision := 5;
  words integer;
begin
  insert into kind_words (word, seen, tells)
  with shares as (
    select n.answer_id, count(*) / (sum(count(*)) over ())::float8 as share from kind_names n
      where n.answer_id is not null and n.source in ('llm', 'human', 'import') group by 1
  ), counted as (
    select t.word, n.answer_id, count(*)::float8 as k from kind_tokens t join kind_names n using (id)
      where n.answer_id is not null and n.source in ('llm', 'human', 'import') group by 1, 2
  ), summed as (
    select c.*, sum(c.k) over (partition by c.word) as seen from counted c
  )
  select s.word, max(s.seen), sum(p.p * ln(p.p / h.share)) * ln(1 + max(s.seen))
    from summed s join shares h using (answer_id) cross join lateral (select (s.k + prior * h.share) / (s.seen + prior) as p) p
    where s.seen >= 3
    group by s.word;
  get diagnostics words = row_count;
  delete from kind_tokens t where not exists (select from kind_words w where w.word = t.word);
  analyze kind_words, kind_tokens;
  return words;
end $$;
comment on function weigh_kind_words() is 'Fills kind_words: what each word that three labelled names have tells of the category. A brand of many categories tells little, a word of one much, and of two such words the more frequent one more. Returns how many words. Example: select weigh_kind_words();';

create or replace function vote_on_kind_names() returns integer
  language plpgsql security definer set search_path from current set work_mem = '64MB' set enable_nestloop = off
  set jit = off as $$
declare
  disputed integer;
begin
  -- Memory's voice: the other names that share a name's four words that tell most. Its own label does not count.
  with best as materialized (
    select x.id, x.word, x.tells, x.seen, x.place
      from (select t.id, w.word, w.tells, w.seen, row_number() over (partition by t.id order by w.tells desc, w.word) as place
              from kind_tokens t join kind_words w using (word)) x
      where x.place <= 4
  ), places as (
    select x.word, x.answer_id, x.k
      from (select t.word, n.answer_id, count(*)::float8 as k,
                   row_number() over (partition by t.word order by count(*) desc, n.answer_id) as place
              from kind_tokens t join kind_names n using (id)
              where n.answer_id is not null and n.source in ('llm', 'human', 'import') group by 1, 2) x
      where x.place <= 12
  ), scored as (
    select b.id, p.answer_id, sum(b.tells * (p.k - o.own) / nullif(b.seen - o.known, 0)) as score
      from best b join places p using (word) join kind_names n on n.id = b.id
      cross join lateral (select (n.source in ('llm', 'human', 'import'))::integer as known,
        (n.source in ('llm', 'human', 'import') and n.answer_id = p.answer_id)::integer as own) o
      group by b.id, p.answer_id
  ), heads as (
    select b.id, n.answer_id, max(b.word) filter (where b.place = 1) as head, sum(b.tells) as whole
      from best b join kind_names n using (id) group by 1, 2
  ), won as (
    select distinct on (s.id) s.id, s.answer_id, s.score from scored s order by s.id, s.score desc nulls last, s.answer_id
  )
  update kind_names n
    set head = h.head, by_memory = w.answer_id, memory_share = coalesce(w.score / nullif(h.whole, 0), 0),
        answer_share = coalesce(own.score / nullif(h.whole, 0), 0)
    from heads h left join won w on w.id = h.id left join scored own on own.id = h.id and own.answer_id = h.answer_id
    where n.id = h.id;
  -- What speaks against the answer. Audits first, then a model that had not seen it; memory alone where no model has judged.
  with said as (
    select n.id,
           case when j.other then n.by_audit when m.other then n.by_model when y.clearly or y.perhaps then n.by_memory
                when n.answer_id is null then coalesce(n.by_model, n.by_memory) end as says,
           case when n.answer_id is null then 'waiting' when j.other then 'judged'
                when m.other and same.same then 'agreed' when m.other then 'model'
                when y.clearly then 'memory' when y.perhaps then 'perhaps' else 'quiet' end as why
      from kind_names n
      left join categories a on a.category_id = n.answer_id
      left join categories cj on cj.category_id = n.by_audit
      left join categories cm on cm.category_id = n.by_model
      left join categories cy on cy.category_id = n.by_memory
      cross join lateral (select cj.category_id is not null and (cj.l1, cj.l2, cj.l3) is distinct from (a.l1, a.l2, a.l3) as other) j
      -- Of 57,029 real titles, a model's other answer is right where memory agrees in 45 % (.6 to .8 sure) and 84 % (surer), where
      -- it does not in 26 and 55 %; less sure in a fifth. Answers against which nothing speaks are right in 99 %.
      cross join lateral (select cm.category_id is not null and (cm.l1, cm.l2, cm.l3) is distinct from (a.l1, a.l2, a.l3)
        and n.sure >= case when (cm.l1, cm.l2, cm.l3) is not distinct from (cy.l1, cy.l2, cy.l3) then .6 else .8 end as other) m
      cross join lateral (select cy.category_id is not null and n.by_model is null
        and (cy.l1, cy.l2, cy.l3) is distinct from (a.l1, a.l2, a.l3) as other) o
      cross join lateral (select o.other and n.memory_share >= .2 and n.answer_share <= n.memory_share / 4 as clearly,
        -- a third of a kind may have the same wrong label
        o.other and n.memory_share >= .3 and n.answer_share <= n.memory_share * .6 as perhaps) y
      cross join lateral (select (cm.l1, cm.l2, cm.l3) is not distinct from (cy.l1, cy.l2, cy.l3) as same) same
  )
  update kind_names n set says = s.says, why = s.why
    from said s
    where s.id = n.id and s.why <> 'quiet'
      -- what a person has taken out of a kind is not put to him again
      and not exists (select from found_members m join found_kinds k using (kind_id)
                        where m.name_hash = n.name_hash and not m.kept and coalesce(k.category_id, k.says) = s.says);
  get diagnostics disputed = row_count;
  analyze kind_names;
  return disputed;
end $$;
comment on function vote_on_kind_names() is 'Gives each of kind_names its head word, the category of most other names with its words, and the category that speaks against its answer. Returns how many answers are disputed. Example: select vote_on_kind_names();';
