-- Has the world moved? A test of what the model says of arrivals against its first names as champion.
--
-- The test may be looked at after every name without spending its guarantee: an e-detector (Shin, Ramdas and Rinaldo), in
-- Shiryaev and Roberts' form. Bets on twelve ways to move, each fair or worse in quiet times, are multiplied block by block,
-- a new one opened at each block; the mean of the twelve sums passes a limit A in quiet times after A blocks on average,
-- or later, whatever the names are.

create or replace function drift_constant(name text) returns double precision
  language sql immutable strict parallel safe
begin atomic
  select case name
    when 'block' then 50            -- names a step of the test
    when 'first' then 1000          -- names from which the bins are made, of all names
    when 'first of a branch' then 500
    when 'among' then 10000         -- a branch is watched when it has those among so many names
    when 'learnt' then 10000        -- names after which quiet times are known; until then they are learnt on
    when 'a pass' then 100000       -- rows of evidence a call looks at
  end;
end;
comment on function drift_constant(text) is 'The numbers that the watch for drift works with. Example: select drift_constant(''block'');';

create or replace function drift_value(stream text, said real, nearest real, unknown real) returns double precision
  language sql immutable parallel safe
begin atomic
  -- said + 2 × cosine parted names of a top category that the model had never seen from others better than either alone:
  -- .0075 to .0097 nats a name at 10% of traffic, for .005 to .007 and .002 to .005 (three held-out categories, neighbours'
  -- votes). Memory is not asked where letters are sure: as near as can be.
  select case stream when 'confidence' then said when 'novelty' then unknown when 'familiarity' then said + 2 * coalesce(nearest, 1) end;
end;
comment on function drift_value(text, real, real, real) is 'The number of a row of evidence that a stream watches. Example: select drift_value(''familiarity'', .9, .8, 0);';

create or replace function drift_bets(counts bigint[]) returns double precision[]
  language sql immutable strict parallel safe
begin atomic
  -- A bet: a share ε of the names comes from elsewhere, spread over the quiet names' order as exp(-λ position). Its stake pays
  -- on average 1 in quiet times if their shares are as counted; it is divided by half a standard error more, since they were. (In
  -- trials a whole one cost a third more names until the alarm; with half a one no test of 90 passed 10 in 60,000 quiet names.)
  with bins as (
    select i, p, sum(p) over (order by i) - p / 2 as middle, n
      from (select i, (counts[i] + 1) / (sum(counts[i]) over () + count(*) over ()) as p, sum(counts[i]) over () as n
              from generate_subscripts(counts, 1) i) c
  ), elsewhere as (
    select lambda, i, p, n, exp(-lambda * middle) / sum(p * exp(-lambda * middle)) over (partition by lambda) as density
      from bins, unnest(array[5, 15, -5, -15]::float8[]) lambda
  ), stakes as (
    select lambda, share, i, 1 - share + share * density as stake,
           1 + .5 * sqrt(sum(p * (share * (density - 1)) ^ 2) over (partition by lambda, share) / n) as unsure
      from elsewhere, unnest(array[.1, .25, .6]::float8[]) share
  )
  select array_agg(ln(stake / unsure) order by lambda, share, i) from stakes;
end;
comment on function drift_bets(bigint[]) is 'From counts of the bins in quiet times: the logarithm of what each of twelve bets pays for a name in each bin, bet after bet. Example: select drift_bets(''{100,100}'');';

create or replace function drift_limit(streams integer, share double precision default 1) returns double precision
  language sql stable
begin atomic
  -- blocks between two false alarms; a name stands in that many streams, so each may take that part of them
  select ln(20 * (setting('drift_names_a_year'))::float8 * share * streams / drift_constant('block'));
end;
comment on function drift_limit(integer, double precision) is 'What the logarithm of a test must stay below, so that in quiet times one false alarm is expected in 20 years of all streams together. A name stands in six: three numbers, each of all names and of its branch. Example: select drift_limit(6);';

