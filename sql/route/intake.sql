-- taxon_internal: New rows that wait are put into the queue by the sidecars' claims, many names in one statement. The INSERT itself writes no
-- entry: that was a second row with three indexes and a digest, two thirds of what the triggers cost.
--
-- What is new is told by snapshots, which miss no transaction however late it commits: a row is new when the last snapshot did not see
-- the transaction that brought it and this one does. Both conditions are probes of products_pending (arrived_xact, product_id): numbers from
-- the old snapshot's xmax on, and those that were open in it. So an open transaction of hours costs one probe.

create or replace function new_rows(since pg_snapshot, until pg_snapshot, after_xact xid8, after_id bigint, most integer)
  returns table (arrived_xact xid8, product_id bigint, name_key text)
  language plpgsql stable set search_path from current
  -- by the index in its order, page by page: old statistics chose to read and sort all that waits for each page
  set enable_seqscan = off set enable_bitmapscan = off set jit = off as $$
#variable_conflict use_column
declare
  past xid8 := pg_snapshot_xmax(since);
  xact xid8;
  n integer;
begin
  -- a snapshot lists them in their order
  for xact in select x from pg_snapshot_xip(since) x where x >= after_xact and pg_visible_in_snapshot(x, until) loop
    return query select p.arrived_xact, p.product_id, p.name_key from products p
      where p.state = 'pending' and p.arrived_xact = xact and p.product_id > case when xact > after_xact then -9223372036854775808
        else after_id end
      order by p.product_id limit most;
    get diagnostics n = row_count;
    most := most - n;
    if most <= 0 then return; end if;
  end loop;
  if past > after_xact then
    after_xact := past;
    after_id := -9223372036854775808;
  end if;
  return query select p.arrived_xact, p.product_id, p.name_key from products p
    where p.state = 'pending' and (p.arrived_xact, p.product_id) > (after_xact, after_id)
      and p.arrived_xact < pg_snapshot_xmax(until) and pg_visible_in_snapshot(p.arrived_xact, until)
    order by p.arrived_xact, p.product_id limit most;
end $$;
comment on function new_rows(pg_snapshot, pg_snapshot, xid8, bigint,
  integer) is 'Rows that wait, of transactions that had ended at one snapshot and not at the other, in the order of arrived_xact and product_id, from after such a pair on. Example: select product_id from new_rows(''1:1:'', pg_current_snapshot(), ''0'', 0, 10);';

create or replace function last_intake() returns pg_snapshot
  language sql volatile set search_path from current set enable_seqscan = off set jit = off as $$
  -- a database that was restored elsewhere counts transactions from another start: then all that wait are new
  select coalesce((select case when pg_snapshot_xmax(i.until) <= pg_snapshot_xmax(pg_current_snapshot()) then i.until end
                     from intakes i order by i.intake_id desc limit 1), '1:1:');
$$;
comment on function last_intake() is 'The snapshot whose rows are taken in, or will be by an intake that is not done. Example: select last_intake() is not null;';

create or replace function names_wait() returns boolean
  language sql volatile set search_path from current as $$
  select exists (select from queue q where q.stage = 'local' and q.available_at <= now())
      or exists (select from intakes i where not i.done)
      or exists (select from new_rows(last_intake(), pg_current_snapshot(), '0', -9223372036854775808, 1));
$$;
comment on function names_wait() is 'Whether names wait for the local layer, in the queue or in rows that the next claim takes in: what may rest does so then. Example: select names_wait();';

create or replace function take_in(most integer default 5000) returns integer
  language plpgsql security definer set search_path from current set enable_seqscan = off set jit = off as $$
declare
  part intakes;
  page record;
  taken integer := 0;
begin
  -- one does it at a time, for milliseconds; whoever comes second finds the names in the queue
  begin
    perform hold_lock('intake', patience => '200 ms');
  exception when lock_not_available then return 0;
  end;
  -- an older snapshot than the one that reads the rows: what commits in between comes the next time
  select last_intake() as since, pg_current_snapshot() as until into page;
  if exists (select from new_rows(page.since, page.until, '0', -9223372036854775808, 1)) then
    insert into intakes (since, until) values (page.since, page.until);
    delete from intakes i where i.done;
  end if;
  -- the newest first: who inserts one name does not wait until a million are taken in
  for part in select * from intakes i where not i.done order by i.intake_id desc loop
    exit when taken >= most;
    with arrived as materialized (
      select * from new_rows(part.since, part.until, part.after_xact, part.after_id, most - taken)
    ), queued as (
      -- rows without a name came while triggers were off: strays.sql
      insert into queue (name_key) select a.name_key from arrived a where a.name_key <> '' group by 1 order by min(a.product_id)
    )
    select count(*) as n, max(a.arrived_xact) as xact,
      (array_agg(a.product_id order by a.arrived_xact desc, a.product_id desc))[1] as id into page from arrived a;
    update intakes i set done = page.n < most - taken, after_xact = coalesce(page.xact, i.after_xact),
      after_id = coalesce(page.id, i.after_id)
      where i.intake_id = part.intake_id;
    taken := taken + page.n;
  end loop;
  return taken;
end $$;
comment on function take_in(integer) is 'Puts the names of so many new rows that wait into the queue, the newest transactions'' first; returns how many rows. Claims begin with it. Example: select take_in();';
grant execute on function take_in to taxon_admin, taxon_sidecar;
