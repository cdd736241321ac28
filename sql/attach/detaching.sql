-- taxon_internal: What detach() has the owner of this schema do.

create or replace function attached_triggers(attached_id integer) returns table (statement text)
  language sql stable security definer set search_path from current as $$
  -- those that were cloned to partitions go with the one that they come from
  select format('drop trigger %I on %s', t.tgname, t.tgrelid::regclass) from pg_trigger t
    where t.tgfoid = to_regprocedure(attached_table(attached_triggers.attached_id) || '_note()') and t.tgparentid = 0
    order by 1;
$$;
comment on function attached_triggers(integer) is 'The statements that drop the triggers of an attached table, wherever they are. Example: select * from attached_triggers(1);';
grant execute on function attached_triggers to taxon_admin;

create or replace function forget_attached_labels(attached_id integer, preview boolean, reason text) returns bigint
  language plpgsql security definer set search_path from current as $$
declare
  n bigint;
begin
  perform hold_taxonomy();
  -- a table of ours: @plpgsql_check_options: security_warnings = false
  execute format($sql$
    with mine as (
      select distinct name_hash(p.name_key) as hash from %1$s m join products p using (product_id)
        where p.name_key <> ''
    ), alone as materialized (
      select l.name_hash from mine join labels l on l.name_hash = mine.hash
        where not exists (select from products p where name_hash(p.name_key) = l.name_hash
                            and not exists (select from %1$s m where m.product_id = p.product_id))
    ), gone as (
      delete from labels l using alone x where l.name_hash = x.name_hash and not $1 returning 1
    )
    select case when $1 then (select count(*) from alone) else (select count(*) from gone) end$sql$, attached_table(attached_id))
    into n using preview;
  if not preview then
    update label_changes x set reason = coalesce(forget_attached_labels.reason, 'its table was detached')
      where x.after_category_id is null and x.reason is null and x.run_id is null and x.changed_at >= now();
  end if;
  return n;
end $$;
comment on function forget_attached_labels(integer, boolean, text) is 'Removes labels of names that only rows of one attached table have; returns how many. preview: only counts them. Example: select forget_attached_labels(1, true, null);';

create or replace function detach_rows(attached_id integer, forget_labels boolean, preview boolean, reason text)
  returns table (what text, removed bigint)
  language plpgsql security definer set search_path from current as $$
declare
  a attachments := (select x from attachments x where x.attached_id = detach_rows.attached_id);
begin
  if not preview then perform hold_lock('attach'); end if;
  if forget_labels then
    what := 'labels';
    removed := forget_attached_labels(attached_id, preview, reason);
    return next;
  end if;
  what := 'rows of products';
  if preview then
    -- a table of ours: @plpgsql_check_options: security_warnings = false
    execute format('select count(*) from %s', attached_table(attached_id)) into removed;
  else
    execute format('delete from products p using %s m where m.product_id = p.product_id', attached_table(attached_id));
    get diagnostics removed = row_count;
  end if;
  return next;
  what := format('view %s', a.view_name);
  removed := 1;
  if not preview then execute format('drop view if exists @schema@.%I', a.view_name); end if;
  return next;
end $$;
comment on function detach_rows(integer, boolean, boolean, text) is 'The first part of detach(): rows of products, labels where they are to go, and the view. Example: select what from detach_rows(1, false, true, null);';
grant execute on function detach_rows to taxon_admin;

create or replace function detach_rest(attached_id integer) returns void
  language plpgsql security definer set search_path from current as $$
begin
  if exists (select from attached_triggers(attached_id)) then
    raise exception 'its triggers are still there' using errcode = 'object_not_in_prerequisite_state';
  end if;
  -- of ours: @plpgsql_check_options: security_warnings = false
  execute format('drop function if exists %s_note()', attached_table(attached_id));
  execute format('drop table if exists %s', attached_table(attached_id));
  delete from attached_changes c where c.attached_id = detach_rest.attached_id;
  delete from attachments a where a.attached_id = detach_rest.attached_id;
  perform keep_answers_trigger();
end $$;
comment on function detach_rest(integer) is 'The last part of detach(), when the triggers are gone: their function, the table of keys, what they noted. Example: detach_rest(1).';
grant execute on function detach_rest to taxon_admin;
