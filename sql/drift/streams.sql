-- taxon_internal: Has the world moved? A test of what the model says of arrivals against its first names as champion.
--
-- The test may be looked at after every name without spending its guarantee: an e-detector (Shin, Ramdas and Rinaldo), in
-- Shiryaev and Roberts' form. Bets on twelve ways to move, each fair or worse in quiet times, are multiplied block by block,
-- a new one opened at each block; the mean of the twelve sums passes a limit A in quiet times after A blocks on average,
-- or later, whatever the names are.

create or replace function start_drift_streams(model_id bigint, since timestamptz) returns void
  language sql volatile set search_path from current as $$
  with counted_all as materialized (
    select c.l1 as branch, count(drift_value('confidence', e.l3_said, e.nearest, e.unknown)) as confidence,
           count(drift_value('novelty', e.l3_said, e.nearest, e.unknown)) as novelty,
           count(drift_value('familiarity', e.l3_said, e.nearest, e.unknown)) as familiarity
      from evidence e left join categories c using (category_id)
      where e.model_id = start_drift_streams.model_id and e.decided_at > since
      group by c.l1
  ), missing as materialized (
    -- asked once, not for each name; where no stream can start, which is nearly always, the names are counted and no more
    select b.branch, k.stream
      from (select 0 as branch, sum(confidence) as confidence, sum(novelty) as novelty, sum(familiarity) as familiarity from counted_all
            union all select * from counted_all) b
      cross join lateral (values ('confidence', b.confidence), ('novelty', b.novelty), ('familiarity', b.familiarity)) k(stream, names)
      where b.branch is not null
        and k.names >= case b.branch when 0 then drift_constant('first') else drift_constant('first of a branch') end
        and not exists (select from drift_streams s where s.model_id = start_drift_streams.model_id and s.stream = k.stream
          and s.branch = b.branch)
  ), seen as materialized (
    -- quiet times are of several bursts, also where the first was a backfill of everything
    select x.* from (
      select e.evidence_id, e.category_id, e.l3_said, e.nearest, e.unknown,
        drift_burst(e.decided_at, (select (setting('drift_burst_hours'))::float8)) as burst,
             row_number() over (partition by drift_burst(e.decided_at, (select (setting('drift_burst_hours'))::float8))
               order by e.evidence_id) as turn
        from evidence e where e.model_id = start_drift_streams.model_id and e.decided_at > since and exists (select from missing)) x
      where x.burst is null or x.turn <= drift_constant('among') / drift_constant('bursts')
      order by x.evidence_id limit drift_constant('among')::bigint
  ), placed as (
    select e.evidence_id, e.burst, m.stream, m.branch, drift_value(m.stream, e.l3_said, e.nearest, e.unknown) as value
      from missing m join (select e.*, c.l1 from seen e left join categories c using (category_id)) e on m.branch in (0, e.l1)
  ), thinned as (
    select *, row_number() over (partition by stream, branch, burst order by evidence_id) as turn from placed where value is not null
  ), numbered as (
    select *, row_number() over (partition by stream, branch order by evidence_id) as i from thinned
      where burst is null or turn <= case branch when 0 then drift_constant('first') else drift_constant('first of a branch') end / drift_constant('bursts')
  ), first as (
    select n.* from numbered n where n.i <= case n.branch when 0 then drift_constant('first') else drift_constant('first of a branch') end
  ), edges as (
    -- a hair above the tenths: many names may have the same number, and it belongs below the edge
    select stream, branch, max(evidence_id) as last,
           array(select distinct (q + 1e-6)::real from unnest(percentile_disc(array[.1, .2, .3, .4, .5, .6, .7, .8,
             .9]) within group (order by value)) q order by 1) as edges
      from first group by stream, branch
      having count(*) = case branch when 0 then drift_constant('first') else drift_constant('first of a branch') end
  ), binned as (
    select stream, branch, width_bucket(f.value::real, e.edges) + 1 as bin, count(*) as n
      from edges e join first f using (stream, branch) group by 1, 2, 3
  ), counted as (
    select e.*, array(select coalesce(b.n, 0) from generate_series(1, cardinality(e.edges) + 1) i
                        left join binned b on b.stream = e.stream and b.branch = e.branch and b.bin = i order by i) as counts
      from edges e
  )
  insert into drift_streams (model_id, stream, branch, edges, shares, state, last_id)
    select start_drift_streams.model_id, stream, branch, edges,
      array(select (n::float8 / (select sum(m) from unnest(counts) m))::real from unnest(counts) n),
           jsonb_build_object('counts', counts), last
      from counted
    on conflict do nothing;
