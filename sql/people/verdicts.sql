-- taxon_internal: What people call: the answer is right, it is something else, it is wrong; and the way back.

create or replace function open_answer(product bigint, truth bigint) returns table (name_key text, answer bigint)
  language plpgsql stable security definer set search_path from current as $$
begin
  select p.name_key, p.category_id into name_key, answer from products p where p.product_id = product;
  if not found then
    raise exception 'there is no product %', coalesce(product::text, 'NULL') using errcode = 'no_data_found';
  elsif coalesce(name_key, '') = '' then
    raise exception 'product % has no name, so there is nothing to judge', product using errcode = 'object_not_in_prerequisite_state';
  end if;
  -- what is on the list is what the person looks at, also where the LLM answered the row meanwhile
  answer := coalesce((select k.category_id from checks k
                        where k.name_hash = name_hash(open_answer.name_key) and k.auditor = 'human' and k.verdict is null
                        order by k.check_id desc limit 1), answer);
  if coalesce(answer, truth) is null then
    raise exception 'product % has no answer yet, so there is nothing to judge', product
      using hint = format('Say what it is: select * from confirm(%s, category_id => …);', product),
        errcode = 'object_not_in_prerequisite_state';
  end if;
  return next;
end $$;
comment on function open_answer(bigint, bigint) is 'A product''s name key and the answer that a verdict on it judges: that of the name''s open check if there is one, else that of the row. An error where there is neither an answer nor a truth. Example: select answer from open_answer(501, NULL);';

create or replace function checked_answer(id bigint, is_right boolean, said bigint)
  returns table (name_key text, product_id bigint, answer bigint, truth bigint)
  language plpgsql stable security definer set search_path from current as $$
begin
  if is_right is null or is_right and said is not null then
    raise exception 'a verdict is true, false, or false with a category_id' using errcode = 'invalid_parameter_value';
  end if;
  select k.name_key, k.product_id, k.category_id, case when is_right then k.category_id else said end
    into name_key, product_id, answer, truth from checks k where k.check_id = id;
  if not found then
    raise exception 'there is no check %', coalesce(id::text, 'NULL') using hint = 'select check_id, name, path from open_checks();',
      errcode = 'no_data_found';
  end if;
  return next;
end $$;
comment on function checked_answer(bigint, boolean,
  bigint) is 'What judge() is about. Example: select answer, truth from checked_answer(501, true, NULL);';

create or replace function judge(check_id bigint, verdict boolean, category_id bigint default null)
  returns table (product_id bigint, name text, verdict boolean, label_before text, label_after text, corrected integer,
                 asked_again integer, check_id bigint)
  language sql volatile security definer set search_path from current as $$
  select s.* from checked_answer(judge.check_id, judge.verdict, judge.category_id) c,
    settle_verdict(c.name_key, c.product_id, c.answer, c.truth) s;
$$;
comment on function judge(bigint, boolean,
  bigint) is 'As confirm() and reject(), by check: true, the answer is right; false, it is wrong; false with category_id, this is what it is. Works also when the product is gone. Example: select label_after from judge(501, false, category_id => 3);';
grant execute on function judge to taxon_admin;

create or replace function undo_label(check_ids bigint[], since timestamptz, by_whom text, reason text, out undone integer,
  out kept integer)
  language plpgsql security definer set search_path from current as $$
declare
  x label_changes;
  l labels;
begin
  undone := 0;
  kept := 0;
  for x in select * from label_changes c where c.check_id = any (check_ids) and c.reverted_at is null and c.changed_at >= since
             and c.changed_by = coalesce(by_whom, c.changed_by) order by c.change_id desc loop
    select * into l from labels y where y.name_hash = name_hash(x.name_key) for update;
    -- still exactly what the verdict made of it: whoever touched it since, keeps what he wrote
    if (l.category_id, l.source, l.updated_at) is distinct from (x.after_category_id, x.after_source, x.after_updated_at)
       or x.before_category_id is not null and in_use(x.before_category_id) is null then
      kept := kept + 1;
      continue;
    elsif x.before_category_id is null then
      delete from labels y where y.name_hash = name_hash(x.name_key);
    else
      insert into labels as y (name_key, category_id, source, confidence, llm_call_id, created_at, updated_at, labelled_at)
        values (x.name_key, in_use(x.before_category_id), x.before_source, x.before_confidence,
                (select c.llm_call_id from llm_calls c where c.llm_call_id = x.before_llm_call_id),
                x.before_created_at, x.before_updated_at, x.before_labelled_at)
        on conflict (name_hash) do update set category_id = excluded.category_id, source = excluded.source,
          confidence = excluded.confidence, llm_call_id = excluded.llm_call_id, created_at = excluded.created_at,
          updated_at = excluded.updated_at, labelled_at = excluded.labelled_at;
    end if;
    update label_changes c set reverted_at = now() where c.change_id = x.change_id;
    update label_changes c set reason = undo_label.reason
      where name_hash(c.name_key) = name_hash(x.name_key) and c.change_id > x.change_id and c.reason is null and c.run_id is null
        and c.changed_at >= now();
    undone := undone + 1;
  end loop;
end $$;
comment on function undo_label(bigint[], timestamptz, text,
  text) is 'Takes back what verdicts made of a label, in every column, the newest first; a label that was changed since is kept. Example: undo_label(array[3], ''-infinity'', NULL, ''check 3 taken back'').';

create or replace function undo_rows(check_ids bigint[], since timestamptz, by_whom text, reason text, out undone integer, out kept integer)
  language plpgsql security definer set search_path from current as $$
declare
  x product_changes;
  p products;
  again bigint[] := array[]::bigint[];
begin
  undone := 0;
  kept := 0;
  for x in select * from product_changes c where c.check_id = any (check_ids) and c.reverted_at is null and c.changed_at >= since
             and c.changed_by = coalesce(by_whom, c.changed_by) order by c.change_id desc loop
    select * into p from products r where r.product_id = x.product_id for update;
    if not found or (p.category_id, p.source) is distinct from (x.after_category_id, x.after_source)
       or (p.state = 'done') <> (x.after_source is not null)
       or x.before_category_id is not null and in_use(x.before_category_id) is null then
      kept := kept + 1;
      continue;
    end if;
    update products r
      set state = case when x.before_source is null then 'pending' else 'done' end, source = x.before_source,
          category_id = in_use(x.before_category_id),
          (l1, l2, l3) = (select c.l1, c.l2, c.l3 from categories c where c.category_id = in_use(x.before_category_id)),
          similarity = x.before_similarity, matched_key = x.before_matched_key, llm_call_id = x.before_llm_call_id,
          classified_at = case when x.before_source is not null then now() end, inserted_xact = pg_current_xact_id()
      where r.product_id = x.product_id;
    insert into product_changes (product_id, before_category_id, before_source, after_category_id, after_source, reason, reverted_at)
      values (x.product_id, x.after_category_id, x.after_source, x.before_category_id, x.before_source, undo_rows.reason, now());
    update product_changes c set reverted_at = now() where c.change_id = x.change_id;
    if x.before_source is null then again := again || x.product_id; end if;
    undone := undone + 1;
  end loop;
  insert into queue (name_key) select distinct r.name_key from products r where r.product_id = any (again) and r.state = 'pending';
  if found then perform wake(); end if;
end $$;
comment on function undo_rows(bigint[], timestamptz, text,
  text) is 'Takes back what verdicts made of rows, the newest first; a row that was answered anew or renamed since is kept. Example: undo_rows(array[3], ''-infinity'', NULL, ''check 3 taken back'').';
