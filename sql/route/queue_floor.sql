-- taxon_internal: Where claims of the local stage begin to look: behind entries that are dead, but that an old snapshot keeps from being removed.

create or replace function queue_floor() returns timestamptz
  language sql volatile
begin atomic
  select to_timestamp(f.last_value / 1000.0) from queue_floor f;
end;
comment on function queue_floor() is 'From where claims of the local stage look for what is due. Example: select queue_floor();';

create or replace function raise_floor() returns void
  language plpgsql security definer set search_path from current as $$
declare
  moment timestamptz := clock_timestamp();
  was bigint := (select f.last_value from queue_floor f);
  safe bigint := (select s.last_value from queue_safe s);
  horizon queue_horizon;
  first bigint;
begin
  if safe < extract(epoch from moment) * 1000 - 2000 then
    select * into horizon from queue_horizon h limit 1 for update skip locked;
    if not found then
      -- else another claim has it in hand
      insert into queue_horizon select moment, pg_current_xact_id() where not exists (select from queue_horizon);
    elsif horizon.looked_at < moment - interval '1 s'
       -- who has written for more than a minute is waited for no longer: look_below_floor() finds what he brings
       and (pg_snapshot_xmin(pg_current_snapshot()) >= horizon.next_xid or horizon.looked_at < moment - interval '1 min') then
      -- a second less: an entry's moment is taken just before its transaction has a number
      safe := greatest(safe, floor(extract(epoch from horizon.looked_at) * 1000) - 1000);
      perform setval('queue_safe', safe);
      update queue_horizon h set looked_at = moment, next_xid = pg_current_xact_id() where h = horizon;
    end if;
  end if;
  if safe <= was then return; end if;
  select floor(extract(epoch from min(q.available_at)) * 1000) into first
    from queue q where q.stage = 'local' and q.available_at >= queue_floor();
  first := least(coalesce(first, safe), safe);
  if first > was then perform setval('queue_floor', first); end if;
end $$;
comment on function raise_floor() is 'Moves queue_floor() up to the first entry of the local stage that lives, and not past what open transactions may still bring. Each claim calls it before it changes anything, as what a claim that fails had taken is due again.';

create or replace function look_below_floor() returns boolean
  language plpgsql security definer set search_path from current as $$
declare
  below timestamptz;
begin
  select min(q.available_at) into below from queue q where q.stage = 'local' and q.available_at < queue_floor();
  if below is null then return false; end if;
  perform setval('queue_floor', floor(extract(epoch from below) * 1000)::bigint);
  perform wake();
  return true;
end $$;
comment on function look_below_floor() is 'Whether entries lie below queue_floor(), of a transaction that wrote for over a minute or after a clock was set back; then it is lowered to them. Sidecars ask each minute. Example: select look_below_floor();';
grant execute on function look_below_floor to taxon_sidecar;
