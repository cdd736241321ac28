-- taxon_internal: What a worker holds: renewed by the claim, so that what it does not know of any more becomes free by itself, and given
-- back by the claim where it lost the answer.

create or replace function take_back(worker text, claims uuid[]) returns integer
  language sql volatile security definer set search_path from current as $$
  with held as (
    -- one that commits at this moment is found the next time
    select q.queue_id from queue q
      where q.claim_id = any (take_back.claims) and q.worker = take_back.worker for update skip locked
  ), back as (
    update queue q set worker = null, claim_id = null, available_at = clock_timestamp(), attempts = greatest(q.attempts - 1, 0)
      from held where q.queue_id = held.queue_id returning 1
  )
  select count(*)::integer from back;
$$;
comment on function take_back(text, uuid[]) is 'Gives back, uncounted, what a worker holds by claims whose answer it lost or which it could not bring to an end; returns how many entries. Example: select take_back(''worker'', ''{}'');';

create or replace function renew_leases(worker text, claims uuid[], owed uuid[] default '{}', lease interval default '60 s') returns integer
  language sql volatile security definer set search_path from current as $$
  select take_back(renew_leases.worker, renew_leases.owed);
  with open as (
    -- what is being settled at this moment needs no longer lease, and waiting for it could be in a circle
    select c.llm_call_id from llm_calls c
      where c.state = 'started' and c.claim_id = any (renew_leases.claims) and c.worker = renew_leases.worker for update skip locked
  ), calls as (
    update llm_calls c set lease_until = clock_timestamp() + renew_leases.lease from open o where c.llm_call_id = o.llm_call_id
  ), held as (
    select q.queue_id from queue q where q.claim_id = any (renew_leases.claims) and q.worker = renew_leases.worker for update skip locked
  ), renewed as (
    update queue q set available_at = clock_timestamp() + renew_leases.lease from held where q.queue_id = held.queue_id returning 1
  )
  select count(*)::integer from renewed;
$$;
comment on function renew_leases(text, uuid[], uuid[],
  interval) is 'Extends the leases of the claims that a worker has in hand, their calls in flight included, and of no others; takes back what it owes. Returns how many entries were extended. Example: select renew_leases(''worker'', ''{}'');';
grant execute on function renew_leases to taxon_sidecar;

create or replace function hold_lease(worker text, claim_id uuid, names text[], lease interval) returns boolean
  language plpgsql security definer set search_path from current as $$
declare
  held integer;
begin
  with mine as (
    select q.queue_id from queue q
      where q.claim_id = hold_lease.claim_id and q.worker = hold_lease.worker and q.name_hash in (select name_hash(n) from unnest(names) n)
      order by q.queue_id for update
  )
  update queue q set available_at = clock_timestamp() + hold_lease.lease from mine where q.queue_id = mine.queue_id;
  get diagnostics held = row_count;
  return held = (select count(distinct name_hash(n)) from unnest(names) n);
end $$;
comment on function hold_lease(text, uuid, text[],
  interval) is 'Whether all of these names are still held by a claim of this worker; if so, from now on for the whole lease. Example: select hold_lease(''worker'', gen_random_uuid(), ''{kettle}'', ''1 min'');';

create or replace function hold_names(names text[]) returns void
  language sql volatile set search_path from current as $$
  select from queue q where q.name_hash in (select name_hash(n) from unnest(names) n) order by q.queue_id for update;
$$;
comment on function hold_names(text[]) is 'Locks all queue entries of some names, always in the same order. What settles names begins with it: two that share a name (queued twice, or inserted again while the LLM is asked) wait here instead of for each other''s rows in a circle.';