$$;
comment on function start_drift_streams(bigint,
  timestamptz) is 'Makes the streams of a model that have enough names since a moment and are not there yet. Example: select start_drift_streams((select model_id from champion()), now() - interval ''1 day'');';

-- The LLM's answers to names that the local layer passed on agree with what that would have answered as often as they always
-- did, given what it said of the name; or the names, or the LLM, have changed. Where the truth of a tenth of the names turns, this
-- sees it after hundreds of them; audits of 1% would take years.

create or replace function agreement_since(model_id bigint, since timestamptz) returns timestamptz
  language sql stable
begin atomic
  -- Thresholds decide which names the LLM is asked; those by which agreement was learnt must be those it is watched by.
  -- (A recalibration writes the same ones in other words. What an alarm passes on besides is surer, so it agrees no less.)
  select greatest(since, max(t.set_at), max(t.undone_at)) from thresholds t
    where t.model_id = agreement_since.model_id and t.branch is null and t.cause not in ('recalibrated', 'tightened');
end;
comment on function agreement_since(bigint,
  timestamptz) is 'From when on the LLM''s answers are compared: the last change of thresholds, or the moment given if that was later. Example: select agreement_since((select model_id from champion()), now() - interval ''7 days'');';

create or replace function answered_until() returns timestamptz
  language sql stable
begin atomic
  -- what has waited for an hour is not waited for: a budget that is used up, a name that breaks every batch
  select coalesce((select min(q.created_at) from queue q where q.stage = 'llm' and q.purpose = 'answer'
    and q.created_at > now() - interval '1 hour'
                     and q.available_at < 'infinity'), 'infinity');
end;
comment on function answered_until() is 'Up to when the LLM has answered all that was passed on to it, but for what has waited for an hour. It answers alike names together and those of which nobody knows the branch last: in the order of its answers the last of any burst look like drift. Example: select answered_until();';

create or replace function start_agreement_streams(model_id bigint, since timestamptz) returns void
  language sql volatile set search_path from current as $$
  with seen as materialized (
    select o.evidence_id, o.levels, e.l3_said::real as said, c.l1,
      drift_burst(e.decided_at, (select (setting('drift_burst_hours'))::float8)) as burst
      from evidence e join opinions o using (evidence_id) left join categories c using (category_id)
      where e.model_id = start_agreement_streams.model_id and e.decided_at > since and e.decided_at < (select answered_until())
      order by o.evidence_id limit drift_constant('among')::bigint / 4
  ), thinned as (
    select b.branch, s.*, row_number() over (partition by b.branch, s.burst order by evidence_id) as turn
      from seen s cross join lateral (select 0::bigint as branch union all select s.l1 where s.l1 is not null) b
      where not exists (select from drift_streams d where d.model_id = start_agreement_streams.model_id and d.stream = 'agreement'
        and d.branch = b.branch)
  ), numbered as (
    select t.*, row_number() over (partition by t.branch order by t.evidence_id) as i from thinned t
      where t.burst is null or t.turn <= case t.branch when 0 then drift_constant('first of a branch') else drift_constant('first of agreement') end / drift_constant('bursts')
  ), first as (
    select * from numbered where i <= case branch when 0 then drift_constant('first of a branch') else drift_constant('first of agreement') end
  ), edges as (
    select branch, max(evidence_id) as last,
           array(select distinct (q + 1e-6)::real from unnest(percentile_disc(case branch when 0 then array[.25, .5, .75]
             else array[.5] end) within group (order by said)) q order by 1) as edges
      from first group by branch
      having count(*) = case branch when 0 then drift_constant('first of a branch') else drift_constant('first of agreement') end
  ), counted as (
    select e.*, array(select count(f.levels) from generate_series(0, 4 * cardinality(e.edges) + 3) cell
                        left join first f on f.branch = e.branch and 4 * width_bucket(f.said, e.edges) + f.levels = cell
                        group by cell order by cell) as counts
      from edges e
  )
  insert into drift_streams (model_id, stream, branch, edges, shares, state, last_id)
    select start_agreement_streams.model_id, 'agreement', branch, edges,
           array(select (n::float8 / (select sum(m) from unnest(counts) m))::real from unnest(counts) n),
             jsonb_build_object('counts', counts), last
      from counted
    on conflict do nothing;
