-- taxon_internal: What has moved to the better is news: said once, ended with being said, and nothing is tightened for it.

create or replace function agrees_more(s drift_streams) returns boolean
  language sql stable
begin atomic
  with cells as (
    select (row_number() over () - 1) % 4 as levels, was, late / nullif(sum(late) over (), 0) as late
      from unnest((s).shares, array(select jsonb_array_elements_text((s).state -> 'recent')::float8)) u(was, late)
  )
  -- on the top category, on the two upper levels and on the whole path
  select coalesce(bool_and(c.late >= c.was), false)
    from (select sum(x.late) filter (where x.levels >= l.depth) as late, sum(x.was) filter (where x.levels >= l.depth) as was
            from cells x, generate_series(1, 3) l(depth) group by l.depth) c;
end;
comment on function agrees_more(drift_streams) is 'Whether the LLM of late agrees at least as often as in quiet times, on each level. Example: select agrees_more(s) from drift_streams s where stream = ''agreement'' and names > 0;';
grant execute on function agrees_more to taxon_admin;

create or replace function note_news(s drift_streams, limit_value real, detail text) returns bigint
  language sql volatile set search_path from current as $$
  insert into alarms (model_id, stream, branch, value, limit_value, detail, acted, ended_at, ended_because)
    select s.model_id, s.stream, s.branch, coalesce((s.state ->> 'better')::real, (s.state ->> 'value')::real), note_news.limit_value,
           format('Nothing to do, it has moved to the better: %s', note_news.detail), 'news', clock_timestamp(), 'news'
      where not exists (select from alarms a where a.model_id = s.model_id and a.stream = s.stream and a.branch = s.branch
        and a.acted = 'news'
                          and a.raised_at > now() - interval '7 days')
    returning alarm_id;
$$;
comment on function note_news(drift_streams, real,
  text) is 'Notes that a stream has moved to the better, once a week at most. NULL: it was said. Example: select note_news(s, 13, ''surer'') from drift_streams s limit 0;';

create or replace function drift_health() returns table (item text, status text, value text, detail text)
  language sql stable security definer set search_path from current as $$
  (select 'drift', 'warn', a.stream, format('%s (alarm %s, since %s; it ends by itself when audits prove the promise, or by select end_alarm(%s, reason => ''…''))',
      a.detail, a.alarm_id, to_char(a.raised_at, 'YYYY-MM-DD HH24:MI'), a.alarm_id)
    from alarms a where a.ended_at is null order by a.alarm_id)
  union all
  (select 'drift news', 'ok', string_agg(distinct a.stream, ', '), (array_agg(a.detail order by a.alarm_id desc))[1]
    from alarms a join champion() c using (model_id) where a.acted = 'news'
      and a.raised_at > now() - interval '7 days' having count(*) > 0);
$$;
comment on function drift_health() is 'The rows of health() on drift: open alarms, each beginning with what to do, and in one row the news of the last week. Example: select item, value from drift_health();';
