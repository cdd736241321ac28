-- taxon_internal: What the watch for drift (streams.sql) counts, and the bets that it makes on it.

create or replace function drift_constant(name text) returns double precision
  language sql immutable strict parallel safe
begin atomic
  select case name
    when 'block' then 50            -- names a step of the test
    when 'block of agreement' then 3   -- they are few: of 1,000 names a branch of a tenth gives the LLM 30, and a dozen may tell
    when 'first' then 1000          -- names from which the bins are made, of all names
    when 'first of a branch' then 500
    when 'first of agreement' then 20    -- of a branch; of all as many as of a branch's names
    when 'among' then 10000         -- a branch is watched when it has those among so many names
    when 'learnt' then 10000        -- names after which quiet times are known; until then they are learnt on
    when 'learnt of agreement' then 1000  -- on and on would be learning the change: a bet on a tenth loses where a share is a fifth more than counted
    when 'a pass' then 100000       -- rows of evidence a call looks at
    when 'bursts' then 4            -- quiet times are of so many bursts at least; in one a bet wins a part less of what an alarm takes
  end;
end;
comment on function drift_constant(text) is 'The numbers that the watch for drift works with. Example: select drift_constant(''block'');';
grant execute on function drift_constant to taxon_admin;

create or replace function drift_value(stream text, said real, nearest real, unknown real) returns double precision
  language sql immutable parallel safe
begin atomic
  -- said + 2 × cosine parted names of a top category that the model had never seen from others better than either alone:
  -- .0075 to .0097 nats a name at 10% of traffic, for .005 to .007 and .002 to .005 (three held-out categories, neighbours'
  -- votes). Memory is not asked where letters are sure: as near as can be.
  select case stream when 'confidence' then said when 'novelty' then unknown when 'familiarity' then said + 2 * coalesce(nearest, 1) end;
end;
comment on function drift_value(text, real, real,
  real) is 'The number of a row of evidence that a stream watches. Example: select drift_value(''familiarity'', .9, .8, 0);';
grant execute on function drift_value to taxon_admin;

create or replace function drift_bets(counts bigint[]) returns double precision[]
  language plpgsql immutable strict parallel safe set search_path from current as $$
-- A bet: a share ε of the names comes from elsewhere, spread over the quiet names' order as exp(-λ position). Its stake pays
-- on average 1 in quiet times if their shares are as counted; it is divided by half a standard error more, since they were. (In
-- trials a whole one cost a third more names until the alarm; with half a one no test of 90 passed 10 in 60,000 quiet names.)
-- In loops, as each block that is learnt asks anew: 54 µs, where a query of window functions took 180.
declare
  bins constant integer := cardinality(counts);
  names constant float8 := (select sum(n) from unnest(counts) n);
  shares float8[];
  middles float8[];
  below float8 := 0;
  density float8[];
  total float8;
  spread float8;
  bets float8[];
  lambda float8;
  share float8;
begin
  for i in 1 .. bins loop
    shares[i] := (counts[i] + 1) / (names + bins);
    middles[i] := below + shares[i] / 2;
    below := below + shares[i];
  end loop;
  foreach lambda in array array[-15, -5, 5, 15]::float8[] loop
    total := 0;
    for i in 1 .. bins loop
      density[i] := exp(-lambda * middles[i]);
      total := total + shares[i] * density[i];
    end loop;
    spread := 0;
    for i in 1 .. bins loop
      density[i] := density[i] / total;
      spread := spread + shares[i] * (density[i] - 1) ^ 2;
    end loop;
    foreach share in array array[.1, .25, .6]::float8[] loop
      for i in 1 .. bins loop
        bets := bets || ln((1 - share + share * density[i]) / (1 + .5 * share * sqrt(spread / names)));
      end loop;
    end loop;
  end loop;
  return bets;