$$;
comment on function start_agreement_streams(bigint,
  timestamptz) is 'Makes the streams of agreement with the LLM that have enough of its answers since a moment (500; 20 of a branch) and are not there yet. Example: select start_agreement_streams((select model_id from champion()), now() - interval ''1 day'');';

create or replace function drift_cells(s drift_streams, upto bigint) returns table (id bigint, cell integer, burst bigint)
  language sql stable
begin atomic
  select v.id, width_bucket(v.value::real, (s).edges), v.burst
    from (select e.evidence_id as id, drift_burst(e.decided_at, (select (setting('drift_burst_hours'))::float8)) as burst,
      drift_value((s).stream, e.l3_said, e.nearest, e.unknown) as value
            from evidence e left join categories c using (category_id)
            where (s).stream <> 'agreement' and e.model_id = (s).model_id and e.evidence_id > (s).last_id and e.evidence_id <= upto
              and ((s).branch = 0 or c.l1 = (s).branch)) v
    where v.value is not null
  union all
  select o.evidence_id, 4 * width_bucket(e.l3_said::real, (s).edges) + o.levels,
    drift_burst(e.decided_at, (select (setting('drift_burst_hours'))::float8))
    from opinions o join evidence e using (evidence_id) left join categories c using (category_id)
    where (s).stream = 'agreement' and e.model_id = (s).model_id and o.evidence_id > (s).last_id and o.evidence_id <= upto
      and ((s).branch = 0 or c.l1 = (s).branch);
end;
comment on function drift_cells(drift_streams,
  bigint) is 'In which cell of a stream each name lies that it has not looked at, up to an id, and in which burst it was decided. Example: select c.* from drift_streams s, drift_cells(s, 1000) c;';
grant execute on function drift_cells to taxon_admin;

create or replace function watch_stream(s drift_streams, upto bigint, most double precision) returns drift_streams
  language plpgsql set search_path from current as $$
declare
  counts bigint[] := array(select jsonb_array_elements_text(s.state -> 'counts')::bigint);
  part bigint[] := array(select jsonb_array_elements_text(s.state -> 'part')::bigint);
  recent float8[] := array(select jsonb_array_elements_text(s.state -> 'recent')::float8);
  r float8[] := array(select jsonb_array_elements_text(s.state -> 'r')::float8);
  agreement constant boolean := s.stream = 'agreement';
  block constant integer := drift_constant(case when agreement then 'block of agreement' else 'block' end);
  learnt constant integer := drift_constant(case when agreement then 'learnt of agreement' else 'learnt' end);
  cells constant integer := cardinality(counts);
  known bigint := (select sum(n) from unnest(counts) n);
  held bigint;
  bets float8[] := case when agreement then agreement_bets(counts) else drift_bets(counts) end;
  on_worse constant integer[] := bets_on_worse(s.stream);
  burst bigint := (s.state ->> 'burst')::bigint;
  start float8[] := array(select jsonb_array_elements_text(s.state -> 'start')::float8);
  fixed boolean := coalesce((s.state ->> 'learnt')::boolean, false);
  held_back boolean;
  pays float8;
  filled integer[];
  fades constant float8 := case when agreement then .97 else .9 end;  -- the last 100, 500
  cell integer;
  worse_sum float8;
  better_sum float8;
  top float8 := (s.state ->> 'value')::float8;
  better float8 := (s.state ->> 'better')::float8;
  news boolean := false;
  b record;
