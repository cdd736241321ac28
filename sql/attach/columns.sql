-- taxon_internal: Answers into columns of an attached table, where its owner wishes it. A trigger on products notes whose answer has changed; it
-- is there only while some table wants to know. What somebody holds at the moment comes later, what the table refuses is left.

create or replace function note_answers() returns trigger
  language plpgsql security definer set search_path from current as $$
begin
  if tg_op = 'INSERT' then
    insert into attached_answers (product_id) select n.product_id from new_rows n where n.state <> 'pending' on conflict do nothing;
  else
    insert into attached_answers (product_id)
      select n.product_id from new_rows n join old_rows o using (product_id)
        where (n.state, n.category_id, n.source, n.failure, n.l1_confidence, n.l2_confidence, n.l3_confidence)
          is distinct from (o.state, o.category_id, o.source, o.failure, o.l1_confidence, o.l2_confidence, o.l3_confidence)
      on conflict do nothing;
  end if;
  return null;
end $$;
comment on function note_answers() is 'Trigger: notes products whose answer has changed, for tables that have it written into their own columns.';

create or replace function keep_answers_trigger() returns void
  language plpgsql security definer set search_path from current as $$
begin
  if exists (select from attachments a where a.columns <> '{}') then
    perform keep_trigger('create trigger note_answers_inserted after insert on products
        referencing new table as new_rows for each statement execute function note_answers()', 'Notes answers for tables that want them written.'),
      keep_trigger('create trigger note_answers_updated after update on products
        referencing old table as old_rows new table as new_rows for each statement execute function note_answers()',
        'Notes answers for tables that want them written.');
  else
    -- asked first: each takes a lock that stops all writers
    if exists (select from pg_trigger t where t.tgrelid = 'products'::regclass and t.tgname = 'note_answers_inserted') then
      drop trigger note_answers_inserted on products;
      drop trigger note_answers_updated on products;
    end if;
    delete from attached_answers;
  end if;
end $$;
comment on function keep_answers_trigger() is 'Makes or drops the triggers that note answers for tables which have them written into their own columns. Example: select keep_answers_trigger();';

create or replace function answer_value(answer text) returns text
  language sql immutable parallel safe
begin atomic
  select case answer
    when 'path' then '(select string_agg(n.name, '' > '' order by n.level) from categories n where n.category_id = any (c.path_ids))'
    when 'l1' then 'c1.name' when 'l2' then 'c2.name' when 'l3' then 'c3.name'
    when 'category_external_id' then 'c.external_id'
    else format('p.%I', answer) end;
end;
comment on function answer_value(text) is 'SQL of one answer to a product p, with its categories c, c1, c2 and c3. Example: answer_value(''l1'') is c1.name.';

create or replace function write_answers_of(a attachments, product_ids bigint[]) returns bigint[]
  language plpgsql security definer set search_path from current
  set enable_seqscan = off set jit = off set row_security = off set lock_timeout = '1s' as $$
declare
  keys text[] := key_names(a.key_columns);
  n integer := coalesce(cardinality(product_ids), 0);
  here text := a.relation::regclass::text;
  at_key text := (select string_agg(format('x.%I = d.%I', u.c, u.k), ' and ') from unnest(a.key_columns, keys) u(c, k));
  held bigint[];
begin
  if n = 0 then return product_ids; end if;
  -- quoted names and types of the server: @plpgsql_check_options: security_warnings = false
  execute format($write$
    with due as materialized (
      select m.*, %1$s from unnest($1) u(id) join %2$s m on m.product_id = u.id join products p on p.product_id = m.product_id
        left join categories c on c.category_id = p.category_id left join categories c1 on c1.category_id = p.l1
        left join categories c2 on c2.category_id = p.l2 left join categories c3 on c3.category_id = p.l3
    ), free as materialized (
      select d.product_id from due d join %3$s x on %4$s for no key update of x skip locked
    ), written as (
      update %3$s x set %5$s from due d where %4$s and d.product_id in (select f.product_id from free f)
        and (%6$s) is distinct from (%7$s)
    )
    select array(select d.product_id from due d join %3$s x on %4$s where d.product_id not in (select f.product_id from free f))$write$,
    (select string_agg(format('(%s)::%s as v%s', answer_value(e.value), format_type(t.atttypid, t.atttypmod), e.i), ', ' order by e.i)
       from jsonb_each_text(a.columns) with ordinality e(key, value, i)
       join pg_attribute t on t.attrelid = a.relation and t.attname = e.key),
    attached_table(a.attached_id), here, at_key,
    (select string_agg(format('%I = d.v%s', e.key, e.i), ', ' order by e.i) from jsonb_each_text(a.columns) with ordinality e(key, value, i)),
    (select string_agg(format('x.%I', e.key), ', ' order by e.i) from jsonb_each_text(a.columns) with ordinality e(key, value, i)),
    (select string_agg(format('d.v%s', e.i), ', ' order by e.i) from jsonb_each_text(a.columns) with ordinality e(key, value, i)))
    into held using product_ids;
  return held;
exception when others or assert_failure then
  if is_conflict(sqlstate) then return product_ids; end if;
  if n = 1 then
    update attachments x set refused = x.refused + 1, refusal = sqlerrm where x.attached_id = a.attached_id;
    return '{}'::bigint[];
  end if;
  return write_answers_of(a, product_ids[1:n / 2]) || write_answers_of(a, product_ids[n / 2 + 1:]);
end $$;
comment on function write_answers_of(attachments, bigint[]) is 'Writes the answers of some products into an attached table''s own columns, where they are not there yet. Rows that somebody holds are left, and their products returned; a row that is refused is counted. Example: select write_answers_of(a, ''{}'') from attachments a;';

create or replace function write_answers(most integer default 1000) returns integer
  language plpgsql security definer set search_path from current as $$
declare
  a attachments;
  ids bigint[];
  held bigint[] := '{}'::bigint[];
begin
  if not exists (select from attached_answers) or not try_lock('attach') then return 0; end if;
  with due as (
    select w.product_id from attached_answers w limit most for update skip locked
  ), drained as (
    delete from attached_answers w using due d where w.product_id = d.product_id returning w.product_id
  )
  select array_agg(d.product_id order by d.product_id) into ids from drained d;
  for a in select * from attachments x where x.columns <> '{}' loop
    begin
      perform attached_source(a);
      held := held || write_answers_of(a, ids);
    exception when others or assert_failure then
      perform note_failure(a.attached_id, sqlstate, sqlerrm);
      held := held || ids;
    end;
  end loop;
  insert into attached_answers (product_id) select distinct h from unnest(held) h on conflict do nothing;
  return coalesce(cardinality(ids), 0) - cardinality(array(select distinct h from unnest(held) h));
end $$;
comment on function write_answers(integer) is 'Writes answers that have changed into the columns of attached tables that want them, of so many products at most; returns of how many. Sidecars call it again and again. Example: select write_answers();';
grant execute on function write_answers to taxon_admin, taxon_sidecar;
