-- taxon_internal: The gate: a challenger against the champion on the same names, none of which trained either.

create or replace function gate_names(test_bound bytea, most integer default 3000) returns table (name_key text)
  language sql stable security definer set search_path from current as $$
  select r.name_key from regression_names r
  union
  select n.name_key from (
    -- of the part that trains no model; imports too: before its first retraining a shop has hardly any other label
    select l.name_key from labels l
      where l.name_hash < gate_names.test_bound and l.source in ('llm', 'import') order by l.created_at desc limit gate_names.most) n;
$$;
comment on function gate_names(bytea, integer) is 'Which names the gate asks both models, beside those that people checked: the regression set and the newest labels of the LLM and of imports in the test part (hashes below the bound). Example: select count(*) from gate_names(''\x0ccccccccccd'');';

create or replace function unanswered_gate_names(model_id bigint, test_bound bytea, most integer default 256) returns setof text
  language sql stable security definer set search_path from current as $$
  select g.name_key from gate_names(unanswered_gate_names.test_bound) g
    where not exists (select from gate_answers a where a.model_id = unanswered_gate_names.model_id and a.name_hash = name_hash(g.name_key))
    limit unanswered_gate_names.most;
$$;
comment on function unanswered_gate_names(bigint, bytea,
  integer) is 'Those names of the gate of which a model has not said anything yet. Example: select count(*) from unanswered_gate_names(1, ''\x0ccccccccccd'');';
grant execute on function unanswered_gate_names to taxon_admin, taxon_sidecar;

create or replace function save_gate_answers(model_id bigint, answers jsonb) returns void
  language sql volatile security definer set search_path from current as $$
  insert into gate_answers (model_id, name_hash, category_id, said)
    select save_gate_answers.model_id, name_hash(a.name_key), a.category_id, a.said
      from jsonb_to_recordset(answers) a(name_key text, category_id bigint, said real)
    on conflict do nothing;
$$;
comment on function save_gate_answers(bigint,
  jsonb) is 'Keeps what a model says of names of the gate; answers: [{name_key, category_id, said}], said of the whole path. Example: select save_gate_answers(1, ''[]'');';
grant execute on function save_gate_answers to taxon_admin, taxon_sidecar;

create or replace function gate_pairs(champion bigint, challenger bigint)
  returns table (kind text, branch bigint, name_key text, champion_right boolean, challenger_right boolean)
  language sql stable security definer set search_path from current as $$
  select 'checked', (select c.l1 from categories c where c.category_id = coalesce(k.truth_category_id, k.category_id)), k.name_key,
    a.is_right[3], b.is_right[3]
    from check_outcomes(gate_pairs.champion) a join check_outcomes(gate_pairs.challenger) b using (check_id) join checks k using (check_id)
    where a.is_right[3] is not null and b.is_right[3] is not null
  union all
  select 'regression', c.l1, r.name_key, same_path(in_use(a.category_id), r.category_id), same_path(in_use(b.category_id), r.category_id)
    from regression_names r join categories c using (category_id)
    join gate_answers a on a.model_id = gate_pairs.champion and a.name_hash = r.name_hash
    join gate_answers b on b.model_id = gate_pairs.challenger and b.name_hash = r.name_hash
  union all
  select 'teacher', c.l1, l.name_key, same_path(in_use(a.category_id), l.category_id), same_path(in_use(b.category_id), l.category_id)
    from gate_answers a join gate_answers b on b.model_id = gate_pairs.challenger and b.name_hash = a.name_hash
    join labels l on l.name_hash = a.name_hash and l.source in ('llm', 'import') join categories c on c.category_id = l.category_id
    where a.model_id = gate_pairs.champion and not exists (select from regression_names r where r.name_hash = a.name_hash);
$$;
comment on function gate_pairs(bigint, bigint) is 'What two models say of the same names, and who is right: names that people checked, the regression set, and labels of the LLM and of imports that trained neither. Example: select kind, count(*) from gate_pairs(1, 2) group by 1;';
grant execute on function gate_pairs to taxon_admin;

create or replace function sign_test(worse bigint, better bigint) returns double precision
  language sql immutable parallel safe
begin atomic
  -- P(at least so many worse among all that differ, if worse and better were alike)
  select case when worse = 0 then 1 else beta_share(worse, better + 1, .5) end;
end;
comment on function sign_test(bigint, bigint) is 'How likely it is that at least so many of the names on which two models differ went worse, were they alike: the exact one-sided paired test (McNemar). Example: select round(sign_test(8, 2)::numeric, 3);';
grant execute on function sign_test to taxon_admin;

