-- taxon: A table of one's own, classified in place.

create or replace function attach(table_name regclass, key text default null, name text default null, "where" text default null,
                                  columns jsonb default null, labels text default null, labelled_at text default null,
                                  categories text default null, backfill text default null, reason text default null)
  returns table (view_name text, state text, rows_about bigint, note text)
  -- the triggers are made with the rights of whoever owns the table
  language plpgsql set search_path from current as $$
declare
  a attachments;
  statement text;
begin
  -- a word of SQL's own, as everybody calls it: @plpgsql_check_options: other_warnings = false
  if not pg_has_role(current_user, (select c.relowner from pg_class c where c.oid = attach.table_name), 'usage') then
    raise exception 'must be owner of table %', attach.table_name using errcode = 'insufficient_privilege';
  end if;
  a := prepare_attach(attach.table_name, attach.key, attach.name, attach."where", attach.columns, attach.labels, attach.labelled_at,
                      attach.categories, attach.backfill, attach.reason);
  -- last, so that the table is locked for the moment of the commit
  perform lock_owned(attach.table_name, 'share row exclusive');
  foreach statement in array trigger_statements(a) loop
    -- its parts are quoted: @plpgsql_check_options: security_warnings = false
    execute statement;
  end loop;
  return query
    select v.view_name, v.state, v.rows_about,
           case when a.labels is not null and not exists (select from categories c where c.external_id is not null)
                  then 'no category has an id of yours yet, so the labels say nothing: attach again with categories => ''…'''
                when v.state = 'backfilling' then format('a sidecar takes its rows in, %s; select * from attached_tables shows how far it is', a.backfill)
                when v.state = 'paused' then format('goes on with: select * from attach(%L, backfill => %L)', attach.table_name, a.backfill)
                else 'changes are followed from now on' end
      from attached_tables v where v.table_name = format('%I.%I', a.schema_name, a.table_name);
end $$;
comment on function attach(regclass, text, text, text, jsonb, text, text, text, text, text) is
  'Classifies a table of yours in place: triggers note which rows were changed, a sidecar takes them in. Called again, it changes what is given and leaves the rest.
table_name: the table; partitioned ones too, not a partition.
key: the columns that tell its rows apart, with commas between them; NULL: its primary key.
name: the column that holds the name, or an SQL expression over several; NULL: its column name or title.
where: an SQL condition on which rows count, written "where" => ''…''; NULL: all.
columns: columns of the table that answers are written into, and which: {"taxon_path": "path"}; NULL: none, answers stand in the view.
labels: the column that holds your own category of a row; NULL: none. What stands there is history, what you change later counts as a person''s word. pgtaxon never writes it.
labelled_at: the column that says since when it does; NULL: not known.
categories: your table of categories, with the columns for id, parent and name in brackets where they are named otherwise: ''shop.categories(id, parent_id, name)''; NULL: the taxonomy that is there.
backfill: ''newest first'' (the default) or ''oldest first'' by the key, ''none'', or ''paused''.
reason: why; NULL by default.
Returns: the view of the answers, how far it is, about how many rows there are, and what to know.
Errors: 42501 where it is not your table, or the owner of pgtaxon may not read it (says what to type); 42809 where triggers cannot follow it; 22023 where key, name or columns are of no use; 55P03 where the table is in use for a minute.
Example: select view_name, note from attach(''shop.order_products'', key => ''id'', name => ''title'');';
grant execute on function attach to taxon_admin;
