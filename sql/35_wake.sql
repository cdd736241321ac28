-- NOTIFY is a hint that shortens the wait; the sweep at every connect and the poll find everything without it.

create or replace function wake() returns void
  language plpgsql security definer as $$
begin
  -- NOTIFY takes a global lock at commit, so it is raised only for a sidecar that sleeps. Written with schemas instead of
  -- SET, as 40_insert.sql is: it runs inside inserts. The channel's name is the schema's, so two schemas do not mix.
  if exists (select from @schema@.sidecars s
             where s.idle and s.seen_at operator(pg_catalog.>) (pg_catalog.now() operator(pg_catalog.-) interval '1 minute')) then
    perform pg_catalog.pg_notify('@channel@', '');
  end if;
end $$;
comment on function wake() is 'Notifies the channel named as the schema when some sidecar is idle.';
