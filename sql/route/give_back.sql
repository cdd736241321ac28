-- taxon_internal: What did not come to an end: back into the queue, or, tried too often, a dead letter.

create or replace function bury(entries bigint[], error text default null) returns void
  language plpgsql security definer set search_path from current as $$
declare
  hashes bytea[];
begin
  with dead as (
    delete from queue q where q.queue_id = any (bury.entries)
      returning q.stage, q.name_key, q.name_hash, q.attempts, q.purpose, q.last_error
  ), told as (
    select d.*, coalesce(bury.error, format('its workers died: %s tries ended without a word', max(d.attempts) over w)
                                       || coalesce('; the error before: ' || max(d.last_error) over w, '')) as error
      from dead d window w as (partition by d.name_hash)
  ), buried as (
    insert into dead_letters (stage, name_key, attempts, error)
      select d.stage, d.name_key, max(d.attempts), max(d.error) from told d where d.purpose not in ('audit', 'teach', 'split') group by 1, 2
      on conflict (name_hash) do update set attempts = excluded.attempts, error = excluded.error, stage = excluded.stage, created_at = clock_timestamp()
  ), unasked as (
    update taxonomy_questions k set state = 'failed', settled_at = clock_timestamp()
      from dead d where d.purpose = 'split' and k.name_hash = d.name_hash and k.state = 'asked'
  ), passed as (
    -- an audit that the LLM cannot do is a person's; no product waits for it
    update checks c set auditor = 'human'
      from dead d where d.purpose = 'audit' and c.name_hash = d.name_hash and c.auditor = 'llm' and c.verdict is null
  )
  select array_agg(d.name_hash) filter (where d.purpose not in ('audit', 'teach', 'split')) into hashes from dead d;
  if hashes is not null then perform fail_buried(hashes); end if;
end $$;
comment on function bury(bigint[], text) is 'Entries of the queue that were tried too often become dead letters, and rows that wait for them failed (an audit goes to people instead, a name that was to teach is dropped, what a split asks keeps its label). Without an error it says that the workers died. Example: select bury(''{}'');';

create or replace function give_back(worker text, names text[], stage text, error text default null,
                                     counts boolean default true, wait interval default '0 s', purpose text default null, claim_id uuid default null)
  returns void
  language plpgsql security definer set search_path from current as $$
declare
  highest integer := (setting('max_attempts'))::integer;
  dead bigint[];
  alive bigint[];
  mine bytea[] := take_names(names);
begin
  select array_agg(q.queue_id) filter (where counts and q.attempts >= highest), array_agg(q.queue_id) filter (where not (counts and q.attempts >= highest))
    into dead, alive
    from queue q
    where q.worker = give_back.worker and q.stage = give_back.stage
      and (give_back.purpose is null or q.purpose = give_back.purpose)
      -- asked again after a lost answer: the worker may hold them by another claim by now
      and (give_back.claim_id is null or q.claim_id = give_back.claim_id)
      and q.name_hash = any (mine);
  if dead is not null then perform bury(dead, coalesce(give_back.error, 'failed too often')); end if;
  update queue q
    set worker = null, claim_id = null, available_at = clock_timestamp() + give_back.wait, last_error = coalesce(give_back.error, q.last_error),
        attempts = case when counts then q.attempts else greatest(q.attempts - 1, 0) end
    where q.queue_id = any (alive);
end $$;
comment on function give_back(text, text[], text, text, boolean, interval, text, uuid) is 'Returns leased names to the queue (those of one purpose or one claim, or all). With counts (the name''s own failure) a name past max_attempts becomes a dead letter and its rows failed (an audit goes to people instead, a name that was to teach is dropped, what a split asks keeps its label); without (a provider''s fault, a shutdown) the attempt is forgotten.';
grant execute on function give_back to taxon_sidecar;