end $$;
comment on function drift_bets(bigint[]) is 'From counts of the bins in quiet times: the logarithm of what each of twelve bets pays for a name in each bin, bet after bet. Example: select drift_bets(''{100,100}'');';
grant execute on function drift_bets to taxon_admin;

create or replace function drift_limit(streams integer, share double precision default 1) returns double precision
  language sql stable
begin atomic
  -- blocks between two false alarms; a name stands in that many streams, so each may take that part of them
  select ln(20 * (setting('drift_names_a_year'))::float8 * share * streams / drift_constant('block'));
end;
comment on function drift_limit(integer,
  double precision) is 'What the logarithm of a test must stay below, so that in quiet times one false alarm is expected in 20 years of all streams together. A name stands in eight: four numbers, each of all names and of its branch. share: how many blocks of 50 make one of the test. Example: select drift_limit(8);';
grant execute on function drift_limit to taxon_admin;

create or replace function agreement_bets(counts bigint[]) returns double precision[]
  language sql immutable strict parallel safe
begin atomic
  -- Four cells a bin of what the model says: 0, 1, 2, 3 levels agree. A bet: of a share ε of the names, whatever the model says of
  -- them, the LLM agrees on just 0, 1 or 2 levels, or on each of these alike. It pays on average 1 in quiet times if the shares in each bin are as
  -- counted; it is divided by half a standard error more, since they were (as drift_bets).
  with cells as (
    -- all in floats: with sums and thirds as numeric it took half as long again
    select i, (i - 1) / 4 as bin, (i - 1) % 4 as levels, counts[i] + 1::float8 as n from generate_subscripts(counts, 1) i
  ), shares as (
    select *, n / sum(n) over (partition by bin) as p, sum(n) over (partition by bin) as names from cells
  ), profiles as (
    select profile, i, bin, names, p, case when levels = 3 then 0 when profile = 3 then 1 / 3::float8
      else (profile = levels)::integer end / p as density
      from shares, generate_series(0, 3) profile
  ), stakes as (
    select profile, share, i, 1 - share + share * density as stake,
           1 + .5 * share * sqrt(sum(p * (density - 1) ^ 2) over (partition by profile, share, bin) / names) as unsure
      from profiles, unnest(array[.1, .3, .9]::float8[]) share
  )
  select array_agg(ln(stake / unsure) order by profile, share, i) from stakes;
end;
comment on function agreement_bets(bigint[]) is 'From counts of cells in quiet times, four a bin (0, 1, 2, 3 levels agree): the logarithm of what each of twelve bets pays for a name in each cell, bet after bet. Example: select agreement_bets(''{10,10,20,60}'');';
grant execute on function agreement_bets to taxon_admin;

create or replace function drift_burst(decided_at timestamptz, hours double precision) returns bigint
  language sql stable
begin atomic
  select floor(extract(epoch from drift_burst.decided_at)::float8 / (3600 * nullif(hours, 0)))::bigint;
end;
comment on function drift_burst(timestamptz,
  double precision) is 'Which stretch of so many hours (drift_burst_hours) a moment lies in: names of one are one burst, and a burst or a backfill is no drift; NULL: that is off. Example: select drift_burst(now(), 6) is not null;';
grant execute on function drift_burst to taxon_admin;

create or replace function bets_on_worse(stream text) returns integer[]
  language sql immutable parallel safe
begin atomic
  -- the first six of drift_bets() are that values lie higher than they did, the others lower; all of agreement_bets() are that the
  -- LLM agrees on fewer levels
  select case stream when 'agreement' then '{1,2,3,4,5,6,7,8,9,10,11,12}'::integer[] when 'novelty' then '{1,2,3,4,5,6}'::integer[]
    else '{7,8,9,10,11,12}'::integer[] end;
end;
comment on function bets_on_worse(text) is 'Which of a stream''s twelve bets are that something gets worse (less sure, less familiar, newer words, less agreement): they alone raise alarms. Example: select bets_on_worse(''novelty'');';
grant execute on function bets_on_worse to taxon_admin;
