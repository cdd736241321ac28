-- taxon_internal: What is made for one attached table: our table of its keys, the function that its triggers call, the view of its
-- answers. taxon migrate makes function and rights anew.
--
-- The function runs inside the owner's statements, as answer_on_insert() does: it carries no SET, names all with their schemas,
-- and reads no table. What goes wrong in it is counted and does not reach the owner.

create or replace function make_note_function(a attachments) returns void
  language plpgsql security definer set search_path from current as $$
declare
  of_new text := key_text(a.key_types, array(select format('n.%I', c) from unnest(a.key_columns) c));
  of_old text := key_text(a.key_types, array(select format('o.%I', c) from unnest(a.key_columns) c));
  new_key text := key_text(a.key_types, array(select format('new.%I', c) from unnest(a.key_columns) c));
  old_key text := key_text(a.key_types, array(select format('old.%I', c) from unnest(a.key_columns) c));
  into_changes constant text := 'insert into @internal@.attached_changes (attached_id, key)';
  body text;
begin
  -- as a literal in the end: a column's name may hold whatever a dollar quote ends with
  body := format($make$
begin
  if tg_op operator(pg_catalog.=) 'TRUNCATE' then
    %1$s values (%2$s, null);
  elsif tg_op operator(pg_catalog.=) 'UPDATE' then
    %1$s values (%2$s, %3$s);
    if %3$s operator(pg_catalog.<>) %4$s then
      %1$s values (%2$s, %4$s);
    end if;
  elsif tg_level operator(pg_catalog.=) 'ROW' then
    if tg_op operator(pg_catalog.=) 'INSERT' then
      %1$s values (%2$s, %3$s);
    else
      %1$s values (%2$s, %4$s);
    end if;
  elsif tg_op operator(pg_catalog.=) 'INSERT' then
    %1$s select %2$s, %5$s from new_rows n;
  else
    %1$s select %2$s, %6$s from old_rows o;
  end if;
  if found and @internal@.somebody_sleeps() then
    perform @internal@.wake();
  end if;
  return null;
exception when others then
  -- a sequence keeps the count although the rest is undone
  begin
    perform pg_catalog.nextval('@internal@.attach_faults'::pg_catalog.regclass);
    raise log 'pgtaxon could not note a change of %%.%%: %%', tg_table_schema, tg_table_name, sqlerrm;
  exception when others then null;
  end;
  return null;
end $make$, into_changes, a.attached_id, new_key, old_key, of_new, of_old);
  -- its parts are quoted: @plpgsql_check_options: security_warnings = false
  execute format('create or replace function %s_note() returns trigger language plpgsql security definer as %L',
    attached_table(a.attached_id), body);
  execute format('comment on function %s_note() is %L', attached_table(a.attached_id),
    format('Trigger: notes the keys of %I.%I that were inserted, changed or removed. Made by attach().', a.schema_name, a.table_name));
  execute format('revoke execute on function %s_note() from public', attached_table(a.attached_id));
  execute format('grant execute on function %s_note() to taxon_admin', attached_table(a.attached_id));
end $$;
comment on function make_note_function(attachments) is 'Makes the function that the triggers of an attached table call. Example: select make_note_function(a) from attachments a;';

create or replace function is_compared(a attachments, column_name text) returns text
  language sql stable set search_path from current as $$
  -- json, xml and points have no equality
  select format(case when t.typcategory in ('U', 'G') then 'old.%1$I::text is distinct from new.%1$I::text'
                     else 'old.%1$I is distinct from new.%1$I' end, column_name)
    from pg_attribute c join pg_type t on t.oid = c.atttypid where c.attrelid = a.relation and c.attname = column_name;
$$;
comment on function is_compared(attachments, text) is 'The condition under which an UPDATE changes a column, as a trigger''s WHEN has it. Example: select is_compared(a, ''title'') from attachments a;';

create or replace function trigger_statements(a attachments) returns text[]
  language plpgsql stable security definer set search_path from current as $$
declare
  here text := a.relation::regclass::text;
  named text := split_part('@channel@', '.', 1) || '_attached_';
  runs text := format('execute function %s_note()', attached_table(a.attached_id));
  changed text := (select string_agg(is_compared(a, w), ' or ') from unnest(a.watched) w);
  made text[];
begin
  made := case when a.partitioned then array[
      format('create or replace trigger %I after insert on %s for each row %s', named || 'insert', here, runs),
      format('create or replace trigger %I after delete on %s for each row %s', named || 'delete', here, runs)]
    else array[
      format('create or replace trigger %I after insert on %s referencing new table as new_rows for each statement %s', named || 'insert', here, runs),
      format('create or replace trigger %I after delete on %s referencing old table as old_rows for each statement %s', named || 'delete', here, runs)]
    end;
  -- for each row, as WHEN costs no call where a price changes and the name does not
  made := made || format('create or replace trigger %I after update on %s for each row when (%s) %s', named || 'update', here, changed, runs);
  -- those of the whole table are not cloned to its partitions
  return made || array(select format('create or replace trigger %I after truncate on %s for each statement %s', named || 'truncate', p.relid, runs)
                         from pg_partition_tree(a.relation) p
                       union all
                       select format('create or replace trigger %I after truncate on %s for each statement %s', named || 'truncate', here, runs)
                         where not a.partitioned);
