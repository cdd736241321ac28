-- taxon_internal: What no provider may be sent is held where it enters the LLM stage, as its purpose has it.

create or replace function hold_never_sent() returns trigger
  language plpgsql security definer set search_path from current as $$
declare
  its record;
  why text;
  waits boolean;
begin
  -- nearly always; it saves the look-up of the purpose, a name at a time
  if not exists (select from never_send_marks) then return new; end if;
  select p.hooks, p.wants_label into its from purposes p where p.purpose = new.purpose;
  why := case when its.wants_label then never_sent(new.name_key, new.shortlist, new.branch) else never_sent(new.name_key) end;
  if why is null then return new; end if;
  execute format('select %I($1)', its.hooks || '_hold') into waits using new.name_key;
  if not waits then
    -- it is not put there, or dropped when it is claimed
    return case when tg_op = 'UPDATE' then new end;
  end if;
  new.available_at := 'infinity';
  new.last_error := 'never send: ' || why;
  return new;
end $$;
comment on function hold_never_sent() is 'Trigger: a name that may not be sent is put into the LLM stage, or given back to it, without being due, or not put there at all: the function …_hold() of its purpose says which.';

select keep_trigger('create trigger hold_never_sent before insert or update on queue
    for each row when (new.stage = ''llm''::text and new.worker is null) execute function hold_never_sent()',
  'Holds names that may not be sent, whoever puts or gives them into the LLM stage; names of the local stage and leases pass by.');
