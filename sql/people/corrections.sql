-- taxon_internal: What a person says of an answer: it goes into the check, into memory at once, and onto every row that says otherwise.
-- Locks are taken in the order of all that settles names: queue, checks, labels,
-- products.

create or replace function note_verdict(name_key text, answer bigint, truth bigint) returns bigint
  language plpgsql security definer set search_path from current as $$
declare
  moment timestamptz := clock_timestamp();
  newest bigint;
begin
  with judged as materialized (
    select k.check_id, case when truth is null then false else same_path(k.category_id, truth) end as verdict,
           -- what the LLM judged, and what somebody else did, gets a second opinion; a person may correct his own
           k.verdict is null or k.auditor = 'human' and k.checked_by = session_user as first
      from checks k
      where k.name_hash = name_hash(note_verdict.name_key) and (truth is not null or same_path(k.category_id, answer))
        and (k.auditor = 'human' or k.verdict is not null)
      order by k.check_id for update
  ), written as (
    update checks k set
        verdict = case when j.first then j.verdict else k.verdict end,
        truth_category_id = case when j.first then truth else k.truth_category_id end,
        checked_by = case when j.first then session_user else k.checked_by end,
        checked_at = case when j.first then moment else k.checked_at end,
        second_verdict = case when j.first then k.second_verdict else j.verdict end,
        second_truth_category_id = case when j.first then k.second_truth_category_id else truth end,
        second_by = case when j.first then k.second_by else session_user end,
        second_at = case when j.first then k.second_at else moment end
      from judged j
      where k.check_id = j.check_id and (j.first or k.second_by is null or k.second_by = session_user)
      returning k.check_id
  )
  select max(w.check_id) into newest from written w;
  return newest;
end $$;
comment on function note_verdict(text, bigint,
  bigint) is 'Writes a person''s verdict into the checks of a name: open ones, his own, and as second opinion those that others judged. truth NULL: the answer is wrong. Returns the newest check that took it. Example: note_verdict(''kettle'', 7, 7) says that 7 is right.';

create or replace function correct_label(name_key text, answer bigint, truth bigint, check_id bigint, out before bigint, out after bigint)
  language plpgsql security definer set search_path from current as $$
declare
  hash bytea := name_hash(correct_label.name_key);
  made boolean;
begin
  select l.category_id into before from labels l where l.name_hash = hash for update;
  if truth is null then
    delete from labels l where l.name_hash = hash and l.source <> 'human' and same_path(l.category_id, answer);
    after := case when not found then before end;
  else
    insert into labels as l (name_key, category_id, source, labelled_at) values (correct_label.name_key, truth, 'human', now())
      on conflict (name_hash) do update
        set category_id = excluded.category_id, source = 'human', confidence = null, llm_call_id = null, updated_at = clock_timestamp()
        where (l.category_id, l.source) is distinct from (excluded.category_id, 'human')
      returning l.xmax = 0 into made;
    after := truth;
    -- the triggers on labels write what is new for runs only
    if made and (select r.run_id from current_label_run() r) is null then
      insert into label_changes (name_key, after_category_id, after_source, after_updated_at, changed_by, reason, check_id)
        select l.name_key, l.category_id, l.source, l.updated_at, session_user, 'said by a person', correct_label.check_id
          from labels l where l.name_hash = hash;
    end if;
  end if;
  update label_changes x
    set reason = case when truth is null then 'rejected by a person' else 'said by a person' end, check_id = correct_label.check_id
    where x.change_id = (select max(y.change_id) from label_changes y
                           where name_hash(y.name_key) = hash and y.name_key = correct_label.name_key)
      and (x.run_id is null and x.reason is null or x.run_id = (select r.run_id from current_label_run() r))
      and coalesce(x.after_source, 'human') = 'human' and x.changed_at >= now();
end $$;
comment on function correct_label(text, bigint, bigint,
  bigint) is 'A person''s word in memory: truth becomes the name''s label, of source human; with truth NULL a label that gives the rejected answer goes, unless a person gave it. Returns the label''s category before and after. Example: correct_label(''kettle'', 7, NULL, NULL) forgets that a kettle is 7.';

create or replace function ask_again(products_wrong bigint[], to_stage text, reason text, check_id bigint) returns integer
  language plpgsql security definer set search_path from current as $$
declare
  n integer := coalesce(cardinality(products_wrong), 0);
  changed integer;
