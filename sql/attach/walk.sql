-- taxon_internal: A walk over an attached table in the order of its key, a page a transaction: the backfill of what was there before, and the
-- sweep for what triggers missed. Both do the same: compare a range of the table's keys with ours.

create or replace function page_end(a attachments, backwards boolean, most integer) returns text
  language plpgsql security definer set search_path from current set row_security = off set jit = off as $$
declare
  k text := array_to_string(array(select format('x.%I', c) from unnest(a.key_columns) c), ', ');
  last text;
begin
  -- quoted names: @plpgsql_check_options: security_warnings = false
  execute format('select %s from %s x %s order by %s offset %s limit 1',
      key_text(a.key_types, array(select format('x.%I', c) from unnest(a.key_columns) c)), a.relation::regclass,
      case when a.walk_after is null then ''
           else format('where (%s) %s (%s)', k, case when backwards then '<' else '>' end, array_to_string(key_values(a.key_types, '$1'), ', ')) end,
      (select string_agg(format('x.%I %s', c, case when backwards then 'desc' else 'asc' end), ', ' order by i)
         from unnest(a.key_columns) with ordinality u(c, i)), most - 1)
    into last using a.walk_after;
  return last;
end $$;
comment on function page_end(attachments, boolean, integer) is 'The key at the end of a walk''s next page of so many rows; NULL: fewer are left. Example: select page_end(a, false, 1000) from attachments a;';

create or replace function read_page(a attachments, backwards boolean, until text) returns attached_row[]
  language plpgsql security definer set search_path from current set row_security = off set jit = off set enable_seqscan = off as $$
declare
  keys text[] := key_names(a.key_columns);
  after text := case when a.walk_after is not null then format('(%s) %s (%s)', '%1$s', case when backwards then '<' else '>' end,
    array_to_string(key_values(a.key_types, '$1'), ', ')) end;
  upto text := case when until is not null then format('(%s) %s (%s)', '%1$s', case when backwards then '>=' else '<=' end,
    array_to_string(key_values(a.key_types, '$2'), ', ')) end;
  bounds text := coalesce('where ' || nullif(concat_ws(' and ', after, upto), ''), '');
  batch attached_row[];
begin
  -- quoted names and the server's own words: @plpgsql_check_options: security_warnings = false
  execute format($read$
    select array_agg(row(%1$s, r.name, r.label, r.labelled_at, coalesce(r.wanted, false), p.product_id, p.name, m.label)::attached_row)
      from (%2$s %3$s) r full join (select * from %4$s m %5$s) m on %6$s
      left join products p on p.product_id = m.product_id$read$,
    key_text(a.key_types, array(select format('coalesce(r.%1$I, m.%1$I)', u) from unnest(keys) u)),
    attached_source(a), format(bounds, key_list(a.key_columns, 'x')),
    attached_table(a.attached_id), format(bounds, key_list(keys, 'm')),
    (select string_agg(format('r.%1$I = m.%1$I', u), ' and ') from unnest(keys) u))
    into batch using a.walk_after, until;
  return coalesce(batch, '{}');
end $$;
comment on function read_page(attachments, boolean, text) is 'All of one range of keys, from where a walk is to a key (NULL: to the end): what an attached table has there, beside what is known of it. Example: select read_page(a, false, null) from attachments a;';

create or replace function count_about(relation oid) returns bigint
  language plpgsql security definer set search_path from current set row_security = off as $$
declare
  plan json;
  n bigint;
begin
  -- a name of the catalogue: @plpgsql_check_options: security_warnings = false
  if exists (select from pg_partition_tree(count_about.relation) t join pg_class c on c.oid = t.relid where t.isleaf and c.reltuples < 0)
     or not exists (select from pg_partition_tree(count_about.relation))
       and (select c.reltuples < 0 from pg_class c where c.oid = count_about.relation) then
    execute format('select count(*) from %s', count_about.relation::regclass) into n;
  else
    execute format('explain (format json) select from %s', count_about.relation::regclass) into plan;
    n := (plan -> 0 -> 'Plan' ->> 'Plan Rows')::bigint;
  end if;
  return n;
end $$;
comment on function count_about(oid) is 'About how many rows a table has, as the planner sees it; one that was never analysed is counted. Example: select count_about(''products''::regclass);';

create or replace function begin_walk(attached_id integer) returns attachments
  language plpgsql security definer set search_path from current as $$
declare
  a attachments;
begin
  select * into a from attachments x where x.attached_id = begin_walk.attached_id;
  -- for a sweep a paused backfill is left, and begins anew when it goes on: what it has taken in is only compared then
  if a.walking = 'sweep' or a.walking = 'backfill' and not a.paused then
    return a;
  end if;
  update attachments x
    set walking = case when a.backfilled_at is null and a.backfill <> 'none' and not a.paused then 'backfill' else 'sweep' end,
        walk_after = null, walk_began_at = clock_timestamp(), walked = 0, walk_total = count_about(a.relation), rate = null,
        mark_at = clock_timestamp(), mark_walked = 0, found = 0,
        -- what is asked for from now on is another one
        sweep_asked_at = null
    where x.attached_id = a.attached_id returning * into a;
  return a;
