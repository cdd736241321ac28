-- taxon_internal: NOTIFY is a hint that shortens the wait; the sweep at every connect and the poll find everything without it.
--
-- It takes a global lock at commit and cannot be in a transaction that is prepared, so it is raised only for a sidecar that sleeps,
-- and the setting notify switches it off. Whether one sleeps is read from a sequence: what is read of a table under SERIALIZABLE
-- must not change before the commit, and heartbeats write every five seconds.

create or replace function somebody_sleeps() returns boolean
  language sql volatile
begin atomic
  -- a bare expression, which is written into the INSERT's trigger: a SELECT from the sequence is a query of its own
  select coalesce(pg_sequence_last_value('notify_until'::regclass) > date_part('epoch', clock_timestamp()), false);
end;
comment on function somebody_sleeps() is 'Whether some sidecar is idle and wants to be woken.';

create or replace function wake() returns void
  language plpgsql security definer as $$
begin
  -- Written with schemas instead of SET, as insert.sql is: it runs inside inserts. The channel's name is the schema's, so two
  -- schemas do not mix.
  if @internal@.somebody_sleeps() then
    perform pg_catalog.pg_notify('@channel@', '');
  end if;
end $$;
comment on function wake() is 'Notifies the channel named as the schema when some sidecar is idle.';

create or replace function note_idle() returns void
  language sql volatile set search_path from current as $$
  -- As health() has it, one that was not seen for 30 s is dead. Two at once may overwrite each other: then the poll finds the names.
  select setval('notify_until', coalesce((select extract(epoch from max(s.seen_at))::bigint + 30 from sidecars s where s.idle), 0));
$$;
comment on function note_idle() is 'Tells inserts until when some sidecar is idle and hears a NOTIFY. Heartbeats call it.';

create or replace function tell_sidecars() returns void
  language plpgsql security definer set search_path from current as $$
begin
  -- also to those that are busy: models change seldom, and who answers must be known at once
  perform pg_notify('@channel@', '');
end $$;
comment on function tell_sidecars() is 'Notifies every sidecar, idle or not. Example: select tell_sidecars();';

create or replace function let_sidecars_poll() returns trigger
  language plpgsql security definer set search_path from current as $$
begin
  -- at once; heartbeats switch it on again
  update sidecars set idle = false where idle;
  perform note_idle();
  return null;
end $$;
comment on function let_sidecars_poll() is 'Trigger: from the moment that notify is switched off nobody is woken.';

select keep_trigger('create trigger notify_off after update of value on all_settings
    for each row when (new.key = ''notify''::text AND new.value = ''false''::jsonb) execute function let_sidecars_poll()',
  'Switching notify off holds at once.');