begin
  if n = 0 then return 0; end if;
  with was as materialized (
    select p.* from products p where p.product_id = any (products_wrong)
  ), written as (
    update products p
      set state = 'pending', source = null, category_id = null, l1 = null, l2 = null, l3 = null, similarity = null, matched_key = null,
          llm_call_id = null, classified_at = null, inserted_xact = pg_current_xact_id()
      from was w where p.product_id = w.product_id
  )
  insert into product_changes (product_id, before_category_id, before_source, reason, check_id, before_similarity,
                               before_matched_key, before_llm_call_id, run_id, before_classified_at, before_failure, before_inserted_xact)
    select w.product_id, w.category_id, w.source, ask_again.reason, ask_again.check_id, w.similarity, w.matched_key, w.llm_call_id,
           r.run_id, w.classified_at, w.failure, w.inserted_xact
      from was w left join current_label_run() r on true;
  get diagnostics changed = row_count;
  if changed > 0 then
    insert into queue (stage, name_key)
      select distinct to_stage, p.name_key from products p where p.product_id = any (products_wrong)
      on conflict (name_hash, purpose, step) where stage = 'llm' do update set shortlist = null, probabilities = null, next = null,
        branch = null;
    perform wake();
  end if;
  return changed;
exception when others or assert_failure then
  if is_conflict(sqlstate) then raise; end if;
  -- one row that refuses does not keep the others from it
  if n = 1 then
    raise warning 'product % keeps its answer: %', products_wrong[1], sqlerrm;
    return 0;
  end if;
  return ask_again(products_wrong[1:n / 2], to_stage, reason, check_id) + ask_again(products_wrong[n / 2 + 1:], to_stage, reason, check_id);
end $$;
comment on function ask_again(bigint[], text, text,
  bigint) is 'Takes the answers of rows back, notes them in product_changes and queues the names for a stage; the LLM is then offered the whole tree. A row that refuses (a trigger of the application) keeps its answer, with a WARNING. Returns how many rows. Example: ask_again(array[12], ''local'', ''its nearest label was found wrong'', NULL).';

create or replace function correct_rows(product_ids bigint[], looked_at bigint, truth bigint, check_id bigint,
  reason text default 'said by a person') returns integer
  language plpgsql security definer set search_path from current as $$
declare
  n integer := coalesce(cardinality(product_ids), 0);
  corrected integer;
begin
  if n = 0 then return 0; end if;
  with was as materialized (
    select p.*, c.category_id as new_id, c.l1 as new_l1, c.l2 as new_l2, c.l3 as new_l3,
           case when p.product_id = looked_at then 'human' else 'exact' end as new_source
      from products p left join labels l on correct_rows.truth is null and l.name_hash = name_hash(p.name_key)
      join categories c on c.category_id = coalesce(correct_rows.truth, l.category_id)
      where p.product_id = any (product_ids)
  ), written as (
    update products p
      set category_id = w.new_id, l1 = w.new_l1, l2 = w.new_l2, l3 = w.new_l3, state = 'done', source = w.new_source, failure = null,
          similarity = null, matched_key = null, llm_call_id = null, classified_at = now()
      from was w where p.product_id = w.product_id
  )
  insert into product_changes (product_id, before_category_id, before_source, after_category_id, after_source, reason, check_id,
                               before_similarity, before_matched_key, before_llm_call_id, run_id, before_classified_at, before_failure,
                               before_inserted_xact)
    select w.product_id, w.category_id, w.source, w.new_id, w.new_source, correct_rows.reason, correct_rows.check_id,
           w.similarity, w.matched_key, w.llm_call_id, r.run_id, w.classified_at, w.failure, w.inserted_xact
      from was w left join current_label_run() r on true;
  get diagnostics corrected = row_count;
  return corrected;
exception when others or assert_failure then
  if is_conflict(sqlstate) then raise; end if;
  -- as in ask_again()
  if n = 1 then
    raise warning 'product % keeps its answer: %', product_ids[1], sqlerrm;
    return 0;
  end if;
  return correct_rows(product_ids[1:n / 2], looked_at, truth, check_id, reason)
    + correct_rows(product_ids[n / 2 + 1:], looked_at, truth, check_id, reason);
end $$;
comment on function correct_rows(bigint[], bigint, bigint, bigint,
  text) is 'Gives rows the answer that a person said, or, with truth NULL, the one that memory has for their name; with their history: source human for the one that he looked at, exact for the others. A row that refuses keeps its answer, with a WARNING. Returns how many. Example: select correct_rows(''{}'', null, 7, null);';

create or replace function correct_products(name_key text, product_id bigint, answer bigint, truth bigint, check_id bigint,
                                            out corrected integer, out asked_again integer)
  language plpgsql security definer set search_path from current as $$
