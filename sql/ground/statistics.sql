-- taxon_internal: Exact bounds on a share, from counts. No part of PostgreSQL 15 has them.

create or replace function ln_gamma(x double precision) returns double precision
  language sql immutable strict parallel safe
begin atomic
  -- Lanczos, g = 7, nine terms: right to 1e-13 for x ≥ 1
  select .5 * ln(2 * pi()) + (x - .5) * ln(x + 6.5) - (x + 6.5) + ln(.99999999999980993
    + 676.5203681218851 / x - 1259.1392167224028 / (x + 1) + 771.32342877765313 / (x + 2) - 176.61502916214059 / (x + 3)
    + 12.507343278686905 / (x + 4) - .13857109526572012 / (x + 5) + 9.9843695780195716e-6 / (x + 6) + 1.5056327351493116e-7 / (x + 7));
end;
comment on function ln_gamma(double precision) is 'Logarithm of the gamma function for x of 1 or more (Lanczos, Numerical Recipes in the nine-term form of Godfrey).';
grant execute on function ln_gamma to taxon_admin;

create or replace function beta_share(a double precision, b double precision, x double precision) returns double precision
  language plpgsql immutable strict parallel safe set search_path from current as $$
declare
  -- the continued fraction converges fast on the left of the mean; on the right the other tail is taken
  flip boolean := x > (a + 1) / (a + b + 2);
  p double precision := case when flip then b else a end;
  q double precision := case when flip then a else b end;
  z double precision := case when flip then 1 - x else x end;
  c double precision := 1;
  d double precision;
  h double precision;
  term double precision;
  tiny constant double precision := 1e-300;
begin
  if x <= 0 then return 0; elsif x >= 1 then return 1; end if;
  d := 1 - (p + q) * z / (p + 1);
  d := 1 / case when abs(d) < tiny then tiny else d end;
  h := d;
  for m in 1 .. 10000 loop
    term := m * (q - m) * z / ((p + 2 * m - 1) * (p + 2 * m));
    d := 1 + term * d;
    d := 1 / case when abs(d) < tiny then tiny else d end;
    c := 1 + term / c;
    c := case when abs(c) < tiny then tiny else c end;
    h := h * d * c;
    term := -(p + m) * (p + q + m) * z / ((p + 2 * m) * (p + 2 * m + 1));
    d := 1 + term * d;
    d := 1 / case when abs(d) < tiny then tiny else d end;
    c := 1 + term / c;
    c := case when abs(c) < tiny then tiny else c end;
    h := h * d * c;
    exit when abs(d * c - 1) < 1e-12;
  end loop;
  -- exp() raises an error where it would give 0
  h := exp(greatest(ln_gamma(p + q) - ln_gamma(p + 1) - ln_gamma(q) + p * ln(z) + q * ln(1 - z), -700)) * h;
  return case when flip then 1 - h else h end;
end $$;
comment on function beta_share(double precision, double precision,
  double precision) is 'The regularised incomplete beta function I_x(a, b), a and b of 1 or more: by its continued fraction (Lentz).';
grant execute on function beta_share to taxon_admin;

create or replace function share_bound(events bigint, trials bigint, confidence double precision, upper boolean) returns double precision
  language plpgsql immutable strict parallel safe set search_path from current as $$
declare
  low double precision := 0;
  high double precision := 1;
  middle double precision;
begin
  if trials <= 0 or upper and events >= trials then return upper::integer; end if;
  if not upper and events <= 0 then return 0; end if;
  for i in 1 .. 40 loop
    middle := (low + high) / 2;
    -- P(at most `events` of `trials`) = 1 - I(events + 1, trials - events); P(at least) = I(events, trials - events + 1)
    if upper and beta_share(events + 1, trials - events, middle) < confidence
       or not upper and beta_share(events, trials - events + 1, middle) < 1 - confidence then
      low := middle;
    else
      high := middle;
    end if;
  end loop;
  return case when upper then high else low end;
end $$;
comment on function share_bound(bigint, bigint, double precision,
  boolean) is 'Clopper and Pearson''s one-sided bound of a share of which `events` were seen in `trials`: with the given confidence the share is not above (upper) or not below it. An interval of .95 takes both at .975.';
