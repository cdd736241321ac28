-- taxon_internal: The owner's table is locked for moments: who comes behind a lock that is waited for waits as long.

create or replace function in_the_way(relation regclass) returns text
  language sql volatile security definer set search_path from current as $$
  select string_agg(format('pid %s (%s, its transaction is %s s old)', l.pid,
                           coalesce('application "' || nullif(a.application_name, '') || '"', 'application not named'),
                           extract(epoch from clock_timestamp() - a.xact_start)::integer), '; ' order by l.pid)
    from (select distinct k.pid from pg_locks k join pg_partition_tree(in_the_way.relation) t on t.relid = k.relation
            where k.locktype = 'relation' and k.granted and k.pid <> pg_backend_pid()
              and k.database = (select d.oid from pg_database d where d.datname = current_database())
          union
          select k.pid from pg_locks k where k.locktype = 'relation' and k.relation = in_the_way.relation and k.granted
              and k.pid <> pg_backend_pid() and k.database = (select d.oid from pg_database d where d.datname = current_database())) l
    left join pg_stat_activity a on a.pid = l.pid;
$$;
comment on function in_the_way(regclass) is 'Who holds a lock on a table at this moment, in words; NULL: nobody. Example: select in_the_way(''products''::regclass);';
grant execute on function in_the_way to taxon_admin;

create or replace function lock_owned(relation regclass, mode text, patience interval default '60 s') returns void
  language plpgsql set search_path from current as $$
declare
  own text := current_setting('lock_timeout');
  until timestamptz := clock_timestamp() + patience;
  found_holding text;
begin
  loop
    begin
      perform set_config('lock_timeout', '500ms', true);
      -- with the rights of whoever calls it; a mode of ours and the server's word for a table: @plpgsql_check_options: security_warnings = false
      execute format('lock table %s in %s mode', relation, mode);
      perform set_config('lock_timeout', own, true);
      return;
    exception when lock_not_available or deadlock_detected then
      found_holding := coalesce(in_the_way(relation), found_holding);
    end;
    if clock_timestamp() > until then
      raise exception '% is in use, and was not free in %: %', relation, patience, coalesce(found_holding, 'whoever it was has ended')
        using errcode = 'lock_not_available', hint = 'Try again. To end it: select pg_terminate_backend(PID);';
    end if;
    -- those who waited behind get through
    perform pg_sleep(.5);
  end loop;
end $$;
comment on function lock_owned(regclass, text, interval) is 'Locks a table of the caller''s, in waits of half a second with as long between them, so that nobody waits behind it for longer. 55P03 with who is in the way when it was not free in time. Example: select lock_owned(''shop.order_products'', ''share row exclusive'');';
grant execute on function lock_owned to taxon_admin;