end $$;
comment on function begin_walk(integer) is 'The attached table with its walk, which begins now where none is under way. Example: select walking from begin_walk(1);';

create or replace function walk_attached(most integer default 2000) returns integer
  language plpgsql security definer set search_path from current as $$
declare
  a attachments;
  id integer;
  until text;
  backwards boolean;
  batch attached_row[];
  n integer;
  wrong integer;
  moment timestamptz;
begin
  -- the one that was not looked at for longest
  select x.attached_id into id from attachments x
    where (x.retry_at is null or x.retry_at <= clock_timestamp())
      and (x.walking = 'sweep' or x.backfill <> 'none' and x.backfilled_at is null and not x.paused
           or x.sweep_asked_at is not null and (x.walking is null or x.paused))
    order by x.mark_at nulls first, x.attached_id limit 1;
  if id is null or not try_lock('attach') then return 0; end if;
  begin
    a := begin_walk(id);
    backwards := a.walking = 'backfill' and a.backfill = 'newest first';
    until := page_end(a, backwards, most);
    batch := read_page(a, backwards, until);
    n := cardinality(batch);
    if a.walking = 'sweep' and a.backfilled_at is null then
      -- rows from before stay where they are until the backfill comes to them
      batch := array(select r from unnest(batch) r where r.product_id is not null);
    end if;
    wrong := take_rows_apart(a, batch);
    moment := clock_timestamp();
    update attachments x
      set walk_after = until, walked = x.walked + n, found = x.found + case when a.walking = 'sweep' then wrong else 0 end,
          -- about the last minute's: over ten seconds alone it said 27 % too much once, when others had stopped
          rate = case when moment > x.mark_at + interval '10 s'
                      then coalesce(.8 * x.rate + .2 * f.fresh, f.fresh) else x.rate end,
          mark_walked = case when moment > x.mark_at + interval '10 s' then x.walked + n else x.mark_walked end,
          mark_at = case when moment > x.mark_at + interval '10 s' then moment else x.mark_at end,
          backfilled_at = case when until is null and a.walking = 'backfill' then moment else x.backfilled_at end,
          swept_at = case when until is null then moment else x.swept_at end,
          walking = case when until is not null then x.walking end,
          failure = null, failed_at = null, retry_at = null
      from (select (y.walked + n - y.mark_walked) / greatest(extract(epoch from moment - y.mark_at), .001) as fresh
              from attachments y where y.attached_id = id) f
      where x.attached_id = id;
    -- as finish_import() does it: what comes next is looked up among all the history
    if until is null and a.walking = 'backfill' and a.labels is not null then perform empty_pending_list(); end if;
    return greatest(n, 1);
  exception when others or assert_failure then
    perform note_failure(id, sqlstate, sqlerrm);
    return 0;
  end;
end $$;
comment on function walk_attached(integer) is 'One page of the backfill or sweep that is under way or due; returns how many rows it saw, 0: none is due, or somebody else walks. Sidecars call it again and again. Example: select walk_attached();';
grant execute on function walk_attached to taxon_admin, taxon_sidecar;

create or replace function sweep_attached(relation regclass default null, unless_since interval default '0 s') returns integer
  language plpgsql security definer set search_path from current as $$
declare
  asked integer;
begin
  update attachments a set sweep_asked_at = coalesce(a.sweep_asked_at, clock_timestamp())
    where (sweep_attached.relation is null or a.relation = sweep_attached.relation)
      and (a.swept_at is null or a.swept_at <= clock_timestamp() - unless_since)
      -- the backfill looks at everything that is there
      and (a.backfilled_at is not null or a.backfill = 'none' or a.paused);
  get diagnostics asked = row_count;
  if asked > 0 then perform tell_sidecars(); end if;
  return asked;
end $$;
comment on function sweep_attached(regclass, interval) is 'Asks for a sweep of an attached table (NULL: of all) for what its triggers missed: by replication, a restore, or while they were off; those that were swept so lately are left out. Returns how many tables. Sidecars ask for it at their start and every night. Example: select sweep_attached();';
grant execute on function sweep_attached to taxon_admin, taxon_sidecar;

create or replace function sweep_after_faults() returns integer
  language plpgsql security definer set search_path from current as $$
declare
  faults bigint := coalesce(pg_sequence_last_value('attach_faults'::regclass), 0);
begin
  if faults <= coalesce((select s.faults from attach_faults_seen s), 0) then return 0; end if;
  insert into attach_faults_seen as s (faults) values (faults)
    on conflict (only_row) do update set faults = excluded.faults, seen_at = clock_timestamp();
  return sweep_attached();
end $$;
comment on function sweep_after_faults() is 'Asks for a sweep where a trigger could not note something since the last time. Returns of how many tables. Sidecars call it every minute. Example: select sweep_after_faults();';
grant execute on function sweep_after_faults to taxon_admin, taxon_sidecar;
