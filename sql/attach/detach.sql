-- taxon: A table of one's own is let go.

create or replace function detach(table_name text, forget_labels boolean default false, preview boolean default false,
                                  reason text default null)
  returns table (what text, removed bigint)
  -- the triggers are the table owner's
  language plpgsql set search_path from current as $$
declare
  a attachments := find_attachment(detach.table_name);
  t record;
  place regclass;
begin
  select c.oid into place from pg_class c where c.oid = a.relation;
  if place is not null and not pg_has_role(current_user, (select c.relowner from pg_class c where c.oid = a.relation), 'usage') then
    raise exception 'must be owner of table %', place using errcode = 'insufficient_privilege';
  end if;
  return query select d.what, d.removed from detach_rows(a.attached_id, detach.forget_labels, detach.preview, detach.reason) d;
  what := 'triggers';
  removed := 0;
  -- last, so that the table is locked for the moment of the commit; of partitions that left it too
  if place is not null and not preview then perform lock_owned(place, 'access exclusive'); end if;
  for t in select * from attached_triggers(a.attached_id) loop
    removed := removed + 1;
    -- the server's words: @plpgsql_check_options: security_warnings = false
    if not preview then execute t.statement; end if;
  end loop;
  return next;
  if not preview then perform detach_rest(a.attached_id); end if;
end $$;
comment on function detach(text, boolean, boolean, text) is
  'Lets a table of yours go: its triggers, its view and its rows of products are removed. The table itself stays as it is, and so does what was written into columns of it.
table_name: the table, with its schema; also one that was dropped.
forget_labels: true: labels of names that no other row has go too. Default false: memory stays.
preview: true: shows what would be removed and changes nothing. Default false.
reason: why; it stands in the history of the labels, NULL by default.
Returns: what was removed and how many.
Errors: P0002 where it is not attached; 42501 where it is not your table; 2BP01 where something of yours reads the view; 55P03 where the table is in use for a minute.
Example: select what, removed from detach(''shop.order_products'', preview => true);';
grant execute on function detach to taxon_admin;
