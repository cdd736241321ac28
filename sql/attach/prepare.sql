-- taxon_internal: What attach() has the owner of this schema do; the triggers it makes itself, as they are the table owner's to make.

create or replace function columns_written(relation regclass, columns jsonb, watched text[], labels text) returns void
  language plpgsql stable security definer set search_path from current as $$
declare
  answers constant text[] := array['path', 'l1', 'l2', 'l3', 'state', 'source', 'l1_confidence', 'l2_confidence', 'l3_confidence',
    'category_id', 'category_external_id', 'failure', 'classified_at', 'product_id'];
  bad text;
begin
  if jsonb_typeof(columns) <> 'object' then
    raise exception 'columns is an object: {"a column of yours": "path"}' using errcode = 'invalid_parameter_value';
  elsif columns ? labels then
    raise exception 'the column % holds your own categories: pgtaxon never writes it, or its answers would come back as labels', quote_ident(labels)
      using errcode = 'invalid_parameter_value', hint = 'Give it another column, or read the view.';
  end if;
  select string_agg(case when e.value <> all (answers) then format('"%s" is no answer: %s', e.value, array_to_string(answers, ', '))
                         when a.attname is null then format('there is no column %I', e.key)
                         when e.key = any (watched) then format('%I is part of key, name or where', e.key)
                         when a.attgenerated <> '' then format('%I is a generated column', e.key)
                         when not has_column_privilege(current_user, relation, a.attnum, 'update')
                           then format('%s may not write it: grant update (%I) on %s to %I', current_user, e.key, relation, current_user) end, '; ')
    into bad from jsonb_each_text(columns) e
    left join pg_attribute a on a.attrelid = relation and a.attname = e.key and a.attnum > 0 and not a.attisdropped;
  if bad is not null then
    raise exception 'columns: %', bad using errcode = 'invalid_parameter_value';
  elsif columns <> '{}' and not trusts(relation) then
    raise exception 'triggers of % would run with the rights of %, who does not own it', relation, current_user
      using errcode = 'insufficient_privilege', hint = 'Read the view instead.';
  end if;
end $$;
comment on function columns_written(regclass, jsonb, text[], text) is 'An error where answers cannot be written into these columns of a table. Example: select columns_written(''shop.order_products'', ''{"taxon_path": "path"}'', ''{id,title}'', null);';

create or replace function prepare_attach(relation regclass, key text, name text, filter text, columns jsonb, labels text, labelled_at text,
                                          categories text, backfill text, reason text) returns attachments
  language plpgsql security definer set search_path from current as $$
#variable_conflict use_column
declare
  c pg_class := (select x from pg_class x where x.oid = prepare_attach.relation);
  was attachments;
  a attachments;
  k record;
  tree record;