declare
  hash bytea := name_hash(correct_products.name_key);
  near bigint[];
  wrong bigint[];
begin
  if truth is not null then
    wrong := array(select p.product_id from products p where name_hash(p.name_key) = hash
      and (p.state <> 'done' or p.category_id is distinct from truth));
    corrected := case when wrong = '{}' then 0 else correct_rows(wrong, correct_products.product_id, truth, correct_products.check_id) end;
    asked_again := 0;
    delete from dead_letters d where d.name_hash = hash;
    delete from queue q where q.name_hash = hash and q.purpose = any (array(select p.purpose from purposes p where p.answers_rows));
  else
    corrected := 0;
    -- the lower layers would only say it again
    delete from queue q where q.name_hash = hash and q.stage = 'local';
    asked_again := ask_again(array(select p.product_id from products p
                                     where name_hash(p.name_key) = hash and p.state = 'done' and same_path(p.category_id, answer)),
                             'llm', 'rejected by a person', correct_products.check_id);
    insert into queue (stage, name_key)
      select 'llm', correct_products.name_key
        where exists (select from products p where name_hash(p.name_key) = hash and p.state = 'pending')
      on conflict (name_hash, purpose, step) where stage = 'llm' do update set shortlist = null, probabilities = null, next = null,
        branch = null;
  end if;
  -- and what was answered because this name was near
  near := array(select p.product_id from products p
                  where p.matched_key is not null and name_hash(p.matched_key) = hash and p.matched_key = correct_products.name_key
                    and p.source = 'similar'
                    and case when truth is null then same_path(p.category_id, answer) else p.category_id <> truth end);
  -- an EXCEPTION clause is a subtransaction, also where it has nothing to do
  if near <> '{}' then
    asked_again := asked_again + ask_again(near, 'local', 'its nearest label was found wrong', correct_products.check_id);
    perform settle_answered('local', array(select p.name_key from products p where p.product_id = any (near)));
  end if;
end $$;
comment on function correct_products(text, bigint, bigint, bigint,
  bigint) is 'Brings the rows into line with what a person said of a name. Rows of the name get the truth (source human for the row he looked at, exact for the others), or, rejected, go to the LLM; rows that took the wrong answer from it by similarity are decided again. Returns both counts. Example: correct_products(''kettle'', 12, 7, 9, NULL) makes 9 of what said 7.';

create or replace function settle_verdict(key text, product bigint, answer bigint, truth bigint)
  returns table (product_id bigint, name text, verdict boolean, label_before text, label_after text, corrected integer,
                 asked_again integer, check_id bigint)
  language plpgsql security definer set search_path from current as $$
declare
  hash bytea := name_hash(key);
  label record;
  rows record;
begin
  perform hold_taxonomy();
  -- what was merged counts as its successor
  truth := coalesce(in_use(truth), truth);
  answer := coalesce(in_use(answer), answer);
  if truth is not null and not exists (select from categories c where c.category_id = truth and c.retired_at is null) then
    raise exception 'there is no category % in use', truth
      using hint = 'select category_id, category_path(category_id) from categories where name ilike ''%kettle%'';',
        errcode = 'no_data_found';
  end if;
  perform hold_names(array(select key union
    select p.name_key from products p where p.matched_key is not null and name_hash(p.matched_key) = hash));
  check_id := note_verdict(key, answer, truth);
  select * into label from correct_label(key, answer, truth, check_id);
  perform lock_rows(array(select p.product_id from products p
    where name_hash(p.name_key) = hash or p.matched_key is not null and name_hash(p.matched_key) = hash));
  -- where another person's label says what this one rejects, memory and rows stay until they agree
  if truth is not null or not same_path(label.after, answer) then
    select * into rows from correct_products(key, product, answer, truth, check_id);
    corrected := rows.corrected;
    asked_again := rows.asked_again;
  else
    corrected := 0;
    asked_again := 0;
  end if;
  product_id := product;
  name := key;
  verdict := case when truth is null then false when answer is not null then same_path(answer, truth) end;
  label_before := category_path(label.before);
  label_after := category_path(label.after);
  return next;
end $$;
comment on function settle_verdict(text, bigint, bigint,
  bigint) is 'A person''s verdict on the answer to a name, with all that follows: check, label, rows, queue. truth NULL: wrong, and what it is, is not said. Returns what changed. Example: settle_verdict(''kettle'', 12, 7, 9) says that it is 9 and not 7.';
