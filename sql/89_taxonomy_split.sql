-- A category is split: new ones below it, and its names are asked again, within a budget of tokens.

create or replace function split_category(category_id bigint, names text[], max_tokens bigint default 100000, products boolean default false,
    reason text default null, preview boolean default false) returns taxonomy_changes
  language plpgsql security definer set search_path from current as $$
declare
  made bigint[];
  c taxonomy_changes;
begin
  if not preview then perform lock_taxonomy(array[split_category.category_id]); end if;
  perform need_category(category_id);
  if coalesce(cardinality(names), 0) = 0 or cardinality(names) <> (select count(distinct normalise(n)) from unnest(names) n) then
    raise exception 'a split needs the names of the new categories, each once' using hint = format('select * from split_category(%s, array[''…'', ''…'']);', category_id);
  elsif max_tokens is null or max_tokens < 0 then
    raise exception 'max_tokens must be 0 or more, not %', coalesce(max_tokens::text, 'NULL');
  end if;
  perform refuse_same_name(split_category.category_id, n) from unnest(names) n;
  if not preview then
    with written as (
      insert into categories (parent_id, name, path_ids, level, l1)
        select split_category.category_id, n, '{}', 0, 0 from unnest(names) with ordinality u(n, i) order by i returning categories.category_id
    )
    select array_agg(w.category_id order by w.category_id) into made from written w;
  end if;
  c := note_change('split', category_id, '{}', array[split_category.category_id], jsonb_build_object('made', made), reason, preview, max_tokens);
  c.note := case when c.human_labels > 0 then format('%s labels are of people and stay: select name_key from taxonomy_questions where taxonomy_change_id = %s and state = ''person'';',
                                                     c.human_labels, coalesce(c.taxonomy_change_id::text, '…')) end;
  if preview then return c; end if;
  insert into taxonomy_questions (taxonomy_change_id, name_key, category_id, state, settled_at)
    select c.taxonomy_change_id, l.name_key, l.category_id, case when l.source = 'human' then 'person' else 'waiting' end,
           case when l.source = 'human' then now() end
      from labels l where l.category_id = split_category.category_id
    union all
    -- rows that no label answered: similar and local
    select c.taxonomy_change_id, p.name_key, split_category.category_id, 'waiting', null
      from products p where split_category.products and p.category_id = split_category.category_id and p.state = 'done' and p.source <> 'human'
        and not exists (select from labels l where l.name_hash = name_hash(p.name_key))
      group by p.name_key;
  update taxonomy_changes x set note = c.note, settled_at = now() where x.taxonomy_change_id = c.taxonomy_change_id;
  perform ask_questions();
  return c;
end $$;
comment on function split_category(bigint, text[], bigint, boolean, text, boolean) is 'Makes categories below one and has the LLM asked again which of them each of its labels is (with products also each row that the similar or local layer answered), while that costs no more than max_tokens; more_tokens() continues. The category stays in use: until a name is asked, and where none of the new ones fits, its label stands and answers. Labels of people are never changed, but listed. Example: select labels, human_labels from split_category(7, array[''Electric kettles'', ''Stove kettles''], preview => true);';

create or replace function split_tokens(taxonomy_change_id bigint) returns table (tokens bigint, each numeric)
  language sql stable security definer set search_path from current as $$
  -- until a name was paid for it counts 200 tokens
  select coalesce(sum(c.tokens_in + c.tokens_out), 0)::bigint, coalesce(sum(c.tokens_in + c.tokens_out)::numeric / nullif(sum(c.names), 0), 200)
    from llm_calls c where c.taxonomy_change_id = split_tokens.taxonomy_change_id and c.state <> 'failed';
$$;
comment on function split_tokens(bigint) is 'LLM tokens that a split has cost, calls in flight and lost ones with their upper estimates, and how many a name. Example: select tokens from split_tokens(1);';

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

create or replace function more_tokens(taxonomy_change_id bigint, max_tokens bigint) returns bigint
  language plpgsql security definer set search_path from current as $$
begin
  if max_tokens is null or max_tokens < 0 then
    raise exception 'max_tokens must be 0 or more, not %', coalesce(max_tokens::text, 'NULL') using errcode = 'invalid_parameter_value';
  end if;
  update taxonomy_changes c set max_tokens = more_tokens.max_tokens where c.taxonomy_change_id = more_tokens.taxonomy_change_id and c.kind = 'split';
  if not found then
    raise exception 'change % is no split', coalesce(taxonomy_change_id::text, 'NULL') using hint = 'select * from taxonomy_progress;';
  end if;
  return ask_questions();
end $$;
comment on function more_tokens(bigint, bigint) is 'Sets how many tokens a split may cost in all; 0 stops it. Returns how many names are asked now. Example: select taxonomy_change_id, tokens, max_tokens from taxonomy_progress;';

create or replace view taxonomy_progress with (security_invoker) as
  select c.taxonomy_change_id, category_path(c.category_id) as path, n.waiting, n.asked, n.moved, n.kept, n.person, n.other, t.tokens, c.max_tokens,
         case when c.undone_at is not null then 'undone' when n.waiting + n.asked = 0 then 'done'
              when n.asked = 0 and c.max_tokens - t.tokens < t.each then 'its budget is used up: more_tokens()' else 'asking' end as state
    from taxonomy_changes c
    cross join lateral split_tokens(c.taxonomy_change_id) t
    cross join lateral (
      select count(*) filter (where k.state = 'waiting') as waiting, count(*) filter (where k.state = 'asked') as asked,
             count(*) filter (where k.state = 'moved') as moved, count(*) filter (where k.state = 'kept') as kept,
             count(*) filter (where k.state = 'person') as person, count(*) filter (where k.state in ('failed', 'dropped')) as other
        from taxonomy_questions k where k.taxonomy_change_id = c.taxonomy_change_id) n
    where c.kind = 'split' order by c.taxonomy_change_id desc;
comment on view taxonomy_progress is 'How far splits have come, the newest first.';
comment on column taxonomy_progress.taxonomy_change_id is 'The split.';
comment on column taxonomy_progress.path is 'What was split.';
comment on column taxonomy_progress.waiting is 'Names that are not asked yet; they answer with their old label.';
comment on column taxonomy_progress.asked is 'Names that wait for the LLM.';
comment on column taxonomy_progress.moved is 'Names that have a new category.';
comment on column taxonomy_progress.kept is 'Names that none of the new categories fits.';
comment on column taxonomy_progress.person is 'Names left to people: their own labels, and names that may not be sent.';
comment on column taxonomy_progress.other is 'Names whose label changed meanwhile, or that were asked in vain too often.';
comment on column taxonomy_progress.tokens is 'Tokens that it has cost.';
comment on column taxonomy_progress.max_tokens is 'Tokens that it may cost.';
comment on column taxonomy_progress.state is 'asking, done, undone, or why it rests.';
