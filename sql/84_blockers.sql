-- Who stands in the way: transactions that hold rows which wait for their answer.

create or replace function locker_names(locker xid) returns setof text
  language plpgsql stable security definer set search_path from current as $$
declare
  holders xid[] := array[locker];
begin
  -- several that share a lock have a number of their own
  if not exists (select from pg_locks l where l.locktype = 'transactionid' and l.transactionid = locker) then
    begin
      holders := array(select m.xid from pg_get_multixact_members(locker) m);
    exception when others then return;  -- whoever it was has ended
    end;
  end if;
  return query
    select format('pid %s%s', l.pid, coalesce(
             format(' (user %s, application "%s", in its transaction for %s s%s)', a.usename, a.application_name,
                    round(extract(epoch from clock_timestamp() - a.xact_start)), case when a.state like 'idle%' then ', idle' else '' end),
             -- what a managed server shows of other users' sessions
             format(' (user %s)', a.usename)))
      from pg_locks l left join pg_stat_activity a on a.pid = l.pid
      where l.locktype = 'transactionid' and l.mode = 'ExclusiveLock' and l.granted and l.pid is not null and l.transactionid = any (holders)
        -- a row that was undone is marked by who undid it
        and a.application_name is distinct from 'taxon sidecar'
    union
    select format('the prepared transaction %L', x.gid) from pg_prepared_xacts x where x.transaction = any (holders);
end $$;
comment on function locker_names(xid) is 'The sessions whose transactions hold a row, given its xmax: pid and, as far as the server shows it, user, application and age. Example: select locker_names(xmax) from products where state = ''pending'' limit 10;';

create or replace function blockers_health() returns table (item text, status text, value text, detail text)
  language plpgsql stable security definer set search_path from current as $$
begin
  return query
    with held as materialized (
      select p.product_id, p.xmax as locker, q.held_since
        from queue q join products p on name_hash(p.name_key) = q.name_hash and p.state = 'pending'
        where q.held_since is not null limit 1000
    ), by_whom as (
      select n.who, count(distinct h.product_id) as rows
        from (select h.locker, min(h.product_id) from held h group by 1) x join held h using (locker) cross join lateral locker_names(x.locker) n(who) group by 1
    )
    select 'held rows', 'warn', count(*)::text,
           format('cannot be written since %s s, as another transaction holds them; all others go on. %s',
                  round(extract(epoch from clock_timestamp() - min(h.held_since))),
                  coalesce((select string_agg(format('%s holds %s', b.who, b.rows), '; ' order by b.rows desc, b.who) || '; it should commit, or: select pg_terminate_backend(pid)'
                              from by_whom b), 'It has ended, and they follow within seconds; or a trigger of the application waits for a lock of somebody else: select * from pg_locks where not granted'))
      from held h having count(*) > 0;
  return query
    select 'kept answers', 'warn', count(*)::text,
           format('of the LLM, paid for, the oldest for %s s: they are written when whoever holds the label or check of their name ends his transaction%s',
                  round(extract(epoch from clock_timestamp() - min(k.kept_at))),
                  coalesce((select ': perhaps ' || string_agg(distinct format('pid %s', l.pid), ', ') from pg_locks l
                              where l.relation in ('labels'::regclass, 'checks'::regclass, 'queue'::regclass) and l.pid <> pg_backend_pid()
                                and l.mode in ('RowExclusiveLock', 'RowShareLock')), ''))
      from kept_answers k having count(*) > 0;
end $$;
comment on function blockers_health() is 'What health() says of rows that wait because another transaction holds them, and of paid answers that are kept for the same reason: which session, and for how long. No row where there are none. Example: select value, detail from blockers_health();';
