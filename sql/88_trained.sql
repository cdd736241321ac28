-- A model that a person has trained: the same gate as the autopilot's, then it is the champion at once, or it is not.

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
    perform promote(judge_trained.challenger, not judge_trained.passed, force);
  else
    update models m set state = 'retired' where m.model_id = judge_trained.challenger and m.state = 'candidate';
  end if;
  return next;
end $$;
comment on function judge_trained(bigint, jsonb, text) is 'Judges a model that a person has trained beside the champion, as the gate judges the autopilot''s, and promotes it where it passes, or where force says why it is to be promoted all the same (promotions.forced); else it is retired and the champion stays. The first model of all passes. facts as of gate_judges(). Example: judge_trained(7, ''{}'', ''seasonal range'').';
