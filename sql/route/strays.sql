-- taxon_internal: Rows that wait and that take_in() does not find: they came by logical replication, where arrived_xact is a number of the publisher's, or
-- from a dump. Also rows without a name that came while triggers were off. Sidecars look for them at their start and every five minutes.

create or replace function taken_in() returns pg_snapshot
  language sql volatile set search_path from current set enable_seqscan = off set jit = off as $$
  select coalesce((select i.since from intakes i where not i.done order by i.intake_id limit 1), last_intake());
$$;
comment on function taken_in() is 'The snapshot whose rows are all taken in. Example: select taken_in() is not null;';

create or replace function is_stray(arrived_xact xid8, taken_in pg_snapshot) returns boolean
  language sql stable
begin atomic
  select pg_visible_in_snapshot(is_stray.arrived_xact, taken_in) or is_stray.arrived_xact >= pg_snapshot_xmax(pg_current_snapshot());
end;
comment on function is_stray(xid8, pg_snapshot) is 'Whether a row with this arrived_xact is past what take_in() looks at. Example: select is_stray(''1'', ''9:9:'');';

create or replace function is_queued(name_key text) returns boolean
  language sql stable
begin atomic
  select exists (select from queue q where q.name_hash = name_hash(is_queued.name_key)
    and q.purpose = any (array(select p.purpose from purposes p where p.answers_rows)))
      -- a row that refuses even to be called failed stays pending
      or exists (select from dead_letters d where d.name_hash = name_hash(is_queued.name_key));
end;
comment on function is_queued(text) is 'Whether some entry of the queue will answer rows of this name, or the name was given up. Example: select is_queued(''kettle'');';

create or replace function queue_names(names text[]) returns void
  language sql volatile set search_path from current as $$
  insert into queue (name_key) select n from unnest(names) n
    where not is_queued(n) and exists (select from products p where name_hash(p.name_key) = name_hash(n) and p.state = 'pending');
$$;
comment on function queue_names(text[]) is 'Puts the names of rows that wait into the queue at once, where they are not: for what settles names by hand before a claim takes them in. Example: select queue_names(''{kettle}'');';

create or replace function rows_to_take_in(out names bigint, out earliest timestamptz)
  language sql stable set search_path from current as $$
  select count(distinct p.name_key), min(p.created_at) from taken_in() taken, products p
    where p.state = 'pending' and p.arrived_xact >= pg_snapshot_xmin(taken) and not is_stray(p.arrived_xact, taken) and p.name_key <> '';
$$;
comment on function rows_to_take_in() is 'How many names came that the next claims put into the queue, and when the oldest of their rows was made. Example: select names from rows_to_take_in();';

create or replace function queue_strays(after_xact xid8 default '0', after_id bigint default -9223372036854775808,
  most integer default 5000,
                                        out last_xact xid8, out last_id bigint, out strays integer)
  language plpgsql security definer set search_path from current as $$
declare
  taken pg_snapshot := taken_in();
begin
  -- One statement, one snapshot: a row is seen with the entry that it has.
  with page as materialized (
    select p.arrived_xact, p.product_id, p.name_key from products p
      where p.state = 'pending' and (p.arrived_xact, p.product_id) > (after_xact, after_id) order by p.arrived_xact, p.product_id limit most
  ), stray as materialized (
    select p.product_id, p.name_key from page p
      where coalesce(p.name_key, '') = '' or is_stray(p.arrived_xact, taken) and not is_queued(p.name_key)
  ), nameless as (
    -- one that somebody holds is met at the next look
    select p.product_id from products p join stray s using (product_id) where coalesce(s.name_key, '') = '' for update of p skip locked
  ), failed as (
    update products p set state = 'failed', failure = 'the name is empty' from nameless n where p.product_id = n.product_id
  ), queued as (
    insert into queue (name_key) select distinct s.name_key from stray s where s.name_key <> ''
  )
  select max(p.arrived_xact), (array_agg(p.product_id order by p.arrived_xact desc, p.product_id desc))[1], (select count(*) from stray)
    into last_xact, last_id, strays from page p;
  if strays > 0 then perform wake(); end if;
end $$;
comment on function queue_strays(xid8, bigint,
  integer) is 'Queues names of rows that wait although nobody queued them and take_in() does not find them (they came by replication, or from another database), among so many waiting rows after an arrived_xact and a product_id; rows without a name become failed. Returns the last row that was looked at, NULL at the end, and how many were found. Sidecars walk through all rows every five minutes. Example: select last_id, strays from queue_strays();';
grant execute on function queue_strays to taxon_admin, taxon_sidecar;

create or replace function strays_health() returns table (item text, status text, value text, detail text)
  language sql stable security definer set search_path from current as $$
  with page as (
    select p.arrived_xact, p.name_key from products p where p.state = 'pending' order by p.arrived_xact, p.product_id limit 20000
  ), strays as (
    select count(*) as n from page p, taken_in() taken
      where coalesce(p.name_key, '') = '' or is_stray(p.arrived_xact, taken) and not is_queued(p.name_key)
  )
  select 'rows not queued', 'warn', s.n::text,
         case when (select count(*) from page) = 20000 then 'of the first 20000 that wait; ' else '' end
           || 'they came by replication or without a name while triggers were off; a sidecar queues them within five minutes, '
           || 'or at once: select * from queue_strays()'
    from strays s where s.n > 0;
$$;
comment on function strays_health() is 'For health(): rows that wait, are in no queue and will not be taken in, among the first 20,000 that wait.';
