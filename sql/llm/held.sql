-- taxon_internal: Names that no provider may be sent wait in the LLM stage, at a moment that never comes, for people.

create or replace function look_again(held_only boolean) returns integer
  language plpgsql security definer set search_path from current as $$
declare
  free integer;
begin
  -- the trigger judges each anew
  with entry as materialized (
    select q.queue_id, q.available_at from queue q
      where q.stage = 'llm' and q.worker is null and (q.available_at = 'infinity' or not held_only)
      order by q.queue_id for update skip locked
  ), seen as (
    update queue q set available_at = case when e.available_at = 'infinity' then clock_timestamp() else e.available_at end,
                       last_error = case when e.available_at = 'infinity' then null else q.last_error end
      from entry e where q.queue_id = e.queue_id returning e.available_at = 'infinity' as was, q.available_at = 'infinity' as held
  )
  select count(*) filter (where held_only and was and not held or not held_only and held) into free from seen;
  return free;
end $$;
comment on function look_again(boolean) is 'Judges names in the LLM stage by the marks as they are now: those held, or all. Returns how many are released (held only), or how many are held. Example: select look_again(true);';