create or replace function start_drift_streams(model_id bigint, since timestamptz) returns void
  language sql volatile set search_path from current as $$
  with seen as materialized (
    select e.evidence_id, e.category_id, e.l3_said, e.nearest, e.unknown from evidence e
      where e.model_id = start_drift_streams.model_id and e.decided_at > since
      order by e.evidence_id limit drift_constant('among')::bigint
  ), missing as materialized (
    -- asked once, not for each name
    select b.branch, kinds.stream
      from (select 0::bigint as branch union select distinct c.l1 from seen e join categories c using (category_id) where c.l1 is not null) b
      cross join unnest(array['confidence', 'novelty', 'familiarity']) kinds(stream)
      where not exists (select from drift_streams s where s.model_id = start_drift_streams.model_id and s.stream = kinds.stream and s.branch = b.branch)
  ), placed as (
    select e.evidence_id, m.stream, m.branch, drift_value(m.stream, e.l3_said, e.nearest, e.unknown) as value
      from missing m join (select e.*, c.l1 from seen e left join categories c using (category_id)) e on m.branch in (0, e.l1)
  ), numbered as (
    select *, row_number() over (partition by stream, branch order by evidence_id) as i from placed where value is not null
  ), first as (
    select n.* from numbered n where n.i <= drift_constant(case n.branch when 0 then 'first' else 'first of a branch' end)
  ), edges as (
    -- a hair above the tenths: many names may have the same number, and it belongs below the edge
    select stream, branch, max(evidence_id) as last,
           array(select distinct (q + 1e-6)::real from unnest(percentile_disc(array[.1, .2, .3, .4, .5, .6, .7, .8, .9]) within group (order by value)) q order by 1) as edges
      from first group by stream, branch
      having count(*) = drift_constant(case branch when 0 then 'first' else 'first of a branch' end)
  ), binned as (
    select stream, branch, width_bucket(f.value::real, e.edges) + 1 as bin, count(*) as n
      from edges e join first f using (stream, branch) group by 1, 2, 3
  ), counted as (
    select e.*, array(select coalesce(b.n, 0) from generate_series(1, cardinality(e.edges) + 1) i
                        left join binned b on b.stream = e.stream and b.branch = e.branch and b.bin = i order by i) as counts
      from edges e
  )
  insert into drift_streams (model_id, stream, branch, edges, shares, state, last_evidence_id)
    select start_drift_streams.model_id, stream, branch, edges, array(select (n::float8 / (select sum(m) from unnest(counts) m))::real from unnest(counts) n),
           jsonb_build_object('counts', counts), last
      from counted
    on conflict do nothing;
$$;
comment on function start_drift_streams(bigint, timestamptz) is 'Makes the streams of a model that have enough names since a moment and are not there yet. Example: select start_drift_streams((select model_id from champion()), now() - interval ''1 day'');';

create or replace function watch_stream(s drift_streams, upto bigint, most double precision) returns drift_streams
  language plpgsql set search_path from current as $$
declare
  counts bigint[] := array(select jsonb_array_elements_text(s.state -> 'counts')::bigint);
  part bigint[] := array(select jsonb_array_elements_text(s.state -> 'part')::bigint);
  recent float8[] := array(select jsonb_array_elements_text(s.state -> 'recent')::float8);
  r float8[] := array(select jsonb_array_elements_text(s.state -> 'r')::float8);
  block constant integer := drift_constant('block');
  bins constant integer := cardinality(s.edges) + 1;
  known bigint := (select sum(n) from unnest(counts) n);
  held bigint;
  bets float8[] := drift_bets(counts);
  hits bigint[];
  pays float8;
  top float8 := (s.state ->> 'value')::float8;
  b record;
begin
  if part = '{}' then
    part := array_fill(0, array[bins]); recent := array_fill(0, array[bins]); r := array_fill(-700, array[12]);
  end if;
  held := (select sum(n) from unnest(part) n);
  for b in
    select n.block, count(*) as names, max(n.evidence_id) as last,
           array[count(*) filter (where bin = 0), count(*) filter (where bin = 1), count(*) filter (where bin = 2), count(*) filter (where bin = 3),
                 count(*) filter (where bin = 4), count(*) filter (where bin = 5), count(*) filter (where bin = 6), count(*) filter (where bin = 7),
                 count(*) filter (where bin = 8), count(*) filter (where bin = 9)] as hits
      from (select v.evidence_id, width_bucket(v.value::real, s.edges) as bin,
                   (row_number() over (order by v.evidence_id) - 1 + held) / block as block
              from (select e.evidence_id, drift_value(s.stream, e.l3_said, e.nearest, e.unknown) as value
                      from evidence e left join categories c using (category_id)
                      where e.model_id = s.model_id and e.evidence_id > s.last_evidence_id and e.evidence_id <= upto
                        and (s.branch = 0 or c.l1 = s.branch)) v
              where v.value is not null) n
      group by n.block order by n.block
  loop
    hits := b.hits;
    for i in 1 .. bins loop
      part[i] := part[i] + hits[i];
    end loop;
    held := case b.block when 0 then held else 0 end + b.names;
    exit when held < block;
    top := null;
    for j in 0 .. 11 loop
      pays := 0;
      for i in 1 .. bins loop
        pays := pays + part[i] * bets[j * bins + i];
      end loop;
      -- Shiryaev and Roberts, in logarithms: r ← (1 + r) × pays; exp() raises an error where it would give 0
      r[j + 1] := greatest(pays + greatest(r[j + 1], 0) + ln(1 + exp(-least(abs(r[j + 1]), 700))), -700);
      top := greatest(top, r[j + 1]);
    end loop;
    top := top + ln((select avg(exp(greatest(x - top, -700))) from unnest(r) x));
    for i in 1 .. bins loop
      recent[i] := .9 * recent[i] + part[i];
    end loop;
    if known < drift_constant('learnt') and top <= most then
      for i in 1 .. bins loop
        counts[i] := counts[i] + part[i];
      end loop;
      known := known + block;
      bets := drift_bets(counts);
    end if;
    s.names := s.names + block;
    part := array_fill(0, array[bins]);
    held := 0;
    if top > most then
      upto := b.last;
      exit;
    end if;
  end loop;
  s.last_evidence_id := upto;
  s.changed_at := clock_timestamp();
  s.shares := array(select (n::float8 / known)::real from unnest(counts) n);
  s.state := jsonb_build_object('counts', counts, 'part', part, 'recent', recent, 'r', r, 'value', top);
  return s;
