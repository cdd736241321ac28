-- taxon: Which tables are attached, and how far their rows are taken in.

create or replace view attached_tables with (security_invoker) as
  select format('%I.%I', a.schema_name, a.table_name) as table_name,
         a.view_name, array_to_string(a.key_columns, ', ') as key, a.name, a.filter as "where", a.labels, a.columns,
         case when a.failure is not null then 'stopped'
              when a.walking = 'sweep' then 'sweeping'
              when a.backfill = 'none' or a.backfilled_at is not null then 'following'
              when a.paused then 'paused'
              else 'backfilling' end as state,
         a.failure,
         w.total as rows_about, case when a.walking is not null then a.walked end as seen, round(w.rate::numeric, 1) as rate,
         case when a.walking is not null and not (a.walking = 'backfill' and a.paused) and w.rate > 0
              then make_interval(secs => round(greatest(w.total - a.walked, 0) / w.rate)) end as time_left,
         (select count(*) from attached_changes c where c.attached_id = a.attached_id) as waiting,
         a.backfill, a.backfilled_at, a.swept_at, a.found, a.attached_at, a.attached_by, a.reason
    from attachments a
    cross join lateral (
      select greatest(a.walk_total, a.walked) as total,
             -- until it was measured, since the beginning
             coalesce(a.rate, case when a.walking is not null
               then a.walked / nullif(extract(epoch from clock_timestamp() - a.walk_began_at), 0) end) as rate) w;
comment on view attached_tables is 'Tables of yours that are classified in place: attach() makes them, detach() lets them go.';
comment on column attached_tables.table_name is 'The table.';
comment on column attached_tables.view_name is 'The view of its answers, in the schema taxon.';
comment on column attached_tables.key is 'The columns that tell its rows apart.';
comment on column attached_tables.name is 'What makes a name of a row.';
comment on column attached_tables."where" is 'Which rows count; NULL: all.';
comment on column attached_tables.labels is 'The column that holds your own category of a row; NULL: none.';
comment on column attached_tables.columns is 'Columns of the table that answers are written into.';
comment on column attached_tables.state is 'backfilling: rows from before attach() are taken in; paused: they wait; sweeping: all rows are compared; following: changes alone are taken in; stopped: see failure.';
comment on column attached_tables.failure is 'Why its rows are not taken in at the moment; it is tried again.';
comment on column attached_tables.rows_about is 'About how many rows it had when the backfill or the last sweep began.';
comment on column attached_tables.seen is 'How many of them the backfill or the sweep has looked at; NULL: neither is under way.';
comment on column attached_tables.rate is 'Rows a second, over about the last minute.';
comment on column attached_tables.time_left is 'How long the backfill or the sweep will take at this rate.';
comment on column attached_tables.waiting is 'Changes that were noted and wait for a sidecar.';
comment on column attached_tables.backfill is 'The order of the backfill: newest first, oldest first, none.';
comment on column attached_tables.backfilled_at is 'When it ended.';
comment on column attached_tables.swept_at is 'When all rows were last compared.';
comment on column attached_tables.found is 'How many rows the last sweep found that triggers had missed.';
comment on column attached_tables.attached_at is 'Since when it is attached.';
comment on column attached_tables.attached_by is 'By whom.';
comment on column attached_tables.reason is 'Why, in words, if anybody said so.';
grant select on attached_tables to taxon_reader, taxon_admin;
