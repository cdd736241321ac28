-- taxon_internal: What a split asks the LLM, and what becomes of its answers.

create or replace function split_tokens(taxonomy_change_id bigint) returns table (tokens bigint, each numeric)
  language sql stable security definer set search_path from current as $$
  -- until a name was paid for it counts 200 tokens
  select coalesce(sum(c.tokens_in + c.tokens_out), 0)::bigint, coalesce(sum(c.tokens_in + c.tokens_out)::numeric / nullif(sum(c.names), 0), 200)
    from llm_calls c where c.taxonomy_change_id = split_tokens.taxonomy_change_id and c.state <> 'failed';
$$;
comment on function split_tokens(bigint) is 'LLM tokens that a split has cost, calls in flight and lost ones with their upper estimates, and how many a name. Example: select tokens from split_tokens(1);';
grant execute on function split_tokens to taxon_reader, taxon_admin;

create or replace function ask_questions(most integer default 1000) returns integer
  language plpgsql security definer set search_path from current as $$
declare
  s record;
  room bigint;
  queued integer := 0;
begin
  for s in select c.taxonomy_change_id, c.category_id, c.max_tokens, x.l1, t.tokens, t.each,
                  (select count(*) from taxonomy_questions k where k.taxonomy_change_id = c.taxonomy_change_id and k.state = 'asked') as open,
                  array(select d.category_id from categories d where (d.parent_id = c.category_id or d.category_id = c.category_id) and d.retired_at is null order by d.level desc, d.category_id) as offered
             from taxonomy_changes c join categories x using (category_id) cross join lateral split_tokens(c.taxonomy_change_id) t
             where c.kind = 'split' and c.undone_at is null and x.retired_at is null
               and exists (select from taxonomy_questions k where k.taxonomy_change_id = c.taxonomy_change_id and k.state = 'waiting')
             order by c.taxonomy_change_id loop
    room := least(most, floor((s.max_tokens - s.tokens) / greatest(s.each, 1))) - s.open;
    continue when room <= 0;
    with picked as materialized (
      select k.name_hash, k.name_key from taxonomy_questions k
        where k.taxonomy_change_id = s.taxonomy_change_id and k.state = 'waiting' limit room for update skip locked
    ), asked as (
      update taxonomy_questions k set state = 'asked' from picked p
        where k.taxonomy_change_id = s.taxonomy_change_id and k.name_hash = p.name_hash
    )
    -- order by: as all that write names
    insert into queue (stage, name_key, purpose, branch, shortlist)
      select 'llm', p.name_key, 'split', s.l1, s.offered from picked p order by p.name_hash
      on conflict (name_hash, purpose, step) where stage = 'llm' do update set shortlist = excluded.shortlist;
    get diagnostics room = row_count;
    queued := queued + room;
  end loop;
  if queued > 0 then perform wake(); end if;
  return queued;
end $$;
comment on function ask_questions(integer) is 'Puts names of splits into the LLM stage, as many as may be open at once and as their budgets allow; returns how many. Sidecars call it every minute. Example: select ask_questions();';
grant execute on function ask_questions to taxon_admin, taxon_sidecar;

create or replace function drop_questions(queue_ids bigint[]) returns integer
  language plpgsql security definer set search_path from current as $$
declare
  dropped integer;
begin
  -- whoever labelled the name meanwhile knows better; or the split was undone
  with stale as (
    select q.queue_id, q.name_hash from queue q
      where q.queue_id = any (queue_ids) and not exists (
        select from taxonomy_questions k left join labels l on l.name_hash = k.name_hash
          where k.name_hash = q.name_hash and k.state = 'asked'
            and (l.name_hash is null or l.category_id = k.category_id and l.source <> 'human'))
  ), noted as (
    update taxonomy_questions k set state = 'dropped', settled_at = now() from stale s where k.name_hash = s.name_hash and k.state = 'asked'
  )
  delete from queue q using stale s where q.queue_id = s.queue_id;
  get diagnostics dropped = row_count;
  return dropped;
end $$;
comment on function drop_questions(bigint[]) is 'Takes those queue entries of splits out that need no answer any more; returns how many. Example: select drop_questions(array[12]);';

create or replace function settle_questions(llm_call_id bigint, answers jsonb, refused jsonb) returns integer
  language plpgsql security definer set search_path from current as $$
declare
  newest bigint := (select coalesce(max(x.change_id), 0) from label_changes x);
  change bigint := (select c.taxonomy_change_id from llm_calls c where c.llm_call_id = settle_questions.llm_call_id);
  why text := format('asked again by change %s', change);
  valid integer;