grant execute on function share_bound to taxon_admin;

create or replace function fit_platt(said real[], is_right boolean[], weights double precision[] default null,
    label_error double precision default 0, out said_offset real, out slope real)
  language plpgsql immutable set search_path from current as $$
declare
  -- Pulls towards "as it was said" like ten names. Real titles, mean calibration error of l1 / l2 / l3 on the rest after 50
  -- names: .022 / .032 / .051 at 1, .009 / .020 / .029 at 10; after 2,000 names they are alike.
  ridge constant double precision := 10;
  xs double precision[];
  targets double precision[];
  ws double precision[];
  a double precision := 0;
  c double precision := 0;  -- logarithm of the slope, so that it stays above 0
  s record;
  step_a double precision;
  step_c double precision;
  shrink double precision;
begin
  -- Platt's targets: not quite 0 and 1, or names that are all right would have no best fit
  with given as (
    select ln(greatest(least(u.said, 1 - 1e-6), 1e-6)::float8 / (1 - greatest(least(u.said, 1 - 1e-6), 1e-6)::float8)) as x,
           u.yes, coalesce(u.w, 1) as w
      from unnest(fit_platt.said, fit_platt.is_right, fit_platt.weights) u(said, yes, w)
      where u.yes is not null and u.said between 0 and 1
  ), sums as materialized (
    -- else a session's sixth call, whose plan knows no lengths, adds all up again for each name: 250 ms for 2,000 names
    select coalesce(sum(g.w) filter (where g.yes), 0) as yes, coalesce(sum(g.w) filter (where not g.yes), 0) as no from given g
  )
  select array_agg(g.x), array_agg(case when g.yes then (n.yes + 1) / (n.yes + 2) else 1 / (n.no + 2) end), array_agg(g.w)
    into xs, targets, ws from given g cross join sums n;
  -- Newton's steps with expected curvature. Who labelled is right in 1 - label_error of all names and never shares the
  -- model's mistakes, so the label agrees with probability q = (1 - label_error) p.
  for i in 1 .. 100 loop
    select coalesce(sum(v.g), 0) as ga, coalesce(sum(v.g * v.x), 0) as gx,
           coalesce(sum(v.b), 0) as h, coalesce(sum(v.b * v.x), 0) as hx, coalesce(sum(v.b * v.x ^ 2), 0) as hxx into s
      from (
        select o.x, o.w * (o.t - o.q) * (1 - o.p) / (1 - o.q) as g, o.w * o.q * (1 - o.p) ^ 2 / (1 - o.q) as b
          from (select n.*, (1 - label_error) * n.p as q
                  from (select u.x, u.t, u.w, 1 / (1 + exp(-greatest(least(a + exp(c) * u.x, 30), -30))) as p
                          -- offset 0: else p stands in each sum with all its exponentials
                          from unnest(xs, targets, ws) u(x, t, w) offset 0) n) o
          offset 0) v;
    s.ga := s.ga - ridge * a;
    s.gx := s.gx * exp(c) - ridge * c;
    s.h := s.h + ridge;
    s.hx := s.hx * exp(c);
    s.hxx := s.hxx * exp(2 * c) + ridge;
    step_a := (s.hxx * s.ga - s.hx * s.gx) / (s.h * s.hxx - s.hx ^ 2);
    step_c := (s.h * s.gx - s.hx * s.ga) / (s.h * s.hxx - s.hx ^ 2);
    shrink := greatest(abs(step_a) / 2, abs(step_c), 1);
    a := a + step_a / shrink;
    c := c + step_c / shrink;
    exit when abs(step_a) + abs(step_c) < 1e-7;
  end loop;
  said_offset := a;
  slope := exp(c);
end $$;
comment on function fit_platt(real[], boolean[], double precision[],
  double precision) is 'Offset and slope for calibrate() that suit what was said of some names and whether it was right (NULL: not known); label_error is how often the judge is wrong. Survives few names and names that are all right. Example: select slope > 0 from fit_platt(array[.9, .8], array[true, true]);';
grant execute on function fit_platt to taxon_admin;
