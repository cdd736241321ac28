-- The learning curve: what more labels would bring, from what trainings have measured.

create or replace function curve_ahead(names double precision[], passed double precision[], held_out bigint, from_names double precision,
    to_names double precision)
  returns table (passed_now double precision, passed_then double precision, low double precision, high double precision)
  language sql immutable parallel safe set search_path from current as $$
  -- ln(p / (1 - p)) = a line in n^-c, for each of 13 bends c; c near 0 is a line in ln(n), whose gain never ends
  with points as (
    select p.n, p.share, ln(p.share / (1 - p.share)) as y, p.share * (1 - p.share) * curve_ahead.held_out as w, p.place
      from (select u.n, least(greatest(u.share, .001), .999) as share, u.place
              -- near 1 the logit is all noise
              from unnest(curve_ahead.names, curve_ahead.passed) with ordinality u(n, share, place) where u.share < .98) p
  ), ends as (
    select min(p.n) as first, max(p.n) as last, count(*) as k from points p
  ), placed as (
    -- 0 at the first point, 1 at the last, so that no bend is preferred before the data speak
    select b.c, p.y, p.w, (power(p.n / e.first, -b.c) - 1) / (power(e.last / e.first, -b.c) - 1) as u
      from points p, ends e, (select i / 10.0::float8 + .01 as c from generate_series(-5, 5) i) b where e.k >= 4 and e.last > e.first
  ), sums as (
    select p.c, sum(p.w) as w, sum(p.w * p.u) as wu, sum(p.w * p.u * p.u) as wuu, sum(p.w * p.y) as wy, sum(p.w * p.u * p.y) as wuy,
           sum(p.w * p.y * p.y) as wyy from placed p group by p.c
  ), fits as (
    select s.*, s.w * s.wuu - s.wu * s.wu as d, (s.w * s.wuy - s.wu * s.wy) / (s.w * s.wuu - s.wu * s.wu) as slope,
           (power(from_names / e.first, -s.c) - 1) / (power(e.last / e.first, -s.c) - 1) as u_now,
           (power(to_names / e.first, -s.c) - 1) / (power(e.last / e.first, -s.c) - 1) as u_then, e.k
      from sums s, ends e
  ), weighed as (
    select f.*, (f.wy - f.slope * f.wu) / f.w as start, spread.v,
           -- three points' worth of the noise that so many held-out names have are known before the fit
           power(spread.v, -(f.k + 1) / 2.0) / sqrt(f.d) as weight
      from fits f
      cross join lateral (select greatest(f.wyy - (f.wy - f.slope * f.wu) / f.w * f.wy - f.slope * f.wuy, 0) + 3 as v) spread
  ), scaled as (
    select w.*, w.weight / max(w.weight) over () as share, w.start + w.slope * w.u_now as y_now, w.slope * (w.u_then - w.u_now) as step,
           w.v / (w.k + 1) as variance
      from weighed w
  ), now_at as (
    select sum(s.share * s.y_now) / sum(s.share) as y from scaled s
  ), nodes as (
    select 1 / (1 + exp(-(n.y + s.step + z.z / 2.0 * d.deviation))) as p_then,
           s.share * power(1 + power(z.z / 2.0, 2) / (s.k + 1), -(s.k + 2) / 2.0) as weight
      from scaled s, now_at n, generate_series(-12, 12) z(z)
      cross join lateral (select exp(-n.y) / power(1 + exp(-n.y), 2) as pq) b
      cross join lateral (
        -- of the slope, of the two points themselves, and of the world beyond the points
        select sqrt(s.variance * (power(s.u_then - s.u_now, 2) * s.w / s.d + 2 / (curve_ahead.held_out * b.pq))
                    + power(.3 * ln(to_names / from_names), 2)) as deviation
      ) d
  ), cumulated as (
    select o.p_then, o.weight, sum(o.weight) over (order by o.p_then) / sum(o.weight) over () as at from nodes o
  )
  select 1 / (1 + exp(-n.y)), sum(c.p_then * c.weight) / sum(c.weight), min(c.p_then) filter (where c.at >= .025),
         min(c.p_then) filter (where c.at >= .975)
    from cumulated c, now_at n group by n.y;
$$;
comment on function curve_ahead(double precision[], double precision[], bigint, double precision, double precision) is 'Draws a learning curve on: from shares of held-out names that were passed on after learning from so many names, what it is at from_names and what is to be expected at to_names with a 95% interval, over 13 bends weighed by how well they fit. No row from fewer than four points below .98. How often the interval held: docs/learning-curve.md. Example: select round(passed_then::numeric, 2) from curve_ahead(''{1000, 2000, 4000, 8000}'', ''{.9, .8, .65, .5}'', 1000, 8000, 12000);';
