-- taxon_internal: Triggers stay where they are as they should be: making one takes a lock on its table that stops all writers until the whole SQL
-- is loaded, commenting on one stops VACUUM, and most new versions change none.

create or replace function keep_trigger(definition text, description text) returns boolean
  language plpgsql set search_path from current as $$
declare
  wanted text := btrim(regexp_replace(definition, '\s+', ' ', 'g'));
  parts text[] := regexp_match(wanted, '^create trigger (\w+) .*? on (\w+) ', 'i');
  made boolean;
  said text;
begin
  -- One that was made to fire always (for rows of a subscription) stays so; one that was disabled is made anew. Where a server
  -- words a definition otherwise than it is written, only the lock is not saved.
  select t.tgenabled in ('O', 'A') and lower(pg_get_triggerdef(t.oid, true)) = lower(wanted), obj_description(t.oid, 'pg_trigger')
    into made, said from pg_trigger t where t.tgrelid = parts[2]::regclass and t.tgname = parts[1];
  if made is not true then
    -- with the rights of whoever calls it, and a whole statement is what it takes: @plpgsql_check_options: security_warnings = false
    execute regexp_replace(wanted, '^create', 'create or replace', 'i');
  end if;
  if said is distinct from description then
    execute format('comment on trigger %I on %I is %L', parts[1], parts[2], description);
  end if;
  return made is not true;
end $$;
comment on function keep_trigger(text, text) is 'Makes a trigger of the schema unless it is there as defined; returns whether it did. definition: as pg_get_triggerdef(…, true) words it, from "create trigger" on.';
