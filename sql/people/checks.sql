-- taxon: Answers drawn for people to judge, and those that wait for a verdict.

create or replace function draw_checks(n integer default 50, strategy text default 'uniform', category_id bigint default null)
  returns table (check_id bigint, product_id bigint, name text, path text, l1_confidence real, l2_confidence real,
                 l3_confidence real, similarity real, layer text, weight real)
  language plpgsql security definer set search_path from current as $$
declare
  alike_strategies constant text[] := array['uniform', 'surer', 'answered'];
  alike boolean := strategy = any (alike_strategies);
  -- looking at more rows than this takes over a second; where so many are no new name, the list is short
  most constant integer := 20000;
  seed bigint := (random() * 9e18)::bigint;
  champion_id bigint := (select m.model_id from champion() m);
  -- there are no more rows than ids, and fewer where there are gaps or other models
  span float8 := (select coalesce(max(e.evidence_id) - min(e.evidence_id) + 1, 1) from evidence e);
  share float8;
  branch bigint[];
  edges real[];
  cut real;
  seen bigint;
  size bigint;
  lowest real;
  looked integer;
  drawn bigint[];
  tried bigint;
  picked bigint[];
  made bigint[];
begin
  if champion_id is null then
    raise exception 'there is no champion yet: checks are of its answers' using hint = 'Train one: taxon train',
      errcode = 'object_not_in_prerequisite_state';
  elsif n is null or n not between 1 and 5000 then
    raise exception 'draw_checks draws 1 to 5000 names at once, not %', coalesce(n::text, 'NULL') using errcode = 'invalid_parameter_value';
  elsif strategy is null or strategy not in ('uniform', 'surer', 'answered', 'threshold', 'category', 'disagreement') then
    raise exception 'there is no strategy "%"', coalesce(strategy, 'NULL')
      using hint = 'One of uniform, surer, answered, threshold, category, disagreement.', errcode = 'invalid_parameter_value';
  elsif (strategy = 'category') <> (category_id is not null) then
    raise exception 'strategy category and a category_id go together'
      using hint = 'draw_checks(50, ''category'', category_id => 7) draws in the branch of category 7.',
        errcode = 'invalid_parameter_value';
  elsif strategy = 'category' then
    branch := array(select c.category_id from categories c where c.path_ids @> array[draw_checks.category_id]);
    if branch = '{}' then raise exception 'there is no category %', category_id using errcode = 'no_data_found'; end if;
  end if;
  -- one after the other, or two people would be given the same names
  perform hold_lock('checks');
  if strategy in ('surer', 'threshold') then
    -- calibrate() is turned round, so that no row of evidence needs a logarithm
    select array[calibrate(t.l1, -f.offsets[1] / f.slopes[1], (1 / f.slopes[1])::real),
      calibrate(t.l2, -f.offsets[2] / f.slopes[2], (1 / f.slopes[2])::real),
                 calibrate(t.l3, -f.offsets[3] / f.slopes[3], (1 / f.slopes[3])::real)] into edges
      from thresholds_in_force(champion_id) t left join calibration_in_force(champion_id) f on true;
    -- the middle, or the nearest tenth, of some 20,000 rows is near enough: what counts is that the frame has one sharp edge
    share := 20000 / span;
    loop
      select case strategy when 'surer' then percentile_disc(.5) within group (order by e.l3_said)
                           else percentile_disc(.1) within group (order by e.off_edge) end, count(*) into cut, seen
        from check_frame(champion_id, 'uniform', null, edges, null) e
        where hashint8extended(e.evidence_id, 0) <= hash_bound(share);
      exit when seen >= 2000 or share >= 1;
      share := 1;
    end loop;
  end if;
  -- of what disagrees by memory's label alone, most does not
  looked := case when strategy = 'disagreement' then 4 * n + 200 else n + n / 4 + 50 end;
  share := 1.2 * looked / span;
  loop
    -- a chance order, of which each turn looks at a longer beginning, in the one pass that also counts
    select count(*), min(e.l3_said),
           array_agg(e.evidence_id order by hashint8extended(e.evidence_id, seed), e.evidence_id)
             filter (where hashint8extended(e.evidence_id, seed) <= hash_bound(share)) into size, lowest, drawn
      from check_frame(champion_id, strategy, cut, edges, branch) e;
    drawn := coalesce(drawn, '{}');
    if cardinality(drawn) < least(looked, size) and share < 1 then
      share := case when size < 10000 then 1 else greatest(1.2 * looked / size, 2 * share) end;
      continue;
    end if;
    -- A name has as many rows of evidence as it was decided times; it counts by its newest alone, and only while its row
    -- still is what was decided then.
    with candidate as materialized (
      select e.evidence_id, e.product_id, e.category_id, e.voices < case when e.nearest is null then 2 else 3 end as disagree, u.place
        from unnest(drawn) with ordinality u(id, place) join evidence e on e.evidence_id = u.id
    ), fit as (
      select c.evidence_id, c.place from candidate c
        join products p on p.product_id = c.product_id and p.evidence_id = c.evidence_id and p.model_id = champion_id
        where not exists (select from products q where name_hash(q.name_key) = name_hash(p.name_key)
                            and q.evidence_id > c.evidence_id and q.model_id = champion_id)
          and not exists (select from checks k where k.name_hash = name_hash(p.name_key) and k.layer = 'local'
                            and (k.strategy = any (alike_strategies) or not alike and k.strategy <> 'audit'))
          and (strategy <> 'disagreement' or c.disagree
               or exists (select from labels l where l.name_hash = name_hash(p.name_key) and not same_path(l.category_id, c.category_id)))
        order by c.place limit n
    )
    select coalesce(array_agg(f.evidence_id order by f.place), '{}'),
           case when count(*) = n then max(f.place) else cardinality(drawn) end into picked, tried from fit f;
    exit when cardinality(picked) = n or cardinality(drawn) >= least(size, most);
    looked := least(looked * 8, most);
    share := greatest(1.2 * looked / span, 8 * share);
  end loop;
  if strategy = 'answered' then
    -- names above the lowest answer that were passed on (other thresholds then, shadow) could not be drawn: only above
    -- all of those was the draw alike
    select greatest(lowest, max(e.l3_said)) into lowest
      from check_frame(champion_id, 'uniform', null, null, null) e where not e.answered;
  elsif strategy <> 'surer' then
    lowest := 0;
  end if;
  with written as (
    insert into checks (name_key, product_id, layer, strategy, weight, floor, evidence_id, model_id, category_id,
                        verdict, truth_category_id, checked_by, checked_at)
      select p.name_key, p.product_id, 'local', draw_checks.strategy, size::float8 / nullif(tried, 0),  -- 0 where nothing could be drawn
             lowest, e.evidence_id, champion_id, e.category_id,
             case when b.truth_category_id is null then b.verdict else same_path(b.truth_category_id, e.category_id) end,
             b.truth_category_id, b.checked_by, b.checked_at
        from unnest(picked) with ordinality u(id, place)
        join evidence e on e.evidence_id = u.id
        join products p on p.product_id = e.product_id
        -- judged before, when it was drawn for another reason: nobody is asked twice, but the sample stays a fair one
        left join lateral (
          select k.* from checks k
            where alike and k.name_hash = name_hash(p.name_key) and k.layer = 'local' and k.strategy <> 'audit' and k.verdict is not null
              and (k.truth_category_id is not null or same_path(k.category_id, e.category_id))
            order by k.check_id desc limit 1) b on true
        order by u.place
      returning checks.check_id, checks.evidence_id
  ), scored as (
    insert into check_scores (check_id, model_id, category_id, l1_said, l2_said, l3_said)
      select d.check_id, champion_id, e.category_id, e.l1_said, e.l2_said, e.l3_said
        from written d join evidence e using (evidence_id)
  )
  select array_agg(d.check_id) into made from written d;
  return query
    select o.check_id, o.product_id, o.name, o.path, o.l1_confidence, o.l2_confidence, o.l3_confidence, o.similarity, o.layer, o.weight
      from waiting_checks(coalesce(made, '{}')) o;
