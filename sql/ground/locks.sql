-- taxon_internal: What is done one at a time: locks on empty tables, which only the functions here can take (migration 0038). Nobody waits for one
-- in silence: in the end an error says who holds it, and health() does as long as he does.

create or replace function lock_holders(purpose text) returns text
  language sql volatile set search_path from current as $$
  select string_agg(case when l.pid is null then 'a prepared transaction (select * from pg_prepared_xacts)'
                         else format('pid %s (%s%s)', l.pid, coalesce('application "' || nullif(a.application_name, '') || '"',
                           'application not named'),
                                     ', its transaction is ' || extract(epoch from clock_timestamp() - a.xact_start)::integer
                                       || ' s old') end,
                    '; ' order by l.pid)
    from pg_locks l left join pg_stat_activity a on a.pid = l.pid
    where l.locktype = 'relation' and l.relation = to_regclass(lock_holders.purpose || '_lock') and l.granted
      and l.database = (select d.oid from pg_database d where d.datname = current_database())
      and l.mode in ('ShareLock', 'ExclusiveLock') and l.pid is distinct from pg_backend_pid();
$$;
comment on function lock_holders(text) is 'Who holds a lock of 11_locks at this moment, in words; NULL: nobody else. Example: select lock_holders(''models'');';

create or replace function hold_lock(purpose text, shared boolean default false, patience interval default '30 s') returns void
  language plpgsql set search_path from current as $$
declare
  own text := current_setting('lock_timeout');
  longest interval := least(patience, nullif(own::interval, '0 s'));
begin
  perform set_config('lock_timeout', (extract(epoch from longest) * 1000)::bigint::text, true);
  execute format('lock table %I in %s mode', purpose || '_lock', case when shared then 'share' else 'exclusive' end);
  perform set_config('lock_timeout', own, true);
exception when lock_not_available then
  raise exception 'another transaction holds the lock "%" and did not end in % s: %', purpose, extract(epoch from longest)::real,
      coalesce(lock_holders(purpose), 'it has ended this moment')
    using hint = 'Try again. To end it: select pg_terminate_backend(PID);', errcode = 'lock_not_available';
end $$;
comment on function hold_lock(text, boolean,
  interval) is 'Holds one of taxonomy, settling, models, rollouts, thresholds, guard, runs, drift, checks, import, intake, kinds, attach until the transaction ends, alone or shared; waits as long as patience and lock_timeout both allow. 55P03 with who is in the way when it was not free in time. Example: select hold_lock(''models'');';

create or replace function try_lock(purpose text) returns boolean
  language plpgsql set search_path from current as $$
begin
  execute format('lock table %I in exclusive mode nowait', purpose || '_lock');
  return true;
exception when lock_not_available then
  return false;
end $$;
comment on function try_lock(text) is 'As hold_lock(), without waiting; returns whether it is held now. Example: select try_lock(''rollouts'');';

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
      where l.locktype = 'transactionid' and l.mode = 'ExclusiveLock' and l.granted and l.pid is not null
        and l.transactionid = any (holders)
        -- a row that was undone is marked by who undid it
        and a.application_name is distinct from 'taxon sidecar'
    union
    select format('the prepared transaction %L', x.gid) from pg_prepared_xacts x where x.transaction = any (holders);
end $$;
comment on function locker_names(xid) is 'The sessions whose transactions hold a row, given its xmax: pid and, as far as the server shows it, user, application and age. Example: select locker_names(xmax) from products where state = ''pending'' limit 10;';
