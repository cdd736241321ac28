-- taxon_internal: What the gate says of a challenger, with its numbers.

create or replace function judge_trained(challenger bigint, facts jsonb default '{}', force text default null)
  returns table (promoted boolean, passed boolean, before bigint, reasons text[])
  language plpgsql security definer set search_path from current as $$
declare
  run bigint;
  found_numbers jsonb := facts;
begin
  perform hold_lock('models');
  select m.run_id into run from models m where m.model_id = judge_trained.challenger;
  if not found then
    raise exception 'there is no model %', judge_trained.challenger using hint = 'select * from models_readable;';
  elsif force is not null and btrim(force) = '' then
    raise exception 'say why: taxon train --promote "reason"';
  end if;
  select c.model_id into before from champion() c where c.model_id <> judge_trained.challenger;
  if before is null then
    passed := true;
    reasons := array['the first model: there is no champion to compare it with'];
  else
    select g.passed, g.reasons, g.numbers into passed, reasons, found_numbers from gate_judges(before, judge_trained.challenger, facts) g;
  end if;
  insert into gate_verdicts (run_id, challenger, champion, passed, reasons, numbers)
    values (run, judge_trained.challenger, judge_trained.before, judge_trained.passed, judge_trained.reasons, found_numbers);
  promoted := passed or force is not null;
  if promoted then
    perform promote_model(judge_trained.challenger, not judge_trained.passed, force);
  else
    update models m set state = 'retired' where m.model_id = judge_trained.challenger and m.state = 'candidate';
  end if;
  return next;
end $$;
comment on function judge_trained(bigint, jsonb,
  text) is 'Judges a model that a person has trained beside the champion, as the gate judges the autopilot''s, and promotes it where it passes, or where force says why it is to be promoted all the same (promotions.forced); else it is retired and the champion stays. The first model of all passes. facts as of gate_judges(). Example: judge_trained(7, ''{}'', ''seasonal range'').';
grant execute on function judge_trained to taxon_admin;

create or replace function gate_differences(champion bigint, challenger bigint)
  returns table (kind text, branch bigint, names bigint, worse bigint, better bigint, p double precision)
  language sql stable security definer set search_path from current as $$
  with judged as (
    select case p.kind when 'teacher' then 'teacher' else 'people' end as kind, p.branch, p.champion_right, p.challenger_right
      from gate_pairs(gate_differences.champion, gate_differences.challenger) p
  ), counted as (
    select j.kind, b.branch, count(*) as names, count(*) filter (where j.champion_right and not j.challenger_right) as worse,
           count(*) filter (where j.challenger_right and not j.champion_right) as better
      from judged j cross join lateral (select 0::bigint as branch union all select j.branch where j.branch is not null) b
      group by 1, 2
  )
  select c.kind, c.branch, c.names, c.worse, c.better, sign_test(c.worse, c.better) from counted c order by 1, 2;
$$;
comment on function gate_differences(bigint,
  bigint) is 'On how many names a challenger is worse or better than the champion: people (checks and the regression set) and teacher (held-out labels of the LLM and of imports), in all (branch 0) and by top category. Example: select * from gate_differences(1, 2);';
grant execute on function gate_differences to taxon_admin;

create or replace function gate_judges(champion bigint, challenger bigint, facts jsonb default '{}')
  returns table (passed boolean, reasons text[], numbers jsonb)
  language plpgsql stable security definer set search_path from current as $$
declare
  promise promises;
  against text[] := array[]::text[];
  said text[] := array[]::text[];
  d record;
  all_people record;
  h record;
  was double precision;
  now_covers double precision;
  broken text[];
  t record;
  usual double precision;
  drop_now double precision;
  -- Letters alone are small and fast, and how sure they are of what the LLM will say nobody has checked (in a demo of 2,000 labels
  -- it agreed with 48 % where 69 % were expected): no measure for what follows them.
  measured boolean := not is_first_full(gate_judges.champion, gate_judges.challenger);
  changed bigint[] := array[]::bigint[];
