-- taxon: A person decides which model answers.

create or replace function promote_model(model_id bigint, force boolean default false, reason text default null) returns bigint
  language plpgsql security definer set search_path from current as $$
declare
  before bigint;
  refused gate_verdicts;
begin
  -- one after the other: the second must see the champion that the first made
  perform hold_lock('models');
  perform from models m where m.model_id = promote_model.model_id for update;
  if not found then
    raise exception 'there is no model %', promote_model.model_id using hint = 'select * from models_readable;', errcode = 'no_data_found';
  elsif not exists (select from model_files f where f.model_id = promote_model.model_id) then
    raise exception 'model % has no files and cannot be loaded', promote_model.model_id
      using hint = 'Files of retired models go after model_days: select * from retention(); those that have files: select model_id, files from models_readable;', errcode = 'object_not_in_prerequisite_state';
  elsif force and coalesce(btrim(promote_model.reason), '') = '' then
    raise exception 'say why: promote_model(%, force => true, reason => ''…'')', promote_model.model_id
      using errcode = 'invalid_parameter_value';
  end if;
  select g.* into refused from gate_verdicts g where g.challenger = promote_model.model_id order by g.gate_id desc limit 1;
  if refused.passed is false and not force
     and not exists (select from promotions p where p.model_id = promote_model.model_id) then
    raise exception 'the gate refused model %: %', promote_model.model_id, array_to_string(refused.reasons, '; ')
      using hint = format('select * from gate_report(%s); to promote it all the same: promote_model(%s, force => true, reason => ''…'')',
        promote_model.model_id, promote_model.model_id), errcode = 'object_not_in_prerequisite_state';
  end if;
  perform end_rollout('replaced', format('model %s was promoted', promote_model.model_id))
    from rollouts r where r.ended_at is null and r.model_id <> promote_model.model_id;
  update models m set state = 'retired' where m.state = 'champion' and m.model_id <> promote_model.model_id
    returning m.model_id into before;
  update models m set state = 'champion', promoted_at = now(), barred_at = null where m.model_id = promote_model.model_id
    and m.state <> 'champion';
  if found then
    -- one that comes back has its own
    if before is not null and not exists (select from promotions p where p.model_id = promote_model.model_id) then
      perform carry_thresholds(before, promote_model.model_id, true);
    end if;
    insert into promotions (model_id, forced) values (promote_model.model_id, case when force then btrim(promote_model.reason) end);
    -- by hand it may come before its shadow or canary is over: watched it is all the same
    perform watch_promoted(promote_model.model_id);
    -- before they cost money; sidecars try the rest
    perform try_waiting();
  end if;
  perform tell_sidecars();
  return before;
end $$;
comment on function promote_model(bigint, boolean, text) is
  'Makes a model the champion; sidecars load it without a restart.
model_id: the model.
force: true: also one that the gate refused. Default false.
reason: why; needed with force.
Returns: the champion before. The first time a model takes over what people set for branches, never_local among it.
Errors: P0002 where there is no such model; 55000 where it has no files any more or the gate refused it; 22023 where force comes without a reason.
Example: select promote_model(2, force => true, reason => ''seasonal range'');';
grant execute on function promote_model to taxon_admin;

create or replace function roll_back_model(reason text default null) returns bigint
  language plpgsql security definer set search_path from current as $$
declare
  now_champion bigint;
  target promotions;
begin
  -- before anything is read: of two calls at once the second goes back one more
  perform hold_lock('models');
  select m.model_id into now_champion from models m where m.state = 'champion';
  if now_champion is null then
    raise exception 'there is no champion to roll back' using hint = 'Train one: taxon train', errcode = 'object_not_in_prerequisite_state';
  end if;
  select p.* into target from promotions p
    where p.rolled_back_at is null and p.model_id <> now_champion order by p.promotion_id desc limit 1;
  if target.promotion_id is null then
    raise exception 'there is no champion before model %', now_champion
      using hint = 'select * from models_readable; then select promote_model(model_id);', errcode = 'object_not_in_prerequisite_state';
  end if;
  -- first of all, while nothing is locked that settling may wait for
  perform bar_model(now_champion);
  -- the target's own row goes too, as promote_model() writes it anew on top of what was before it
  update promotions p set rolled_back_at = clock_timestamp()
    where p.promotion_id >= target.promotion_id and p.rolled_back_at is null;
  perform end_rollout('returned', format('rolled back by %s%s', session_user, coalesce(': ' || roll_back_model.reason, ''))) from rollouts r
    where r.ended_at is null and r.model_id = now_champion;
  perform promote_model(target.model_id, true,
    format('rolled back from model %s%s', now_champion, coalesce(': ' || roll_back_model.reason, '')));
  return target.model_id;
end $$;
comment on function roll_back_model(text) is
  'Makes the champion before the champion again; called again it goes back one more.
reason: why; NULL by default.
Returns: its id. Thresholds belong to a model and come back with it; answers that were given stay, those that sidecars have in hand are decided again.
Errors: 55000 where there is no champion, or none before it.
Example: select roll_back_model(reason => ''returns doubled'');';
grant execute on function roll_back_model to taxon_admin;
