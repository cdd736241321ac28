-- taxon_internal: The learning curve: what more labels would bring, from what trainings have measured.

create or replace function curve_ahead(names double precision[], passed double precision[], held_out bigint, from_names double precision,
    to_names double precision)
  returns table (passed_now double precision, passed_then double precision, low double precision, high double precision)
  language sql immutable parallel safe set search_path from current as $$
  -- ln(p / (1 - p)) = a line in n^-c, for each of 11 bends c; c near 0 is a line in ln(n), whose gain never ends
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
comment on function curve_ahead(double precision[], double precision[], bigint, double precision,
  double precision) is 'Draws a learning curve on: from shares of held-out names that were passed on after learning from so many names, what it is at from_names and what is to be expected at to_names with a 95% interval, over 11 bends weighed by how well they fit. No row from fewer than four points below .98. How often the interval held: docs/measured/learning.md. Example: select round(passed_then::numeric, 2) from curve_ahead(''{1000, 2000, 4000, 8000}'', ''{.9, .8, .65, .5}'', 1000, 8000, 12000);';
grant execute on function curve_ahead to taxon_admin;

create or replace function measured_points(model_id bigint)
  returns table (names double precision, path double precision, passed_on double precision, held_out bigint)
  language sql stable
begin atomic
  select (p ->> 'names')::float8, (p ->> 'path')::float8, (p ->> 'passedOn')::float8, (m.metrics #>> '{learning,heldOut}')::bigint
    from models m, jsonb_array_elements(case when jsonb_typeof(m.metrics #> '{learning,points}') = 'array'
      then m.metrics #> '{learning,points}' end) p
    where m.model_id = measured_points.model_id and p ->> 'passedOn' is not null order by 1;
end;
comment on function measured_points(bigint) is 'The learning curve that a model''s training measured: names learnt from, share of held-out names with the whole path right by their labels, share passed on. No row where it measured none. Example: select names, passed_on from measured_points(1);';

create or replace function trainable_labels() returns bigint
  language sql stable
begin atomic
  select (select count(*) from labels l join categories c using (category_id) where c.retired_at is null)
       - (select count(*) from (select distinct k.name_hash from checks k where k.layer = 'local' and k.strategy <> 'audit') s
            join labels l using (name_hash) join categories c using (category_id) where c.retired_at is null);
end;
comment on function trainable_labels() is 'How many labels a training would read now: all but those of retired categories and of names that people''s checks have drawn. Example: select trainable_labels();';

create or replace function traffic_of(model_id bigint)
  returns table (products bigint, llm_share double precision, a_month double precision)
  language sql stable
begin atomic
  select count(*), (count(*) filter (where p.source = 'llm') / nullif(count(*), 0)::float8),
         -- less than a day is no basis for more than what it holds
         (count(*) * 30 / greatest(extract(epoch from now() - min(p.created_at)) / 86400, 1))::float8
    from products p, models m
    where m.model_id = traffic_of.model_id and p.state = 'done'
      and p.created_at >= greatest(now() - interval '30 days', m.promoted_at);
end;
comment on function traffic_of(bigint) is 'Products of the last 30 days that were answered since a model became champion, the share of them that the LLM answered, and how many that is a month. Example: select products, llm_share from traffic_of(1);';

create or replace function learning_points(model_id bigint default null)
  returns table (names bigint, all_right numeric, passed_on numeric, llm_share numeric, tokens_saved_a_product numeric)
  language sql stable security definer set search_path from current as $$
  with which as (select coalesce(learning_points.model_id, (select c.model_id from champion() c)) as id),
  points as (select p.*, last_value(p.passed_on) over (order by p.names rows between unbounded preceding and unbounded following) as of_all
               from which w, measured_points(w.id) p)
  select p.names::bigint, round(p.path::numeric, 4), round(p.passed_on::numeric, 4), round(s.share::numeric, 4),
         round(((1 - s.share) * c.tokens)::numeric, 1)
    from points p, which w
    cross join lateral traffic_of(w.id) t
    cross join lateral (select least(t.llm_share * p.passed_on / nullif(p.of_all, 0), 1) as share) s
    cross join llm_cost_of_a_name() c
    order by p.names;
$$;
comment on function learning_points(bigint) is 'What a model''s training measured of its letters voice (default: the champion): after so many names, the share of held-out names with the whole path right by their labels, and the share it would pass on to the LLM to answer the others as well as the model does; the LLM''s share of the products that goes with it in the traffic since the promotion, and the tokens saved a product. Example: select names, all_right, passed_on, llm_share from learning_points();';
grant execute on function learning_points to taxon_admin;

create or replace function retrain_pays()
  returns table (pays boolean, labels_trained bigint, labels_now bigint, llm_share_now numeric, llm_share_then numeric, low numeric,
    high numeric,
                 least_gain numeric, verdict text)
  language plpgsql stable security definer set search_path from current as $$
declare
  -- where the curve says nothing; a quarter more labels took 2 to 6 points of what was passed on (real titles, 45,255 to 57,029)
  rule_of_thumb constant numeric := 1.2;
  -- below so many the join of the voices is not chosen but taken as usual
  first_labels constant bigint := 200;
  l record;
begin
  select * into l from learning_curve(0);
  labels_trained := l.labels_trained; labels_now := l.labels_now;
  llm_share_now := coalesce(l.llm_share_now, l.passed_on_now); llm_share_then := coalesce(l.llm_share_then, l.passed_on_then);
  low := coalesce(l.low, l.passed_on_low); high := coalesce(l.high, l.passed_on_high);
  least_gain := (setting('retrain_gain'))::numeric;
  if not exists (select from champion()) then
    pays := labels_now >= first_labels;
    verdict := format('there is no champion yet, and memory holds %s labels: %s', labels_now,
                      case when pays then 'the first training pays' else format('a training is worth it from %s on', first_labels) end);
  elsif labels_now <= labels_trained then
    pays := false;
    verdict := format('no: there are no more labels (%s) than the champion has seen (%s)', labels_now, labels_trained);
  elsif llm_share_then is null then
    pays := coalesce(labels_now >= rule_of_thumb * labels_trained, false);
    verdict := format('%s, by rule of thumb: of %s labels the champion has seen %s, and a fifth more are worth a training (by the curve it %s)',
                      case when pays then 'yes' else 'no' end, labels_now, coalesce(labels_trained::text, 'nobody knows how many'),
                        l.verdict);
  else
    pays := llm_share_now - llm_share_then >= least_gain;
    verdict := format('%s: %s; at least %s points are asked for', case when pays then 'yes' else 'no' end, l.verdict,
      round(least_gain * 100, 2));
  end if;
  return next;
end $$;
comment on function retrain_pays() is 'Whether the labels that are new since the champion''s training are expected to pay for another: the LLM''s share of the products (where too few arrived: of the names that memory does not know) falls by the setting retrain_gain at least. Where the curve says nothing, a fifth more labels do. Example: select pays, labels_trained, labels_now, verdict from retrain_pays();';
grant execute on function retrain_pays to taxon_admin, taxon_sidecar;

create or replace function learning_history()
  returns table (model_id bigint, created_at timestamptz, labels bigint, all_right numeric, passed_on numeric, wrong numeric,
    foretold numeric,
                 low numeric, high numeric, held boolean)
  language sql stable security definer set search_path from current as $$
  with runs as (
    select m.model_id, m.created_at, (m.data ->> 'labels')::bigint as labels, x.names, x.wrong, x.passed, x.held_out,
           lag(m.model_id) over (order by m.model_id) as before
      from models m
      cross join lateral (select array_agg(p.names order by p.names) as names, array_agg(1 - p.path order by p.names) as wrong,
                                 array_agg(p.passed_on order by p.names) as passed, max(p.held_out) as held_out
                                   from measured_points(m.model_id) p) x
      where x.names is not null
  )
  select r.model_id, r.created_at, r.labels, round((1 - now.wrong)::numeric, 4), round(now.passed::numeric, 4),
    round(now.wrong::numeric, 4),
         round(a.passed_then::numeric, 4), round(a.low::numeric, 4), round(a.high::numeric, 4), now.wrong between a.low and a.high
    from runs r
    cross join lateral (select r.wrong[cardinality(r.wrong)] as wrong, r.passed[cardinality(r.passed)] as passed) now
    left join runs b on b.model_id = r.before
    left join lateral curve_ahead(b.names, b.wrong, least(b.held_out, r.held_out), b.names[cardinality(b.names)],
      r.names[cardinality(r.names)]) a on true
    order by r.model_id;
$$;
comment on function learning_history() is 'Every training that measured a curve: its labels, how its letters voice did on held-out names with all of them, and, for the share that it had wrong by their labels, what the curve of the training before had foretold, with its 95% interval and whether that held. Example: select model_id, labels, wrong, foretold, low, high, held from learning_history();';
grant execute on function learning_history to taxon_admin;
