-- taxon_internal: Claims are leases: a row is taken by moving available_at into the future under a worker's name, and becomes free by
-- itself when that moment comes. A claim commits the lease and the attempt, nothing else.
--
-- Each has an id that the sidecar makes before it asks. Where the answer of a claim is lost after its COMMIT, the next one
-- names it as owed, and its names are taken back first.

create or replace function claim(worker text, most integer, lease interval default '60 s', claim_id uuid default null,
                                 held uuid[] default '{}', owed uuid[] default '{}')
  returns table (name_key text, attempts smallint)
  language plpgsql security definer set search_path from current as $$
declare
  highest integer := (setting('max_attempts'))::integer;
  alone_from integer := least(2, highest);
  -- with something due for longer than this, new names come in between, the newest first
  backlog constant interval := interval '10 s';
  moment timestamptz;
  since timestamptz;
  head record;
  picked bigint[];
  fresh bigint[] := '{}'::bigint[];
begin
  perform take_in();
  if cardinality(owed) > 0 then perform take_back(claim.worker, owed); end if;
  perform raise_floor();
  since := queue_floor();
  loop
    moment := clock_timestamp();
    -- the stage may hold a name more than once: it was tried as often as its entry that was tried most
    select q.name_hash, q.available_at, (select max(o.attempts) from queue o where o.name_hash = q.name_hash
      and o.stage = 'local') as tries into head
      from queue q where q.stage = 'local' and q.available_at between since and moment and (q.claim_id = any (held)) is not true
      order by q.available_at limit 1 for update skip locked;
    exit when not found;
    if head.tries >= alone_from then
      -- the third time a name is tried alone: it may be what ends its workers
      select array_agg(d.queue_id) into picked from (
        select q.queue_id from queue q
          where q.stage = 'local' and q.available_at <= moment and (q.claim_id = any (held)) is not true
            and q.name_hash = head.name_hash for update skip locked) d;
    else
      if head.available_at < moment - backlog then
        -- half of a claim, so that who inserts one name does not wait until a million are done
        select coalesce(array_agg(d.queue_id), '{}') into fresh from (
          select q.queue_id from queue q
            where q.stage = 'local' and q.available_at between moment - backlog and moment and (q.claim_id = any (held)) is not true
              and q.attempts < alone_from
              and q.name_hash not in (select o.name_hash from queue o where o.stage = 'local' and o.attempts >= 2)
            order by q.available_at desc limit most / 2 for update skip locked) d;
      end if;
      select coalesce(array_agg(d.queue_id), '{}') || fresh into picked from (
        select q.queue_id from queue q
          where q.stage = 'local' and q.available_at between since and moment and (q.claim_id = any (held)) is not true
            and q.attempts < alone_from and q.queue_id <> all (fresh)
            -- read once: as NOT EXISTS, just after many names have come, it read all of them for each that it took (65 ms of 4,500)
            and q.name_hash not in (select o.name_hash from queue o where o.stage = 'local' and o.attempts >= 2)
          order by q.available_at limit most - cardinality(fresh) for update skip locked) d;
    end if;
    if head.tries >= highest then
      perform bury(picked);
      continue;
    end if;
    return query
      with taken as (
        update queue q
          set worker = claim.worker, claim_id = claim.claim_id, available_at = clock_timestamp() + claim.lease,
            attempts = greatest(q.attempts, head.tries) + 1
          from unnest(picked) p(queue_id) where q.queue_id = p.queue_id
          returning q.name_key, q.attempts
      )
      select t.name_key, max(t.attempts) from taken t group by t.name_key;
    exit;
  end loop;
end $$;
comment on function claim(text, integer, interval, uuid, uuid[],
  uuid[]) is 'Leases up to so many entries of the local stage to a worker, by a claim whose id it made; returns their distinct names. What it has in hand (held) is not given to it again, what it owes is taken back first. A name that was tried twice comes alone; one that was tried max_attempts times, so that its workers died, becomes a dead letter.';
grant execute on function claim to taxon_sidecar;