end $$;
comment on function trigger_statements(attachments) is 'The statements that make the triggers of an attached table, for whoever owns it; a partition that is truncated alone has one of its own. Example: select trigger_statements(a) from attachments a;';

create or replace function make_answers_view(a attachments) returns void
  language plpgsql security definer set search_path from current as $$
declare
  ours constant text[] := array['name', 'state', 'source', 'path', 'l1', 'l2', 'l3', 'l1_confidence', 'l2_confidence',
    'l3_confidence', 'similarity', 'category_id', 'category_external_id', 'failure', 'classified_at', 'product_id'];
begin
  -- its parts are quoted: @plpgsql_check_options: security_warnings = false
  execute format($make$
create or replace view @schema@.%I with (security_invoker) as
  select %s, p.name, p.state, p.source,
         (select string_agg(n.name, ' > ' order by n.level) from @schema@.categories n where n.category_id = any (c.path_ids)) as path,
         c1.name as l1, c2.name as l2, c3.name as l3, p.l1_confidence, p.l2_confidence, p.l3_confidence, p.similarity,
         p.category_id, c.external_id as category_external_id, p.failure, p.classified_at, p.product_id
    from %s m
    join @schema@.products p on p.product_id = m.product_id
    left join @schema@.categories c on c.category_id = p.category_id
    left join @schema@.categories c1 on c1.category_id = p.l1
    left join @schema@.categories c2 on c2.category_id = p.l2
    left join @schema@.categories c3 on c3.category_id = p.l3$make$, a.view_name,
    (select string_agg(format('m.%I as %I', 'k' || u.i, case when u.c = any (ours) then 'key_' || u.c else u.c end), ', ' order by u.i)
       from unnest(a.key_columns) with ordinality u(c, i)), attached_table(a.attached_id));
  execute format('comment on view @schema@.%I is %L', a.view_name,
    format('Answers for %I.%I, by its own key. Made by attach(), goes with detach(); it does not read that table.', a.schema_name, a.table_name));
end $$;
comment on function make_answers_view(attachments) is 'Makes the view of an attached table''s answers. Example: select make_answers_view(a) from attachments a;';

create or replace function make_key_table(a attachments) returns void
  language plpgsql security definer set search_path from current as $$
declare
  keys text[] := key_names(a.key_columns);
begin
  -- its parts are quoted, types and collations are the server's words: @plpgsql_check_options: security_warnings = false
  execute format('create table %s (%s, product_id bigint not null unique, label text, primary key (%s))', attached_table(a.attached_id),
    (select string_agg(format('%I %s%s not null', u.k, u.t, coalesce(' collate ' || u.l, '')), ', ' order by u.i)
       from unnest(keys, a.key_types, a.key_collations) with ordinality u(k, t, l, i)), array_to_string(keys, ', '));
  execute format('comment on table %s is %L', attached_table(a.attached_id),
    format('Which product is which row of %I.%I. Made by attach().', a.schema_name, a.table_name));
  execute (select string_agg(format('comment on column %s.%I is %L', attached_table(a.attached_id), u.k, format('Its column %I.', u.c)), '; ')
             from unnest(keys, a.key_columns) u(k, c));
  execute format('comment on column %1$s.product_id is %2$L; comment on column %1$s.label is %3$L', attached_table(a.attached_id),
    'The product.', 'The shop''s own category of the row, as it was read last.');
end $$;
comment on function make_key_table(attachments) is 'Makes the table of an attached table''s keys and products. Example: select make_key_table(a) from attachments a where false;';

create or replace function grant_attached(a attachments) returns void
  language plpgsql security definer set search_path from current as $$
begin
  -- its parts are quoted: @plpgsql_check_options: security_warnings = false
  execute format('grant select on %s, @schema@.%I to taxon_reader, taxon_admin, taxon_writer', attached_table(a.attached_id), a.view_name);
  execute format('grant execute on function %s_note() to taxon_admin', attached_table(a.attached_id));
end $$;
comment on function grant_attached(attachments) is 'Who may read what is made for an attached table. Example: select grant_attached(a) from attachments a;';

-- taxon migrate has taken all rights away, and may bring a function of another form
do $$
declare
  a attachments;
begin
  for a in select * from attachments loop
    continue when to_regclass(attached_table(a.attached_id)) is null;
    perform make_note_function(a);
    perform grant_attached(a);
  end loop;
end $$;
