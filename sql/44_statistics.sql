-- Exact bounds on a share, from counts. No part of PostgreSQL 15 has them.

create or replace function ln_gamma(x double precision) returns double precision
  language sql immutable strict parallel safe
begin atomic
  -- Lanczos, g = 7, nine terms: right to 1e-13 for x ≥ 1
  select .5 * ln(2 * pi()) + (x - .5) * ln(x + 6.5) - (x + 6.5) + ln(.99999999999980993
    + 676.5203681218851 / x - 1259.1392167224028 / (x + 1) + 771.32342877765313 / (x + 2) - 176.61502916214059 / (x + 3)
    + 12.507343278686905 / (x + 4) - .13857109526572012 / (x + 5) + 9.9843695780195716e-6 / (x + 6) + 1.5056327351493116e-7 / (x + 7));
end;
comment on function ln_gamma(double precision) is 'Logarithm of the gamma function for x of 1 or more (Lanczos, Numerical Recipes in the nine-term form of Godfrey).';

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
comment on function beta_share(double precision, double precision, double precision) is 'The regularised incomplete beta function I_x(a, b), a and b of 1 or more: by its continued fraction (Lentz).';

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
comment on function share_bound(bigint, bigint, double precision, boolean) is 'Clopper and Pearson''s one-sided bound of a share of which `events` were seen in `trials`: with the given confidence the share is not above (upper) or not below it. An interval of .95 takes both at .975.';
