-- taxon_internal: Rollout: shadow, canary, then all names, watched; each change of stage is one transaction, decided by what was seen.

create or replace function start_rollout(model_id bigint, run_id bigint default null) returns bigint
  language plpgsql security definer set search_path from current as $$
declare
  began bigint;
  other rollouts;
begin
  perform hold_lock('models');
  perform need_evidence();
  select * into other from rollouts r where r.ended_at is null;
  if other.stage = 'watch' then
    perform end_rollout('done', 'the next challenger follows');
  elsif other.rollout_id is not null then
    raise exception 'model % is rolled out already', other.model_id
      using hint = 'Wait for its end: select * from autopilot(); or promote a model by hand, which ends it.';
  elsif not exists (select from models m where m.model_id = start_rollout.model_id and m.state in ('candidate', 'retired')) then
    raise exception 'model % cannot be rolled out: there is none, or it is in use already', start_rollout.model_id
      using hint = 'select model_id, state from models_readable;';
  elsif not exists (select from model_files f where f.model_id = start_rollout.model_id) then
    raise exception 'model % has no files and cannot be loaded', start_rollout.model_id
      using hint = 'select model_id, files from models_readable;';
  elsif not exists (select from champion()) then
    raise exception 'there is no champion to roll out beside' using hint = 'select promote_model(%s);';
  end if;
  insert into rollouts (run_id, model_id, champion, stage, from_evidence_id)
    select start_rollout.run_id, start_rollout.model_id, c.model_id, 'shadow', (select coalesce(max(e.evidence_id), 0) from evidence e)
      from champion() c
    returning rollout_id into began;
  perform carry_thresholds(c.model_id, start_rollout.model_id) from champion() c;
  update models m set state = 'shadow', barred_at = null where m.model_id = start_rollout.model_id;
  update training_runs r set state = 'rollout', lease_until = null where r.run_id = start_rollout.run_id;
  if start_rollout.run_id is not null then perform begin_stage(start_rollout.run_id, 'shadow'); end if;
  perform tell_sidecars();
  return began;
end $$;
comment on function start_rollout(bigint,
  bigint) is 'Lets a candidate, or a model that was champion before, watch live traffic beside the champion; the canary and its promotion follow by themselves (advance_rollout()). One at a time. Returns the rollout. Example: start_rollout(7).';
grant execute on function start_rollout to taxon_admin;

create or replace function begin_stage(run_id bigint, step text) returns void
  language sql volatile security definer set search_path from current as $$
  insert into run_steps (run_id, step, state) select begin_stage.run_id, begin_stage.step, 'running' where begin_stage.run_id is not null
    on conflict (run_id, step) do nothing;
$$;
comment on function begin_stage(bigint, text) is 'Notes that a stage of the rollout has begun, as a step of its run; without a run it does nothing.';

create or replace function end_rollout(stage text, outcome text) returns void
  language plpgsql security definer set search_path from current as $$
declare
  r rollouts;
begin
  select * into r from rollouts x where x.ended_at is null for update;
  if r.rollout_id is null then return; end if;
  update rollouts x set stage = end_rollout.stage, outcome = end_rollout.outcome, ended_at = clock_timestamp(), stage_at = clock_timestamp()
    where x.rollout_id = r.rollout_id;
  update models m set state = 'retired' where m.model_id = r.model_id and m.state in ('shadow', 'canary');
  if r.stage = 'canary' and found then perform bar_model(r.model_id); end if;
  if r.run_id is not null then
    update run_steps s set state = case when end_rollout.stage = 'done' then 'done' else 'failed' end, ended_at = clock_timestamp(),
        detail = jsonb_build_object('outcome', end_rollout.outcome)
      where s.run_id = r.run_id and s.state = 'running';
    update training_runs t
      set state = case end_rollout.stage when 'refused' then 'refused' when 'returned' then 'returned' when 'done' then 'done'
        else 'failed' end,
          error = case when end_rollout.stage <> 'done' then end_rollout.outcome end, ended_at = clock_timestamp()
      where t.run_id = r.run_id and t.state = 'rollout';
  end if;
  perform tell_sidecars();
end $$;
comment on function end_rollout(text, text) is 'Ends the rollout that goes on: done, refused, returned or replaced; a challenger that is not the champion by then is retired.';

