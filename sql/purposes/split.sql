-- taxon_internal: Purpose split: names of a category that was split are asked which of the new ones they belong to.

create or replace function split_may_claim() returns boolean
  language sql immutable
begin atomic
  select true;
end;
comment on function split_may_claim() is 'Whether the names of splits may be asked now: ask_questions() queues no more of them than their tokens allow. Example: select split_may_claim();';

create or replace function split_drop(entries bigint[], name_keys text[]) returns integer
  language sql volatile security definer set search_path from current as $$
  -- whoever labelled the name meanwhile knows better; or the split was undone
  with stale as (
    select q.queue_id, q.name_hash from queue q
      where q.queue_id = any (split_drop.entries) and not exists (
        select from taxonomy_questions k left join labels l on l.name_hash = k.name_hash
          where k.name_hash = q.name_hash and k.state = 'asked'
            and (l.name_hash is null or l.category_id = k.category_id and l.source <> 'human'))
  ), noted as (
    update taxonomy_questions k set state = 'dropped', settled_at = now() from stale s where k.name_hash = s.name_hash and k.state = 'asked'
  ), gone as (
    delete from queue q using stale s where q.queue_id = s.queue_id returning 1
  )
  select count(*)::integer from gone;
$$;
comment on function split_drop(bigint[],
  text[]) is 'Takes those queue entries of splits out that need no answer any more; returns how many. Example: select split_drop(array[12], array[''kettle'']);';

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
        set category_id = excluded.category_id, source = 'llm', confidence = excluded.confidence, llm_call_id = excluded.llm_call_id,
          updated_at = clock_timestamp()
        where l.source <> 'human' and l.category_id = (select k.category_id from taxonomy_questions k where k.taxonomy_change_id = change
          and k.name_hash = l.name_hash)
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
comment on function settle_questions(bigint, jsonb,
  jsonb) is 'The LLM''s answers to what a split asks: labels and rows that still are what was split get the new category, with their history; returns how many names got one. Example: select settle_questions(12, ''[]'', ''[]'');';

create or replace function split_settle(llm_call_id bigint, answers jsonb, refused jsonb) returns integer
  language plpgsql security definer set search_path from current
  -- a label that a person is writing and has not committed
  set lock_timeout = '200ms' as $$
declare
  said jsonb := answers || coalesce((select jsonb_agg(r) from jsonb_array_elements(refused) r where (r ->> 'none')::boolean), '[]');
begin
  begin
    return settle_questions(split_settle.llm_call_id, answers, refused);
  exception when others or assert_failure or query_canceled then
    if is_wanted_end(sqlstate) then raise; end if;
    if jsonb_array_length(said) = 1 then
      perform keep_answers(split_settle.llm_call_id, said);
      return 0;
    end if;
  end;
  return (select sum(case when (x.a ->> 'none')::boolean then split_settle(split_settle.llm_call_id, '[]', jsonb_build_array(x.a))
                          else split_settle(split_settle.llm_call_id, jsonb_build_array(x.a), '[]') end)
            from (select a from jsonb_array_elements(said) a order by name_hash(a ->> 'name_key')) x);
end $$;
comment on function split_settle(bigint, jsonb,
  jsonb) is 'settle_questions(), name by name where another transaction holds the label or a row of one, or a row refuses; the answer to that one is kept (kept_answers). Returns how many names got a category. Example: select split_settle(12, ''[]'', ''[]'');';

create or replace function split_bury(entries bigint[], error text) returns void
  language sql volatile security definer set search_path from current as $$
  with dead as (
    delete from queue q where q.queue_id = any (split_bury.entries) returning q.name_hash
  )
  update taxonomy_questions k set state = 'failed', settled_at = clock_timestamp()
    from dead d where k.name_hash = d.name_hash and k.state = 'asked';
$$;
comment on function split_bury(bigint[], text) is 'What a split could not ask keeps its label. Example: select split_bury(''{}'', null);';

create or replace function split_hold(name_key text) returns boolean
  language sql volatile security definer set search_path from current as $$
  -- its label stays until a person says otherwise
  update taxonomy_questions k set state = 'person', settled_at = now()
    where k.name_hash = name_hash(split_hold.name_key) and k.state in ('waiting', 'asked');
  select false;
$$;
comment on function split_hold(text) is 'What a split may not ask of a provider is a person''s, and keeps its label till then. Example: select split_hold(''kettle'');';

select keep_purpose('split', place => 40, of_one_change => true);