begin
  select s.* into promise from standing_promise() s;
  select * into all_people from gate_differences(gate_judges.champion, gate_judges.challenger) x where x.kind = 'people' and x.branch = 0;
  for d in select x.*, coalesce(category_path(nullif(x.branch, 0)), 'all names') as path
             from gate_differences(gate_judges.champion, gate_judges.challenger) x order by x.kind, x.branch loop
    if d.kind = 'people' and d.branch = 0 then
      said := said || format('people''s names: %s worse, %s better of %s', d.worse, d.better, d.names);
      if d.p < .05 then
        against := against || format('worse on people''s names: %s lost, %s won of %s (p = %s)', d.worse, d.better, d.names,
          round(d.p::numeric, 4));
      end if;
    -- one name lost in a branch is no verdict: three at least, more lost than won by more than chance lets expect
    elsif d.kind = 'people' and d.worse - d.better >= 3 and d.worse - d.better > (setting('gate_branch_loss'))::float8 * d.names
      and d.p < .2 then
      against := against || format('worse in %s: %s lost, %s won of %s names', d.path, d.worse, d.better, d.names);
    -- the LLM's labels break ties only: where people's names say that it is better, they are not asked
    elsif d.kind = 'teacher' and d.branch = 0 then
      said := said || format('held-out labels: %s worse, %s better of %s', d.worse, d.better, d.names);
      if d.p < .01 and coalesce(all_people.better <= all_people.worse, true) then
        against := against || format('worse on held-out labels, and people''s names do not say otherwise: %s lost, %s won of %s', d.worse,
          d.better, d.names);
      end if;
    end if;
  end loop;
  select * into h from gate_surer_half(gate_judges.champion, gate_judges.challenger);
  if h.names > 0 then
    said := said || format('of its surest half of %s of them it gets %s wrong, the champion %s', h.names, h.challenger_wrong,
      h.champion_wrong);
    if h.p < .01 and coalesce(all_people.better <= all_people.worse, true) then
      against := against || format('surer where it is wrong: of the half of %s held-out names of which it is surest it gets %s wrong, the champion %s of its own', h.names, h.challenger_wrong, h.champion_wrong);
    end if;
  end if;
  select array_agg(p.name_key order by p.name_key) into broken from gate_pairs(gate_judges.champion, gate_judges.challenger) p
    where p.kind = 'regression' and p.champion_right and not p.challenger_right;
  if broken is not null then
    against := against || format('breaks %s of the regression set: %s', cardinality(broken), array_to_string(broken[1:3], ', '));
  end if;
  was := certified_coverage(gate_judges.champion);
  now_covers := certified_coverage(gate_judges.challenger);
  if promise.promise_id is not null then
    said := said || format('answers %s%% of cache misses within the promise, the champion %s%%', round((100 * now_covers)::numeric, 1),
      round((100 * was)::numeric, 1));
    if now_covers < was - (setting('gate_coverage_loss'))::float8 then
      against := against || format('within the promise it would answer %s%% of cache misses, the champion %s%%',
        round((100 * now_covers)::numeric, 1), round((100 * was)::numeric, 1));
    end if;
  end if;
  -- Labels of a teacher that has changed are not to be learnt, whatever the tests say of so few names.
  select coalesce(percentile_cont(.5) within group (order by (g.numbers -> 'teacher' ->> 'drop')::float8), 0) into usual
    from (select y.numbers from gate_verdicts y where y.passed and y.numbers -> 'teacher' ->> 'drop' is not null
      order by y.gate_id desc limit 6) g;
  -- The newest few hundred show a change at once, the newest thousands one that came and went. Of whichever model decided them:
  -- a champion of yesterday has too few names (in a demo a poisoned month began in that week, and passed).
  for t in select a.*, w.most, coalesce(category_path(nullif(a.branch, 0)), 'all names') as path
             from unnest(array[300, 1000, 5000]) w(most), teacher_agreement(null, w.most) a where measured order by a.branch, w.most loop
    if t.branch = 0 and t.most = 1000 then drop_now := t.expected - t.agreed; end if;
    continue when t.branch = any (changed);
    if t.names >= (case t.branch when 0 then 100 else 20 end)
       and t.expected - t.agreed - usual > (setting('gate_teacher_drop'))::float8 * (case t.branch when 0 then 1 else 2 end)
       -- three standard errors: of some twenty branches none by chance
       and t.expected - t.agreed - usual > 3 * sqrt(greatest(t.expected * (1 - t.expected), .05) / t.names) then
      changed := changed || t.branch;
      against := against || format('the LLM has changed in %s: of the newest %s names it agreed on the top category of %s%%, expected were %s%%; see confident_mistakes(), and taxon clean',
        t.path, t.names, round((100 * t.agreed)::numeric), round((100 * (t.expected - usual))::numeric));
    end if;
  end loop;
  if measured and (facts ->> 'bytes')::bigint > (setting('gate_model_mb'))::float8 * 1e6 then
    against := against || format('it is %s MB large, at most %s are allowed', round((facts ->> 'bytes')::numeric / 1e6, 1),
      setting('gate_model_mb'));
  end if;
  if measured and (facts ->> 'challenger_ms')::float8 > (setting('gate_slower'))::float8 * (facts ->> 'champion_ms')::float8 then
    against := against || format('it takes %s ms a name, the champion %s', round((facts ->> 'challenger_ms')::numeric, 2),
      round((facts ->> 'champion_ms')::numeric, 2));
  end if;
  passed := cardinality(against) = 0;
  reasons := case when passed then said else against end;
  numbers := facts || jsonb_build_object(
    'differences', (select jsonb_agg(to_jsonb(x) || jsonb_build_object('path', coalesce(category_path(nullif(x.branch, 0)), 'all names')))
      from gate_differences(gate_judges.champion, gate_judges.challenger) x),
    'coverage', jsonb_build_object('champion', was, 'challenger', now_covers, 'promise', promise.max_error),
    'surer_half', to_jsonb(h),
    'teacher', jsonb_build_object('drop', drop_now, 'usual', usual));
  return next;