end $$;
comment on function draw_checks(integer, text, bigint) is
  'Draws answers of the champion for people to judge, and writes them into checks.
n: how many names, 1 to 5000; 50 by default.
strategy: uniform (the default), all cache misses alike; surer, those alike that are in the surer half; answered, local answers alike: these three certify thresholds. threshold, the tenth nearest to the thresholds; category, one branch; disagreement, where the voices, or memory''s label and the model, disagree: these teach most.
category_id: the branch of strategy category; NULL by default.
Returns: the names with path, the answer, also where the name was passed on: what the model would have said. weight: how many names each stands for. Each name is drawn once; one judged before for one of the latter strategies takes that verdict along without asking. Drawn names never train.
Errors: 55000 where there is no champion; 22023 where n or the strategy is none; P0002 where there is no such category.
Example: select check_id, name, path from draw_checks(20, ''surer'');';
grant execute on function draw_checks to taxon_admin;

create or replace function open_checks()
  returns table (check_id bigint, product_id bigint, name text, path text, l1_confidence real, l2_confidence real,
                 l3_confidence real, similarity real, layer text, weight real, strategy text, category_id bigint,
                 drawn_by text, drawn_at timestamptz)
  language sql stable security definer set search_path from current as $$
  select * from waiting_checks(null);
$$;
comment on function open_checks() is
  'Lists the drawn answers that wait for a person, the oldest first.
Returns: path is the answer to judge; confirm(product_id) and reject(product_id) do.
Example: select check_id, product_id, name, path, layer from open_checks() limit 10;';
grant execute on function open_checks to taxon_reader, taxon_admin;
