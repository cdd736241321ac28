-- Rows that wait and that nobody queued: they came while triggers were off (logical replication fires none for statements,
-- session_replication_role = replica none at all). Sidecars look for them at their start and every five minutes.

create or replace function is_queued(name_key text) returns boolean
  language sql stable
begin atomic
  select exists (select from queue q where q.name_hash = name_hash(is_queued.name_key) and q.purpose in ('answer', 'escalate'))
      -- a row that refuses even to be called failed stays pending
      or exists (select from dead_letters d where d.name_hash = name_hash(is_queued.name_key));
end;
comment on function is_queued(text) is 'Whether some entry of the queue will answer rows of this name, or the name was given up. Example: select is_queued(''kettle'');';

create or replace function queue_strays(after_id bigint default 0, most integer default 5000, out last_id bigint, out strays integer)
  language plpgsql security definer set search_path from current as $$
begin
  -- One statement, one snapshot: a row and its queue entry are written by one transaction, whoever answers or inserts.
  with page as materialized (
    select p.product_id, p.name_key from products p
      where p.state = 'pending' and p.product_id > after_id order by p.product_id limit most
  ), stray as materialized (
    select p.product_id, p.name_key from page p where coalesce(p.name_key, '') = '' or not is_queued(p.name_key)
  ), nameless as (
    -- one that somebody holds is met at the next look
    select p.product_id from products p join stray s using (product_id) where coalesce(s.name_key, '') = '' for update of p skip locked
  ), failed as (
    update products p set state = 'failed', failure = 'the name is empty' from nameless n where p.product_id = n.product_id
  ), queued as (
    insert into queue (name_key) select distinct s.name_key from stray s where s.name_key <> ''
  )
  select (select max(p.product_id) from page p), (select count(*) from stray) into last_id, strays;
  if strays > 0 then perform wake(); end if;
end $$;
comment on function queue_strays(bigint, integer) is 'Queues names of rows that wait although nobody queued them (they came while triggers were off), among so many waiting rows after an id; rows without a name become failed. Returns the last row that was looked at, NULL at the end, and how many were found. Sidecars walk through all rows every five minutes. Example: select last_id, strays from queue_strays();';

create or replace function strays_health() returns table (item text, status text, value text, detail text)
  language sql stable security definer set search_path from current as $$
  with page as (
    select p.name_key from products p where p.state = 'pending' order by p.product_id limit 20000
  ), strays as (
    select count(*) as n from page p where coalesce(p.name_key, '') = '' or not is_queued(p.name_key)
  )
  select 'rows not queued', 'warn', s.n::text,
         case when (select count(*) from page) = 20000 then 'of the first 20000 that wait; ' else '' end
           || 'they came while triggers were off (replication, session_replication_role); a sidecar queues them within five minutes, '
           || 'or at once: select * from queue_strays()'
    from strays s where s.n > 0;
$$;
comment on function strays_health() is 'For health(): rows that wait and are in no queue, among the first 20,000 that wait.';
