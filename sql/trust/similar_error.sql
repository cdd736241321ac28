-- taxon_internal: The similar layer's promise: how its error falls with similarity, and from where on it stays below a bound.

create or replace function checks_to_prove(max_error double precision, error double precision, confidence double precision) returns bigint
  language plpgsql immutable strict parallel safe set search_path from current as $$
declare
  low bigint := 0;
  high bigint := 16;
  middle bigint;
begin
  if error >= max_error then return null; end if;
  -- n checks with n × error wrong ones prove the bound when so few would be seen with a chance of at most 1 - confidence
  while beta_share(ceil(high * error - 1e-9) + 1, high - ceil(high * error - 1e-9), max_error) < confidence loop
    if high > 1000000000 then return null; end if;
    low := high; high := high * 2;
  end loop;
  while high - low > 1 loop
    middle := (low + high) / 2;
    if beta_share(ceil(middle * error - 1e-9) + 1, middle - ceil(middle * error - 1e-9), max_error) < confidence then low := middle;
      else high := middle; end if;
  end loop;
  return high;
end $$;
comment on function checks_to_prove(double precision, double precision,
  double precision) is 'About how many checks prove that at most max_error are wrong, when a share `error` of them turns out wrong; NULL: none do. Example: select checks_to_prove(.05, 0, .95) → 59';
grant execute on function checks_to_prove to taxon_admin;

create or replace function similar_checks() returns table (similarity real, weight double precision, wrong boolean)
  language sql stable security definer set search_path from current as $$
  -- people's word: their verdict, or what they said of the LLM's
  select c.similarity, c.weight, not case when c.auditor = 'human' then c.verdict else c.second_verdict end
    from checks c
    where c.layer = 'similar' and c.strategy in ('audit', 'uniform', 'answered') and c.similarity is not null
      and case when c.auditor = 'human' then c.verdict else c.second_verdict end is not null;
$$;
comment on function similar_checks() is 'Answers of the similar layer that were drawn alike and judged by people. Example: select count(*) filter (where wrong) from similar_checks();';
grant execute on function similar_checks to taxon_admin;

create or replace function similar_bands() returns table (band integer, low numeric, high numeric)
  language sql stable set search_path from current as $$
  select b, 1 - .02 * b, 1 - .02 * (b - 1)
    from generate_series(1, ceil((1 - (setting('similarity_threshold'))::numeric) / .02)::integer) b;
$$;
comment on function similar_bands() is 'Bands of similarity of .02, from 1 down to the threshold. Example: select * from similar_bands();';

create or replace function similar_error_by_band()
  returns table (from_similarity numeric, to_similarity numeric, hits bigint, checks bigint, wrong bigint, error numeric, lower numeric,
    upper numeric)
  language sql stable security definer set search_path from current as $$
  with hits as (
    -- similarity 1 belongs to the first band; float noise at an edge does not lift a hit over it
    select greatest(ceil((1 - p.similarity::numeric) / .02), 1) as band, count(*) as n
      from products p where p.source = 'similar' group by 1
  ), judged as (
    select greatest(ceil((1 - c.similarity::numeric) / .02), 1) as band, count(*) as n, count(*) filter (where c.wrong) as wrong
      from similar_checks() c group by 1
  )
  select low, high, coalesce(h.n, 0), coalesce(j.n, 0), coalesce(j.wrong, 0), share_told(j.wrong, j.n), bound_told(j.wrong, j.n, false),
    bound_told(j.wrong, j.n, true)
    from similar_bands() b left join hits h using (band) left join judged j using (band) order by band;
$$;
comment on function similar_error_by_band() is 'The similar layer''s error by bands of similarity of .02, from 1 down to the threshold: hits, judged checks, wrong ones, their share and its interval (95%, Clopper-Pearson; NULL below enough_checks() checks). Example: select * from similar_error_by_band() where checks > 0;';
grant execute on function similar_error_by_band to taxon_admin;
