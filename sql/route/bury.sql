-- taxon_internal: What did not come to an end and is waited for: tried too often, it is a dead letter.

create or replace function bury(entries bigint[], error text default null) returns void
  language plpgsql security definer set search_path from current as $$
declare
  hashes bytea[];
begin
  with dead as (
    delete from queue q where q.queue_id = any (bury.entries)
      returning q.stage, q.name_key, q.name_hash, q.attempts, q.last_error
  ), told as (
    select d.*, coalesce(bury.error, format('its workers died: %s tries ended without a word', max(d.attempts) over w)
                                       || coalesce('; the error before: ' || max(d.last_error) over w, '')) as error
      from dead d window w as (partition by d.name_hash)
  ), buried as (
    insert into dead_letters (stage, name_key, attempts, error)
      select t.stage, t.name_key, max(t.attempts), max(t.error) from told t group by 1, 2
      on conflict (name_hash) do update set attempts = excluded.attempts, error = excluded.error, stage = excluded.stage,
        created_at = clock_timestamp()
  )
  select array_agg(d.name_hash) into hashes from dead d;
  if hashes is not null then perform fail_buried(hashes); end if;
end $$;
comment on function bury(bigint[], text) is 'Entries of the queue that were tried too often become dead letters, and rows that wait for them failed. Without an error it says that the workers died. Example: select bury(''{}'');';