create or replace function shadow_pairs(model_id bigint, champion bigint, from_evidence_id bigint)
  returns table (challenger_clears boolean, champion_clears boolean, same boolean)
  language sql stable security definer set search_path from current as $$
  select x.clears, y.clears, same_path(x.category_id, y.category_id)
    from evidence x
    join products p on p.product_id = x.product_id
    join evidence y on y.evidence_id = p.evidence_id and y.model_id = shadow_pairs.champion
    where x.evidence_id > shadow_pairs.from_evidence_id and x.model_id = shadow_pairs.model_id;
$$;
comment on function shadow_pairs(bigint, bigint,
  bigint) is 'What a challenger in shadow and the champion say of the same names, from an evidence on: whether each would answer, and whether they say the same. Example: select count(*) from shadow_pairs(2, 1, 0);';
grant execute on function shadow_pairs to taxon_admin;

create or replace function shadow_verdict(model_id bigint, champion bigint, from_evidence_id bigint)
  returns table (names bigint, challenger_covers double precision, champion_covers double precision, both_answer bigint, differ bigint,
    against text)
  language plpgsql stable security definer set search_path from current as $$
declare
  lost bigint;
  won bigint;
  -- two models of which each is wrong in at most that share differ in at most twice as many
  most double precision := 2 * coalesce((select s.max_error from standing_promise() s), .15);
begin
  select count(*), avg(p.challenger_clears::integer), avg(p.champion_clears::integer),
    count(*) filter (where p.challenger_clears and p.champion_clears),
         count(*) filter (where p.challenger_clears and p.champion_clears and not p.same),
         count(*) filter (where p.champion_clears and not p.challenger_clears),
           count(*) filter (where p.challenger_clears and not p.champion_clears)
    into names, challenger_covers, champion_covers, both_answer, differ, lost, won
      from shadow_pairs(shadow_verdict.model_id, shadow_verdict.champion, from_evidence_id) p;
  -- Thresholds by which one of them may not answer are no more than defaults: a champion without a proof clears much and answers
  -- nothing. On the titles it kept out seven challengers that were proved.
  if local_mode(null, shadow_verdict.champion) <> 'on' or local_mode(null, shadow_verdict.model_id) <> 'on' then
    null;
  elsif challenger_covers < champion_covers - (setting('gate_coverage_loss'))::float8 and sign_test(lost, won) < .05 then
    against := format('on live traffic it would answer %s%% of %s names, the champion %s%%', round((100 * challenger_covers)::numeric, 1),
      names, round((100 * champion_covers)::numeric, 1));
  elsif share_bound(differ, both_answer, .95, false) > most then
    against := format('of %s live names that both would answer they differ in %s; if each kept its promise they would in at most %s%%',
      both_answer, differ, round((100 * most)::numeric, 1));
  end if;
  return next;
end $$;
comment on function shadow_verdict(bigint, bigint,
  bigint) is 'What the shadow has shown: shares of names that either would answer, on how many they differ, and what speaks against the challenger (NULL: nothing). Example: select names, against from shadow_verdict(2, 1, 0);';
grant execute on function shadow_verdict to taxon_admin;

create or replace function audits_disprove(model_id bigint, since timestamptz) returns text
  language plpgsql stable security definer set search_path from current as $$
declare
  promise promises;
  test record;
begin
  select s.* into promise from standing_promise() s;
  if promise.promise_id is null then return null; end if;
  select * into test from audit_test(audits_disprove.model_id, since, promise.max_error, false);
  if test.value <= -ln(1 - promise.confidence) then return null; end if;
  return format('audits: %s of %s of its answers wrong, promised at most %s%%', test.wrong, test.judged,
    round((100 * promise.max_error)::numeric, 2));
end $$;
comment on function audits_disprove(bigint,
  timestamptz) is 'Whether audits of a model''s answers since a moment disprove the standing promise, in words; NULL: they do not. Example: select audits_disprove(1, now() - interval ''1 day'');';
grant execute on function audits_disprove to taxon_admin;

create or replace function watch_promoted(model_id bigint) returns void
  language plpgsql security definer set search_path from current as $$
declare
  r rollouts;
begin
  update rollouts x
    set stage = 'watch', stage_at = clock_timestamp(), from_evidence_id = (select coalesce(max(e.evidence_id), 0) from evidence e),
      share = 1
    where x.ended_at is null and x.model_id = watch_promoted.model_id and x.stage <> 'watch' returning * into r;
  if r.run_id is null then return; end if;
  update run_steps s set state = 'skipped', ended_at = clock_timestamp(), detail = '{"why": "promoted by hand before it was over"}'
    where s.run_id = r.run_id and s.step in ('shadow', 'canary') and s.state = 'running';
  perform end_step(r.run_id, 'promote', 'done', jsonb_build_object('model_id', watch_promoted.model_id));
  perform begin_stage(r.run_id, 'watch');