create or replace function gate_surer_half(champion bigint, challenger bigint)
  returns table (names bigint, champion_wrong bigint, challenger_wrong bigint, worse bigint, better bigint, p double precision)
  language sql stable security definer set search_path from current as $$
  -- Two models may be right alike often, and one of them not know when: then it answers less within any promise. Each picks the
  -- half of the same names of which it is surest, and must be right there as often.
  with asked as (
    select a.name_hash, a.said as was, b.said as will, same_path(in_use(a.category_id), l.category_id) as was_right,
      same_path(in_use(b.category_id), l.category_id) as will_right
      from gate_answers a join gate_answers b on b.model_id = gate_surer_half.challenger and b.name_hash = a.name_hash
      join labels l on l.name_hash = a.name_hash
      where a.model_id = gate_surer_half.champion and a.said is not null and b.said is not null
  ), ranked as (
    select x.*, 2 * row_number() over (order by x.was desc, x.name_hash) <= count(*) over () as was_sure,
           2 * row_number() over (order by x.will desc, x.name_hash) <= count(*) over () as will_sure
      from asked x
  ), counted as (
    select count(*) as names, count(*) filter (where r.was_sure and not r.was_right) as champion_wrong,
      count(*) filter (where r.will_sure and not r.will_right) as challenger_wrong,
           count(*) filter (where r.was_sure and r.was_right and not (r.will_sure and r.will_right)) as worse,
           count(*) filter (where r.will_sure and r.will_right and not (r.was_sure and r.was_right)) as better
      from ranked r
  )
  select c.names, c.champion_wrong, c.challenger_wrong, c.worse, c.better, sign_test(c.worse, c.better) from counted c;
$$;
comment on function gate_surer_half(bigint,
  bigint) is 'Of the labelled names that the gate asked both models: how many of the half of which each is surest it gets wrong, and how likely so much worse a half is by chance. Example: select names, champion_wrong, challenger_wrong from gate_surer_half(1, 2);';
grant execute on function gate_surer_half to taxon_admin;

create or replace function teacher_agreement(model_id bigint default null, most integer default 1000)
  returns table (branch bigint, names bigint, agreed double precision, expected double precision)
  language sql stable security definer set search_path from current as $$
  with k as (
    select m.model_id, f.offsets, f.slopes from models m left join calibration_in_force(m.model_id) f on true
      where teacher_agreement.model_id is null or m.model_id = teacher_agreement.model_id
  ), seen as (
    select c.l1, (o.levels > 0)::integer::float8 as agreed, calibrate(e.l1_said, k.offsets[1], k.slopes[1])::float8 as expected
      from (select x.* from opinions x order by x.evidence_id desc limit 5 * teacher_agreement.most) o
      join evidence e using (evidence_id)
      join k using (model_id) left join categories c using (category_id)
      where e.l1_said is not null and e.decided_at < (select answered_until())
      order by o.evidence_id desc limit teacher_agreement.most
  )
  select b.branch, count(*), avg(s.agreed), avg(s.expected)
    from seen s cross join lateral (select 0::bigint as branch union all select s.l1 where s.l1 is not null) b
    group by b.branch order by b.branch;
$$;
comment on function teacher_agreement(bigint,
  integer) is 'Of the newest names that the local layer passed on: how often the LLM agreed with what a model (default: whichever decided the name) said of the top category, and how often its confidences let expect that; branch 0: all. Example: select branch, names, agreed, expected from teacher_agreement();';
grant execute on function teacher_agreement to taxon_admin;

create or replace function certified_coverage(model_id bigint) returns double precision
  language plpgsql stable security definer set search_path from current as $$
declare
  promise promises;
  proof record;
  covered double precision;
begin
  select s.* into promise from standing_promise() s;
  if promise.promise_id is null then
    select t.l1, t.l2, t.l3, true as feasible into proof from thresholds_in_force(certified_coverage.model_id) t;
  else
    select s.* into proof from suggest_thresholds(promise.max_error, promise.confidence, certified_coverage.model_id) s;
  end if;
  if not coalesce(proof.feasible, false) then return 0; end if;
  -- on the same names for every model: uniform checks stand for the traffic
  select avg(clears(r.may, calibrate(s.l1_said, k.offsets[1], k.slopes[1]), calibrate(s.l2_said, k.offsets[2], k.slopes[2]),
                    calibrate(s.l3_said, k.offsets[3], k.slopes[3]), r.t1, r.t2, r.t3)::integer) into covered
    from check_scores s join checks c using (check_id) left join calibration_in_force(certified_coverage.model_id) k on true
    left join decision_rules(certified_coverage.model_id, null, array[proof.l1, proof.l2, proof.l3]) r on r.said_id = s.category_id
    where s.model_id = certified_coverage.model_id and c.layer = 'local' and c.strategy = 'uniform';
  return coalesce(covered, 0);
end $$;
comment on function certified_coverage(bigint) is 'The share of cache misses that a model would answer with thresholds that today''s checks prove for the standing promise (without one: with those in force); 0 where they prove none. Counted on the uniform checks. Example: select certified_coverage(1);';
grant execute on function certified_coverage to taxon_admin;
