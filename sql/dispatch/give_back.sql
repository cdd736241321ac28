-- taxon_internal: What did not come to an end: back into the queue, or, tried too often, given up as its purpose has it.

create or replace function give_up(entries bigint[], error text default null) returns void
  language plpgsql security definer set search_path from current as $$
declare
  its record;
begin
  for its in
    select p.hooks, array_agg(q.queue_id) as entries from queue q join purposes p using (purpose)
      where q.queue_id = any (give_up.entries) group by p.hooks
  loop
    execute format('select %I($1, $2)', its.hooks || '_bury') using its.entries, give_up.error;
  end loop;
end $$;
comment on function give_up(bigint[], text) is 'Takes entries out of the queue that were tried too often: those of each purpose by its function …_bury(). Without an error their workers died. Example: select give_up(''{}'');';

create or replace function give_back(worker text, names text[], stage text, error text default null,
                                     counts boolean default true, wait interval default '0 s', purpose text default null,
                                       claim_id uuid default null)
  returns void
  language plpgsql security definer set search_path from current as $$
declare
  highest integer := (setting('max_attempts'))::integer;
  dead bigint[];
  alive bigint[];
  mine bytea[] := take_names(names);
begin
  select array_agg(q.queue_id) filter (where counts and q.attempts >= highest),
    array_agg(q.queue_id) filter (where not (counts and q.attempts >= highest))
    into dead, alive
    from queue q
    where q.worker = give_back.worker and q.stage = give_back.stage
      and (give_back.purpose is null or q.purpose = give_back.purpose)
      -- asked again after a lost answer: the worker may hold them by another claim by now
      and (give_back.claim_id is null or q.claim_id = give_back.claim_id)
      and q.name_hash = any (mine);
  if dead is not null then perform give_up(dead, coalesce(give_back.error, 'failed too often')); end if;
  update queue q
    set worker = null, claim_id = null, available_at = clock_timestamp() + give_back.wait,
      last_error = coalesce(give_back.error, q.last_error),
        attempts = case when counts then q.attempts else greatest(q.attempts - 1, 0) end
    where q.queue_id = any (alive);
end $$;
comment on function give_back(text, text[], text, text, boolean, interval, text,
  uuid) is 'Returns leased names to the queue (those of one purpose or one claim, or all). With counts (the name''s own failure) a name past max_attempts is given up as its purpose has it (give_up()); without (a provider''s fault, a shutdown) the attempt is forgotten.';
grant execute on function give_back to taxon_sidecar;