begin
  if part = '{}' then
    part := array_fill(0, array[cells]); recent := array_fill(0, array[cells]); r := array_fill(-700, array[12]);
  end if;
  held := (select sum(n) from unnest(part) n);
  for b in
    select n.block, count(*) as names, max(n.id) as last, array_agg(n.cell + 1) as hits, (array_agg(n.burst order by n.id desc))[1] as burst
      from (select c.id, c.cell, c.burst, (row_number() over (order by c.id) - 1 + held) / block as block from drift_cells(s, upto) c) n
      group by n.block order by n.block
  loop
    foreach cell in array b.hits loop
      part[cell] := part[cell] + 1;
    end loop;
    held := case b.block when 0 then held else 0 end + b.names;
    exit when held < block;
    if start = '{}' or b.burst is distinct from burst then
      burst := b.burst; start := r;
    end if;
    top := null; better := null; held_back := false;
    -- what lies in no cell of the block pays nothing: of agreement, three names a block, that is most of 16
    filled := array(select u.i from unnest(part) with ordinality u(n, i) where u.n > 0);
    for j in 0 .. 11 loop
      pays := 0;
      foreach cell in array filled loop
        pays := pays + part[cell] * bets[j * cells + cell];
      end loop;
      -- Shiryaev and Roberts, in logarithms: r ← (1 + r) × pays; exp() raises an error where it would give 0
      r[j + 1] := greatest(pays + greatest(r[j + 1], 0) + ln(1 + exp(-least(abs(r[j + 1]), 700))), -700);
      -- one burst wins a third of what an alarm takes: less than a fair bet pays stays fair or worse
      if burst is not null and r[j + 1] > greatest(start[j + 1], 0) + most / (drift_constant('bursts') - 1) then
        r[j + 1] := greatest(start[j + 1], 0) + most / (drift_constant('bursts') - 1);
        held_back := true;
      end if;
      if j + 1 = any (on_worse) then top := greatest(top, r[j + 1]); else better := greatest(better, r[j + 1]); end if;
    end loop;
    worse_sum := 0; better_sum := 0;
    for i in 1 .. 12 loop
      if i = any (on_worse) then worse_sum := worse_sum + exp(greatest(r[i] - top, -700));
        else better_sum := better_sum + exp(greatest(r[i] - better, -700)); end if;
    end loop;
    top := top + ln(worse_sum / cardinality(on_worse));
    better := better + ln(better_sum / nullif(12 - cardinality(on_worse), 0));
    if better > most then
      -- said once; the quiet times stay what they were, so that a way back to them is no drift either
      news := true; fixed := true;
      for i in 1 .. 12 loop
        if i <> all (on_worse) then r[i] := -700; start[i] := -700; end if;
      end loop;
    end if;
    for i in 1 .. cells loop
      recent[i] := recent[i] * fades + part[i];
    end loop;
    if known < learnt and top <= most and not fixed and not held_back then
      for i in 1 .. cells loop
        counts[i] := counts[i] + part[i];
      end loop;
      known := known + block;
      bets := case when agreement then agreement_bets(counts) else drift_bets(counts) end;
    end if;
    s.names := s.names + block;
    part := array_fill(0, array[cells]);
    held := 0;
    if top > most then
      upto := b.last;
      exit;
    end if;
  end loop;
  s.last_id := upto;
  s.changed_at := clock_timestamp();
  s.shares := array(select (n::float8 / known)::real from unnest(counts) n);
  s.state := jsonb_build_object('counts', counts, 'part', part, 'recent', recent, 'r', r, 'value', top, 'better', better,
    'burst', burst, 'start', start, 'learnt', fixed) || case when news then '{"news": true}' else '{}' end::jsonb;
  return s;
end $$;
comment on function watch_stream(drift_streams, bigint,
  double precision) is 'A stream after the evidence (or, of agreement, the LLM''s answers) up to an id: whole blocks are tested, the rest is kept for the next time. Names that were decided in one burst win at most a third of what an alarm takes. It stops at the block whose value passes `most`; state.news: it has moved to the better. Example: select watch_stream(s, 1000, drift_limit(8)) from drift_streams s;';