begin
  perform attachable(prepare_attach.relation);
  if not pg_has_role(session_user, c.relowner, 'member') then
    raise exception 'must be owner of table %', prepare_attach.relation using errcode = 'insufficient_privilege';
  elsif prepare_attach.backfill not in ('newest first', 'oldest first', 'none', 'paused') then
    raise exception 'backfill is newest first, oldest first, none or paused, not "%"', prepare_attach.backfill
      using errcode = 'invalid_parameter_value';
  end if;
  perform may_read(current_user, prepare_attach.relation);
  perform hold_lock('attach');
  select * into was from attachments x where x.relation = prepare_attach.relation;
  a := was;
  a.relation := prepare_attach.relation;
  a.schema_name := (select n.nspname from pg_namespace n where n.oid = c.relnamespace);
  a.table_name := c.relname;
  a.partitioned := c.relkind = 'p';
  k := key_of(a.relation, coalesce(prepare_attach.key, (select string_agg(quote_ident(u), ', ') from unnest(was.key_columns) u)));
  if k.columns <> was.key_columns then
    raise exception '% is attached by %: another key needs it to be let go first', a.relation, array_to_string(was.key_columns, ', ')
      using errcode = 'object_not_in_prerequisite_state', hint = format('select * from detach(%L);', a.relation);
  end if;
  a.key_columns := k.columns;
  a.key_types := k.types;
  a.key_collations := k.collations;
  a.name := coalesce(prepare_attach.name, was.name, (
    select quote_ident(x.attname) from pg_attribute x where x.attrelid = a.relation and not x.attisdropped and x.attname in ('name', 'title')
      order by x.attname limit 1));
  if a.name is null then
    raise exception 'which column of % holds the name?', a.relation using errcode = 'invalid_parameter_value',
      hint = 'name => ''title'', or an expression: name => ''concat_ws('''' '''', brand, title)''';
  end if;
  a.filter := nullif(coalesce(prepare_attach.filter, was.filter), '');
  a.labels := case when prepare_attach.labels is null then was.labels else (parse_columns(nullif(prepare_attach.labels, '')))[1] end;
  a.labelled_at := case when prepare_attach.labelled_at is null then was.labelled_at
                        else (parse_columns(nullif(prepare_attach.labelled_at, '')))[1] end;
  a.columns := coalesce(prepare_attach.columns, was.columns, '{}');
  if prepare_attach.categories is not null then
    tree := tree_of(prepare_attach.categories);
    perform may_read(session_user, tree.relation), may_read(current_user, tree.relation);
    a.tree_relation := tree.relation;
    a.tree_columns := tree.columns;
    perform follow_tree(tree.relation, tree.columns);
  end if;
  select p.select_list, p.watched into a.select_list, a.watched
    from probe_row(a.relation, a.key_columns, a.name, a.filter, a.labels, a.labelled_at) p;
  perform columns_written(a.relation, a.columns, a.watched, a.labels);
  a.backfill := case when prepare_attach.backfill <> 'paused' then prepare_attach.backfill else coalesce(was.backfill, 'newest first') end;
  a.paused := coalesce(prepare_attach.backfill = 'paused', was.paused, false);
  a.reason := coalesce(prepare_attach.reason, was.reason);

  if was.attached_id is null then
    a.view_name := left(a.schema_name || '_' || a.table_name, 63);
    if to_regclass(format('@schema@.%I', a.view_name)) is not null then
      raise exception 'there is a % in the schema already, so the view of % finds no room', a.view_name, a.relation
        using errcode = 'duplicate_table', hint = format('drop view @schema@.%I', a.view_name);
    end if;
    insert into attachments (relation, schema_name, table_name, view_name, key_columns, key_types, key_collations, name, filter, labels,
                             labelled_at, columns, tree_relation, tree_columns, watched, select_list, partitioned, backfill, paused, reason,
                             walk_total)
      values (a.relation, a.schema_name, a.table_name, a.view_name, a.key_columns, a.key_types, a.key_collations, a.name, a.filter,
              a.labels, a.labelled_at, a.columns, a.tree_relation, a.tree_columns, a.watched, a.select_list, a.partitioned,
              a.backfill, a.paused, a.reason, count_about(a.relation))
      returning * into a;
    perform make_key_table(a), make_answers_view(a);
  else
    update attachments x
      set schema_name = a.schema_name, table_name = a.table_name, name = a.name, filter = a.filter, labels = a.labels,
          labelled_at = a.labelled_at, columns = a.columns, tree_relation = a.tree_relation, tree_columns = a.tree_columns,
          watched = a.watched, select_list = a.select_list, backfill = a.backfill, paused = a.paused, reason = a.reason,
          failure = null, failed_at = null, retry_at = null,
          -- in another order it begins anew; what is read otherwise is compared anew
          walking = case when a.backfill = was.backfill then x.walking end,
          sweep_asked_at = case when a.select_list <> was.select_list then coalesce(x.sweep_asked_at, clock_timestamp())
                                else x.sweep_asked_at end
      where x.attached_id = was.attached_id returning * into a;
  end if;
  perform make_note_function(a), grant_attached(a), keep_answers_trigger(), tell_sidecars();
  return a;
end $$;
comment on function prepare_attach(regclass, text, text, text, jsonb, text, text, text, text,
  text) is 'The part of attach() that is not the table owner''s to do: checks what is asked, and makes or changes the table of keys, the triggers'' function and the view. Nothing is read before the triggers are there. Example: select p.table_name from prepare_attach(''shop.order_products'', ''id'', ''title'', null, null, null, null, null, null, null) p;';
grant execute on function prepare_attach, trigger_statements to taxon_admin;

create or replace function find_attachment(table_name text) returns attachments
  language plpgsql stable security definer set search_path from current as $$
declare
  a attachments;
begin
  -- also one that is gone
  select * into a from attachments x
    where find_attachment.table_name in (format('%I.%I', x.schema_name, x.table_name), x.schema_name || '.' || x.table_name,
        x.table_name, x.view_name)
       or x.relation = to_regclass(find_attachment.table_name)::oid
    order by x.relation = to_regclass(find_attachment.table_name)::oid desc nulls last limit 1;
  if not found then
    raise exception '% is not attached', find_attachment.table_name using errcode = 'no_data_found',
      hint = 'Attached are: ' || coalesce((select string_agg(format('%I.%I', x.schema_name, x.table_name), ', ') from attachments x), 'none');
  end if;
  return a;
end $$;
comment on function find_attachment(text) is 'The attached table of a name, with or without its schema; also one that was dropped. P0002 where there is none. Example: select attached_id from find_attachment(''shop.order_products'');';
grant execute on function find_attachment to taxon_admin;
