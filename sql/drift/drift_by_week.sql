-- taxon: Agreement and confidence, week by week.

create or replace function drift_by_week(weeks integer default 12)
  returns table (week date, branch bigint, category text, names bigint, psi real, new_words real, checked bigint, calibration_error real)
  language sql stable security definer set search_path from current as $$
  with m as (
    select c.model_id, s.offsets, s.slopes from champion() c left join calibration_in_force(c.model_id) s on true
  ), seen as (
    select date_trunc('week', e.decided_at)::date as week, b.branch, e.unknown, width_bucket(e.l3_said::real, s.edges) + 1 as bin
      from m join evidence e using (model_id) left join categories c using (category_id)
      cross join lateral (select 0::bigint as branch union all select c.l1 where c.l1 is not null) b
      left join drift_streams s on s.model_id = m.model_id and s.stream = 'confidence' and s.branch = b.branch
      where e.decided_at >= date_trunc('week', now()) - make_interval(weeks => drift_by_week.weeks - 1)
  ), binned as (
    select week, branch, bin, count(*) as n, sum(unknown) as unknown, count(unknown) as known from seen group by 1, 2, 3
  ), weekly as (
    select b.week, b.branch, sum(b.n) as names, sum(b.unknown) / nullif(sum(b.known), 0) as unknown,
           (select sum((late - was) * ln(late / was))
              from drift_streams s, unnest(s.shares) with ordinality q(share, i),
                   lateral (select greatest(q.share, .5 / s.names) as was,
                                   greatest(coalesce((select x.n from binned x where x.week = b.week and x.branch = b.branch
                                     and x.bin = q.i), 0), .5) / sum(b.n) as late) y
              where s.model_id = (select model_id from m) and s.stream = 'confidence' and s.branch = b.branch and s.names > 0) as psi
      from binned b group by b.week, b.branch
  ), judged as (
    select date_trunc('week', e.decided_at)::date as week, b.branch, count(*) as n,
           abs(sum(k.weight * (calibrate(e.l3_said, m.offsets[3], m.slopes[3]) - k.verdict::integer)) / sum(k.weight)) as gap
      from m join checks k using (model_id) join evidence e on e.evidence_id = k.evidence_id
        left join categories c on c.category_id = e.category_id
      cross join lateral (select 0::bigint as branch union all select c.l1 where c.l1 is not null) b
      where k.layer = 'local' and k.verdict is not null group by 1, 2
  )
  select w.week, w.branch, case w.branch when 0 then 'all' else category_path(w.branch) end, w.names::bigint, w.psi::real, w.unknown::real,
         coalesce(j.n, 0), case when j.n >= enough_checks() then j.gap::real end
    from weekly w left join judged j using (week, branch) order by w.week desc, w.branch;
$$;
comment on function drift_by_week(integer) is
  'Shows week by week how far the names that arrive have moved from those of quiet times.
weeks: so many weeks back, 12 by default.
Returns: all names (branch 0) and each top category of the answers: cache misses that the champion decided; psi, how far what it says has moved (.1 is worth a look, .25 is large; NULL: not watched); new_words, the share of n-grams that no training name had; checked names, and how far the mean confidence lies from the share that was right (NULL below 30 of them).
Example: select week, names, psi from drift_by_week(4) where branch = 0;';
grant execute on function drift_by_week to taxon_reader, taxon_admin;