end $$;
comment on function watch_promoted(bigint) is 'Takes the rollout of a model that was just promoted into its last stage, in which audits may still take it back; without a rollout it does nothing.';

create or replace function advance_rollout() returns text
  language plpgsql security definer set search_path from current as $$
declare
  r rollouts;
  seen bigint;
  s record;
  disproved text;
  newest bigint;
  proof record;
begin
  -- whoever advances it at this moment does it for all
  if not try_lock('rollouts') then return null; end if;
  select * into r from rollouts x where x.ended_at is null;
  if r.rollout_id is null then return null; end if;
  -- promote_model() takes its locks in this order: models, then the rollout
  perform hold_lock('models');
  select * into r from rollouts x where x.ended_at is null for update;
  if r.rollout_id is null then return null; end if;
  select coalesce(max(e.evidence_id), 0) into newest from evidence e;
  if r.stage in ('canary', 'watch') and (setting('autopilot_return'))::boolean then
    disproved := audits_disprove(r.model_id, r.stage_at);
    if disproved is not null then
      if r.stage = 'watch' then
        perform end_rollout('returned', disproved);
        perform roll_back_model();
      else
        perform end_rollout('returned', disproved);
      end if;
      return format('model %s is taken back: %s', r.model_id, disproved);
    end if;
  end if;
  select count(*) into seen from (
    select from evidence e where e.evidence_id > r.from_evidence_id and e.model_id = r.model_id
      limit greatest((setting('shadow_names'))::bigint, (setting('canary_names'))::bigint, (setting('watch_names'))::bigint)) e;
  if r.stage = 'shadow' and seen >= (setting('shadow_names'))::bigint then
    select * into s from shadow_verdict(r.model_id, r.champion, r.from_evidence_id);
    if s.against is not null then
      perform end_rollout('refused', s.against);
      return format('model %s is refused: %s', r.model_id, s.against);
    end if;
    perform end_step(r.run_id, 'shadow', 'done', to_jsonb(s)) where r.run_id is not null;
    update rollouts x set stage = 'canary', stage_at = clock_timestamp(), from_evidence_id = newest, share = (setting('canary_share'))::real
      where x.rollout_id = r.rollout_id;
    update models m set state = 'canary' where m.model_id = r.model_id;
    perform begin_stage(r.run_id, 'canary');
    perform tell_sidecars();
    return format('model %s is the canary: it answers %s%% of the names', r.model_id, round(100 * (setting('canary_share'))::numeric, 1));
  elsif r.stage = 'canary' and seen >= (setting('canary_names'))::bigint then
    -- more names were checked since the gate
    select * into proof from standing_promise();
    if proof.promise_id is not null then
      perform keep_promise(r.model_id);
      if local_mode(null, r.champion) = 'on' and local_mode(null, r.model_id) <> 'on' then
        perform end_rollout('refused', 'the promise is not proved for it, and is for the champion');
        return format('model %s is refused: the promise is not proved for it', r.model_id);
      end if;
    end if;
    perform end_step(r.run_id, 'canary', 'done', jsonb_build_object('names', seen)) where r.run_id is not null;
    perform promote_model(r.model_id, true, 'passed the gate, the shadow and the canary');
    return format('model %s is the champion', r.model_id);
  elsif r.stage in ('shadow', 'canary') and r.stage_at < now() - interval '14 days' then
    -- few names arrive, or no sidecar can load it: the next training must not wait for ever
    perform end_rollout('refused', format('in 14 days it saw %s names, too few to be judged', seen));
    return format('model %s is refused: in 14 days it saw %s names', r.model_id, seen);
  elsif r.stage = 'watch' and (seen >= (setting('watch_names'))::bigint or r.stage_at < now() - interval '7 days') then
    perform end_rollout('done', format('watched for %s names', seen));
    return format('model %s stays the champion', r.model_id);
  end if;
  return null;
end $$;
comment on function advance_rollout() is 'Takes the rollout a stage on, or back, where enough was seen; says what it did, NULL: nothing. Sidecars call it; safe to call at any time. Example: select advance_rollout();';
grant execute on function advance_rollout to taxon_admin, taxon_sidecar;