begin
  with given as materialized (
    select distinct on (k.name_hash) k.name_hash, k.name_key, k.category_id as was, g.category_id as says, g.confidence
      from (select a.name_key, in_use(a.category_id) as category_id, a.confidence
              from jsonb_to_recordset(answers) a(name_key text, category_id bigint, confidence real)
            union all
            -- none of the new ones: it stays what it was
            select r ->> 'name_key', null, null from jsonb_array_elements(refused) r where (r ->> 'none')::boolean) g
      join taxonomy_questions k on k.name_hash = name_hash(g.name_key) and k.taxonomy_change_id = change and k.state = 'asked'
      order by k.name_hash
  ), written as (
    insert into labels as l (name_key, category_id, source, confidence, llm_call_id, labelled_at)
      select g.name_key, g.says, 'llm', g.confidence, settle_questions.llm_call_id, now() from given g
        where g.says <> g.was or g.says is not null and not exists (select from labels y where y.name_hash = g.name_hash)
        order by g.name_hash
      on conflict (name_hash) do update
        set category_id = excluded.category_id, source = 'llm', confidence = excluded.confidence, llm_call_id = excluded.llm_call_id, updated_at = clock_timestamp()
        where l.source <> 'human' and l.category_id = (select k.category_id from taxonomy_questions k where k.taxonomy_change_id = change and k.name_hash = l.name_hash)
      returning l.name_hash, l.category_id
  ), was as materialized (
    select p.product_id, p.category_id, p.source, p.similarity, p.matched_key, p.llm_call_id, w.category_id as after, c.l1, c.l2, c.l3,
           case when p.source = 'exact' then 'exact' else 'llm' end as by
      from written w join given g using (name_hash) join categories c on c.category_id = w.category_id
      join products p on name_hash(p.name_key) = w.name_hash and p.state = 'done' and p.category_id = g.was and p.source <> 'human'
      where w.category_id <> g.was
      -- the name's answer is kept until all of its rows can be written
      order by p.product_id for no key update of p nowait
  ), rows as (
    update products p
      set category_id = w.after, l1 = w.l1, l2 = w.l2, l3 = w.l3, source = w.by, similarity = null, matched_key = null,
          llm_call_id = case when w.by = 'llm' then settle_questions.llm_call_id end, classified_at = now()
      from was w where p.product_id = w.product_id
  ), noted as (
    insert into product_changes (product_id, before_category_id, before_source, after_category_id, after_source, reason,
                                 before_similarity, before_matched_key, before_llm_call_id, taxonomy_change_id)
      select w.product_id, w.category_id, w.source, w.after, w.by, why, w.similarity, w.matched_key, w.llm_call_id, change from was w
  ), closed as (
    update taxonomy_questions k set settled_at = now(),
        state = case when w.category_id <> g.was then 'moved' when g.says is null or g.says = g.was then 'kept' else 'dropped' end
      from given g left join written w using (name_hash) where k.taxonomy_change_id = change and k.name_hash = g.name_hash
  ), gone as (
    delete from queue q using given g where q.name_hash = g.name_hash and q.stage = 'llm' and q.purpose = 'split'
  )
  select count(*) filter (where g.says is not null) into valid from given g;
  perform name_label_changes(newest, array(select c.category_id from taxonomy_changes c where c.taxonomy_change_id = change), change, why);
  return valid;
end $$;
comment on function settle_questions(bigint, jsonb, jsonb) is 'The LLM''s answers to what a split asks: labels and rows that still are what was split get the new category, with their history; returns how many names got one. Example: select settle_questions(12, ''[]'', ''[]'');';

create or replace function settle_split(llm_call_id bigint, answers jsonb, refused jsonb) returns integer
  language plpgsql security definer set search_path from current
  -- a label that a person is writing and has not committed
  set lock_timeout = '200ms' as $$
declare
  said jsonb := answers || coalesce((select jsonb_agg(r) from jsonb_array_elements(refused) r where (r ->> 'none')::boolean), '[]');
begin
  begin
    return settle_questions(settle_split.llm_call_id, answers, refused);
  exception when others or assert_failure or query_canceled then
    if is_wanted_end(sqlstate) then raise; end if;
    if jsonb_array_length(said) = 1 then
      perform keep_answers(settle_split.llm_call_id, said);
      return 0;
    end if;
  end;
  return (select sum(case when (x.a ->> 'none')::boolean then settle_split(settle_split.llm_call_id, '[]', jsonb_build_array(x.a))
                          else settle_split(settle_split.llm_call_id, jsonb_build_array(x.a), '[]') end)
            from (select a from jsonb_array_elements(said) a order by name_hash(a ->> 'name_key')) x);
end $$;
comment on function settle_split(bigint, jsonb, jsonb) is 'settle_questions(), name by name where another transaction holds the label or a row of one, or a row refuses; the answer to that one is kept (kept_answers). Returns how many names got a category. Example: select settle_split(12, ''[]'', ''[]'');';

create or replace function unfinished_split(category_id bigint, names text[]) returns taxonomy_changes
  language sql stable security definer set search_path from current as $$
  select c.* from taxonomy_changes c
    where c.kind = 'split' and c.category_id = unfinished_split.category_id and c.undone_at is null
      and exists (select from taxonomy_questions k where k.taxonomy_change_id = c.taxonomy_change_id and k.state in ('waiting', 'asked'))
      and (unfinished_split.names is null
           or array(select normalise(n) from unnest(unfinished_split.names) n order by 1)
              = array(select normalise(x.name) from categories x where to_jsonb(x.category_id) = any (array(select jsonb_array_elements(c.before -> 'made'))) order by 1))
    order by c.taxonomy_change_id desc limit 1;
$$;
comment on function unfinished_split(bigint, text[]) is 'The newest split of a category that has names left to ask, of all or of that into these names; NULL: none. Example: select taxonomy_change_id from unfinished_split(7, null);';