end $$;
comment on function gate_judges(bigint, bigint,
  jsonb) is 'What the gate says of a challenger beside the champion, and why; writes nothing. facts: bytes, champion_ms and challenger_ms (for a name), as far as they are known; they do not count for the full model that follows a first one of letters alone, nor does how the LLM agreed with that one. Example: select passed, reasons from gate_judges(1, 2);';
grant execute on function gate_judges to taxon_admin;

create or replace function pass_gate(run_id bigint, challenger bigint, facts jsonb default '{}') returns boolean
  language plpgsql security definer set search_path from current as $$
declare
  against bigint;
  v record;
begin
  perform hold_lock('models');
  if (select s.state from run_steps s where s.run_id = pass_gate.run_id and s.step = 'gate') = 'done' then
    return (select g.passed from gate_verdicts g where g.run_id = pass_gate.run_id order by g.gate_id desc limit 1);
  end if;
  select c.model_id into against from champion() c;
  if against is null then
    insert into gate_verdicts (run_id, challenger, passed, reasons, numbers)
      values (pass_gate.run_id, pass_gate.challenger, true, array['the first model: there is no champion to compare it with'], facts);
    perform end_step(run_id, 'gate', 'done', jsonb_build_object('passed', true));
    perform promote_model(pass_gate.challenger);
    perform end_step(run_id, 'promote', 'done', jsonb_build_object('model_id', pass_gate.challenger));
    update training_runs r set state = 'done', ended_at = clock_timestamp(), lease_until = null where r.run_id = pass_gate.run_id;
    return true;
  end if;
  select * into v from gate_judges(against, pass_gate.challenger, facts);
  insert into gate_verdicts (run_id, challenger, champion, passed, reasons, numbers)
    values (pass_gate.run_id, pass_gate.challenger, against, v.passed, v.reasons, v.numbers);
  perform end_step(run_id, 'gate', 'done', jsonb_build_object('passed', v.passed, 'reasons', to_jsonb(v.reasons)));
  if not v.passed then
    update models m set state = 'retired' where m.model_id = pass_gate.challenger and m.state = 'candidate';
    update training_runs r set state = 'refused', error = array_to_string(v.reasons, '; '), ended_at = clock_timestamp(), lease_until = null
      where r.run_id = pass_gate.run_id;
  elsif (setting('autopilot_promote'))::boolean and is_first_full(against, pass_gate.challenger)
    and not exists (select from standing_promise()) then
    -- nothing is promised that could break: names need not wait for the better model
    perform end_step(run_id, s, 'skipped', '{"why": "it follows a first model, and no promise stands"}')
      from unnest(array['shadow', 'canary']) s;
    perform promote_model(pass_gate.challenger);
    perform end_step(run_id, 'promote', 'done', jsonb_build_object('model_id', pass_gate.challenger));
    update training_runs r set state = 'done', ended_at = clock_timestamp(), lease_until = null where r.run_id = pass_gate.run_id;
  elsif (setting('autopilot_promote'))::boolean then
    perform start_rollout(pass_gate.challenger, pass_gate.run_id);
  else
    perform end_step(run_id, 'promote', 'skipped', '{"why": "autopilot_promote is off: promote_model() is a person''s"}');
    update training_runs r set state = 'done', ended_at = clock_timestamp(), lease_until = null where r.run_id = pass_gate.run_id;
  end if;
  return v.passed;
end $$;
comment on function pass_gate(bigint, bigint,
  jsonb) is 'Judges the challenger of a run, notes the verdict, and begins its rollout, or ends the run as refused; one transaction. The first model of all is promoted at once, and where no promise stands the full model that follows a first one of letters alone. Example: pass_gate(3, 7, ''{"bytes": 44000000}'').';
grant execute on function pass_gate to taxon_admin, taxon_sidecar;