end $$;
comment on function watch_stream(drift_streams, bigint, double precision) is 'A stream after the evidence up to an id: whole blocks are tested, the rest is kept for the next time. It stops at the block whose value passes `most`. Example: select watch_stream(s, 1000, drift_limit(6)) from drift_streams s;';

create or replace function in_alarm(s drift_streams) returns boolean
  language sql stable
begin atomic
  select exists (select from alarms a where a.model_id = (s).model_id and a.stream = (s).stream and a.branch = (s).branch and a.ended_at is null);
end;
comment on function in_alarm(drift_streams) is 'Whether a stream has an open alarm; then it rests until that ends. Example: select stream, branch from drift_streams s where in_alarm(s);';

create or replace function watch_drift()
  returns table (stream text, branch bigint, names bigint, value real, limit_value real, alarm_id bigint)
  language plpgsql security definer set search_path from current as $$
declare
  m models;
  since timestamptz;
  most constant double precision := drift_limit(6);
  upto bigint;
  s drift_streams;
begin
  -- one at a time; the second finds nothing left to do
  perform pg_advisory_xact_lock('drift_streams'::regclass::oid::bigint);
  select * into m from champion();
  perform end_alarm(a.alarm_id, 'another model is the champion') from alarms a
    where a.ended_at is null and a.model_id is distinct from m.model_id;
  if m.model_id is null then return; end if;
  perform settle_alarms(m.model_id);
  since := greatest('-infinity', m.promoted_at, (select max(a.ended_at) from alarms a where a.model_id = m.model_id));
  delete from drift_streams d where d.model_id = m.model_id and d.changed_at < since;
  if not exists (select from drift_streams d where d.model_id = m.model_id and d.branch = 0 and d.names >= drift_constant('among')) then
    perform start_drift_streams(m.model_id, since);
  end if;
  select max(e.evidence_id) into upto from (
    select e.evidence_id from evidence e where e.model_id = m.model_id
      and e.evidence_id > (select min(d.last_evidence_id) from drift_streams d where d.model_id = m.model_id and not in_alarm(d))
      order by e.evidence_id limit drift_constant('a pass')::bigint) e;
  for s in
    select d.* from drift_streams d
      where d.model_id = m.model_id and d.last_evidence_id < upto and not in_alarm(d)
      order by d.stream, d.branch
  loop
    s := watch_stream(s, upto, most);
    update drift_streams d
      set shares = s.shares, names = s.names, state = s.state, last_evidence_id = s.last_evidence_id, changed_at = s.changed_at
      where d.model_id = s.model_id and d.stream = s.stream and d.branch = s.branch;
    if (s.state ->> 'value')::float8 > most then
      perform raise_alarm(s.model_id, s.stream, s.branch, (s.state ->> 'value')::real, most::real, drift_words(s));
    end if;
  end loop;
  perform watch_audits(m.model_id, since);
  return query
    select d.stream, d.branch, d.names, (d.state ->> 'value')::real, most::real, a.alarm_id
      from drift_streams d
      left join alarms a on a.model_id = d.model_id and a.stream = d.stream and a.branch = d.branch and a.ended_at is null
      where d.model_id = m.model_id order by d.stream, d.branch;
end $$;
comment on function watch_drift() is 'Tests the evidence and audits since the last look for drift, at most 100,000 rows of evidence a call; raises alarms and ends those that audits have answered. How often it is called changes nothing but how soon it is seen. One row a stream: the test''s logarithm and its limit. Example: select * from watch_drift();';
