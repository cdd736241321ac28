-- taxon_internal: What health() says of attached tables.

create or replace function attached_health() returns table (item text, status text, value text, detail text)
  language plpgsql stable security definer set search_path from current as $$
declare
  a record;
  faults bigint := coalesce(pg_sequence_last_value('attach_faults'::regclass), 0);
begin
  for a in
    select x.*, format('%I.%I', x.schema_name, x.table_name) as place,
           (select string_agg(t.tgname, ', ') from pg_trigger t
              where t.tgrelid = x.relation and t.tgfoid = to_regprocedure(attached_table(x.attached_id) || '_note()') and t.tgenabled = 'D') as off,
           v.state, v.seen, v.rows_about, v.rate, v.time_left, v.waiting,
           exists (select from sidecars s where s.seen_at > now() - interval '30 s') as alive
      from attachments x join attached_tables v on v.view_name = x.view_name order by x.attached_id
  loop
    item := 'attached table';
    value := a.place;
    status := case when a.failure is not null or a.off is not null or a.waiting > 0 and not a.alive then 'warn' else 'ok' end;
    detail := case
      when a.failure is not null then format('not taken in since %s: %s', to_char(a.failed_at, 'YYYY-MM-DD HH24:MI'), a.failure)
      when a.off is not null then format('triggers are switched off, so changes are seen by the nightly sweep alone: alter table %s enable trigger %s', a.place, a.off)
      when a.state in ('backfilling', 'sweeping') then format('%s: %s of about %s rows%s', a.state, a.seen, a.rows_about,
        coalesce(format(', %s a second, %s left', a.rate, a.time_left), ''))
      when a.state = 'paused' then format('its backfill is paused; select * from attach(%L, backfill => %L)', a.place, a.backfill)
      else 'its changes are followed' end
      || case when a.waiting > 0 then format('; %s changes wait%s', a.waiting, case when a.alive then '' else ' for a sidecar: taxon sidecar' end) else '' end;
    return next;
    if a.refusal is not null then
      status := 'warn';
      detail := format('%s rows were refused, by products or by the table where an answer was to be written into it; the last with: %s', a.refused, a.refusal);
      return next;
    end if;
    if a.tree_failure is not null then
      item := 'attached categories';
      status := 'warn';
      value := coalesce(to_regclass(a.tree_relation::regclass::text)::text, 'gone');
      detail := format('not followed: %s', a.tree_failure);
      return next;
    end if;
  end loop;
  if faults > 0 then
    item := 'attached triggers';
    status := case when faults > coalesce((select s.faults from attach_faults_seen s), 0)
                or exists (select from attachments x where x.sweep_asked_at is not null or x.walking = 'sweep') then 'warn' else 'ok' end;
    value := faults::text;
    detail := case status when 'warn' then 'changes of attached tables could not be noted, the server''s log says why; a sidecar sweeps the tables within a minute, or at once: select sweep_attached()'
                          else 'changes could not be noted at some time; a sweep has made good since' end;
    return next;
  end if;
end $$;
comment on function attached_health() is 'For health(): attached tables, what keeps them from being followed, and what to type. Example: select item, detail from attached_health();';
