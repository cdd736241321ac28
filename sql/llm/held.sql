-- taxon_internal: Names that no provider may be sent wait in the LLM stage, at a moment that never comes, for people.

create or replace function hold_never_sent() returns trigger
  language plpgsql security definer set search_path from current as $$
declare
  why text := case when new.purpose in ('audit', 'split') then never_sent(new.name_key) else never_sent(new.name_key, new.shortlist, new.branch) end;
begin
  if why is null then return new; end if;
  -- nobody waits for it: it is not put there, and dropped when it is claimed
  if new.purpose = 'teach' then return case when tg_op = 'UPDATE' then new end; end if;
  if new.purpose = 'audit' then
    -- people audit it; the entry of an LLM's audit is not made, or dropped when it is claimed
    -- (a generated column is still NULL in a BEFORE trigger)
    update checks k set auditor = 'human' where k.name_hash = name_hash(new.name_key) and k.auditor = 'llm' and k.verdict is null;
    return case when tg_op = 'UPDATE' then new end;
  end if;
  if new.purpose = 'split' then  -- its label stays until a person says otherwise
    update taxonomy_questions k set state = 'person', settled_at = now()
      where k.name_hash = name_hash(new.name_key) and k.state in ('waiting', 'asked');
    return case when tg_op = 'UPDATE' then new end;
  end if;
  new.available_at := 'infinity';
  new.last_error := 'never send: ' || why;
  return new;
end $$;
comment on function hold_never_sent() is 'Trigger: a name that may not be sent is put into the LLM stage, or given back to it, without being due.';

select keep_trigger('create trigger hold_never_sent before insert or update on queue
    for each row when (new.stage = ''llm''::text and new.worker is null) execute function hold_never_sent()',
  'Holds names that may not be sent, whoever puts or gives them into the LLM stage; names of the local stage and leases pass by.');

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
