-- taxon_internal: Who holds up whom: what health() says of locks that something of ours waits for.

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
        from (select h.locker, min(h.product_id) from held h group by 1) x join held h using (locker)
          cross join lateral locker_names(x.locker) n(who) group by 1
    )
    select 'held rows', 'warn', count(*)::text,
           format('cannot be written since %s s, as another transaction holds them; all others go on. %s',
                  round(extract(epoch from clock_timestamp() - min(h.held_since))),
                  coalesce((select string_agg(format('%s holds %s', b.who, b.rows), '; ' order by b.rows desc, b.who)
                    || '; it should commit, or: select pg_terminate_backend(pid)'
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

create or replace function locks_health() returns table (item text, status text, value text, detail text)
  language sql volatile security definer set search_path from current as $$
  with here as (
    select l.pid, l.mode, l.granted, l.waitstart, left(c.relname, -5) as purpose
      from pg_locks l join pg_class c on c.oid = l.relation and c.relname ~ '_lock$' and c.relnamespace = any (own_schemas())
      where l.locktype = 'relation' and l.mode in ('ShareLock', 'ExclusiveLock') and l.pid is distinct from pg_backend_pid()
        and l.database = (select d.oid from pg_database d where d.datname = current_database())
  ), held as (
    select h.purpose, lock_holders(h.purpose) as holders, string_agg(h.pid::text, ', ' order by h.pid) as pids,
           bool_or(h.mode = 'ExclusiveLock' and a.xact_start < clock_timestamp() - interval '10 s') as long
      from here h left join pg_stat_activity a on a.pid = h.pid where h.granted group by h.purpose
  ), waiting as (
    select h.purpose, count(*) as n, extract(epoch from clock_timestamp() - min(h.waitstart))::integer as seconds
      from here h where not h.granted group by 1
  )
  select 'lock ' || h.purpose, case when w.seconds >= 2 then 'warn' else 'ok' end, coalesce(h.pids, '?'),
         format('held by %s%s', h.holders, case when w.n is null then '; nothing waits for it'
           else format('; %s of ours wait for it, the first for %s s; to end it: select pg_terminate_backend(PID)', w.n, w.seconds) end)
    from held h left join waiting w using (purpose) where h.long or w.seconds >= 2
  union all
  -- who rebuilds products, or locks it by hand, is waited for as long as it takes
  select 'lock products', 'warn', string_agg(l.pid::text, ', ' order by l.pid),
         format('held in %s by %s: no name can be settled until it ends; to end it: select pg_terminate_backend(PID)', min(l.mode),
                string_agg(format('pid %s (%sin its transaction for %s s)', l.pid, 'application "' || nullif(a.application_name, '')
                  || '", ',
                                  round(extract(epoch from clock_timestamp() - a.xact_start))), '; ' order by l.pid))
    from pg_locks l left join pg_stat_activity a on a.pid = l.pid
    where l.locktype = 'relation' and l.relation = 'products'::regclass and l.granted and l.pid is distinct from pg_backend_pid()
      and l.database = (select d.oid from pg_database d where d.datname = current_database())
      and l.mode in ('ShareLock', 'ShareRowExclusiveLock', 'ExclusiveLock', 'AccessExclusiveLock')
      and coalesce(a.xact_start < clock_timestamp() - interval '2 s', true)
    having count(*) > 0
  order by 1;
$$;
comment on function locks_health() is 'For health(): locks of 11_locks that somebody holds alone for over 10 s, or that something has waited for 2 s, with the pids that hold them; and whoever locks products, so that nothing can be settled.';

create or replace function notify_health() returns table (item text, status text, value text, detail text)
  language sql stable set search_path from current as $$
  select 'notify', 'warn', 'on', format('transactions may be prepared here (max_prepared_transactions is %s), and PREPARE TRANSACTION after an INSERT '
           'of a new name fails while a sidecar is idle; if an application does so: select set_setting(''notify'', ''false''); names then wait for the poll',
           current_setting('max_prepared_transactions'))
    where current_setting('max_prepared_transactions') <> '0' and setting('notify') = 'true';
$$;
comment on function notify_health() is 'For health(): whether inserts notify although transactions may be prepared, which a NOTIFY forbids.';
