-- taxon_internal: How good the LLM is as the teacher: its answers beside what people said of the same names.

create or replace function llm_answers(since interval default null)
  returns table (name_hash bytea, llm_call_id bigint, category_id bigint, said real, model text, prompt_version text, simulated boolean)
  language sql stable set search_path from current as $$
  -- what a label was before people or a cleaning changed it, and verdicts of audits, are answers too; a change that was taken
  -- back left the same answer twice
  with given as (
    select l.name_hash, l.llm_call_id, l.category_id, l.confidence from labels l where l.llm_call_id is not null
    union
    select name_hash(c.name_key), c.before_llm_call_id, c.before_category_id, c.before_confidence
      from label_changes c where c.before_llm_call_id is not null
    union
    select k.name_hash, k.llm_call_id, k.truth_category_id, null from checks k
      where k.auditor = 'llm' and k.llm_call_id is not null and k.truth_category_id is not null
  )
  select g.name_hash, g.llm_call_id, g.category_id, g.confidence, coalesce(c.model_version, c.model), c.prompt_version, c.simulated
    from given g join llm_calls c using (llm_call_id)
    where since is null or c.started_at >= now() - since;
$$;
comment on function llm_answers(interval) is 'Every answer that the LLM gave for a name: labels, labels that were changed since, verdicts of audits; with what it said of its certainty, the model''s version and the prompt''s. Example: select count(*) from llm_answers(''1 day'');';

create or replace function judged_llm_answers(since interval default null)
  returns table (name_hash bytea, llm_call_id bigint, model text, prompt_version text, simulated boolean, said real, is_right boolean,
    alike boolean)
  language sql stable set search_path from current as $$
  with rejected as (
    select k.name_hash, k.category_id from checks k
      where case when k.second_at is null then k.auditor = 'human' and not k.verdict and k.truth_category_id is null
                 else not k.second_verdict and k.second_truth_category_id is null end
    union
    select name_hash(c.name_key), c.before_category_id from label_changes c
      where c.reason = 'rejected by a person' and c.reverted_at is null
  ), said as (
    select l.name_hash, l.category_id as truth, null::bigint as rejected from labels l where l.source = 'human'
    union all
    -- whoever said later what it is, knows
    select r.name_hash, null, r.category_id from rejected r
      where not exists (select from labels l where l.name_hash = r.name_hash and l.source = 'human')
  )
  select a.name_hash, a.llm_call_id, a.model, a.prompt_version, a.simulated, max(a.said), bool_and(same_path(a.category_id, s.truth)),
         exists (select from checks k where k.name_hash = a.name_hash and k.auditor = 'human' and k.verdict is not null
                   and k.strategy in ('audit', 'uniform'))
    from llm_answers(since) a join said s on s.name_hash = a.name_hash and (s.truth is not null or same_path(a.category_id, s.rejected))
    group by 1, 2, 3, 4, 5;
$$;
comment on function judged_llm_answers(interval) is 'The LLM''s answers to names of which people said what they are, or that this is wrong. alike: the name was drawn at random among what was answered or missed, not because something about it looked wrong. Example: select count(*) from judged_llm_answers(''7 days'');';

create or replace function llm_calibration(model text, out said_offset real, out slope real, out checks bigint)
  language plpgsql stable security definer set search_path from current as $$
declare
  -- as for the local model: fewer say less than what the model says of itself
  enough constant integer := 50;
  judged record;
begin
  select array_agg(j.said) as said, array_agg(j.is_right) as is_right, count(*) as n into judged
    from judged_llm_answers() j where j.model = llm_calibration.model and j.alike and j.said is not null;
  checks := judged.n;
  if checks < enough then return; end if;
  select f.said_offset, f.slope into llm_calibration.said_offset, llm_calibration.slope
    from fit_platt(judged.said, judged.is_right) f;
end $$;
comment on function llm_calibration(text) is 'Offset and slope for calibrate() that turn what a model version says of its own certainty into a confidence, fitted on its answers to names that were drawn at random and checked by people; NULL under 50 of them. Example: select checks from llm_calibration(''gpt-1'');';
grant execute on function llm_calibration to taxon_admin, taxon_sidecar;

create or replace function llm_confidence(said real, model text) returns real
  language sql stable security definer set search_path from current as $$
  select case when c.slope is not null then calibrate(llm_confidence.said, c.said_offset, c.slope) end
    from llm_calibration(llm_confidence.model) c;
$$;
comment on function llm_confidence(real,
  text) is 'How likely an answer is right of which a model version said that it is so sure (labels.confidence keeps what was said, and nothing is decided by it). NULL: not calibrated, fewer than 50 of its answers were drawn at random and checked. Of many answers call llm_calibration() once instead. Example: select llm_confidence(.9, ''gpt-1'');';
grant execute on function llm_confidence to taxon_admin;

create or replace function checked_truths(most integer default null)
  returns table (name_key text, category_id bigint, never_trained boolean)
  language sql stable security definer set search_path from current as $$
  with said as (
    select l.name_hash, l.name_key, l.category_id, 0 as place from labels l where l.source = 'human'
    union all
    select k.name_hash, k.name_key, coalesce(k.second_truth_category_id, k.truth_category_id), 1 from checks k
      where case when k.auditor = 'llm' then k.second_truth_category_id
        else coalesce(k.second_truth_category_id, k.truth_category_id) end is not null
  ), one as (
    select distinct on (s.name_hash) s.* from said s order by s.name_hash, s.place
  )
  select o.name_key, o.category_id, x.sealed from one o
    join categories c on c.category_id = o.category_id and c.retired_at is null
    cross join lateral (select is_sealed_name(o.name_hash) as sealed) x
    order by x.sealed desc, o.name_hash limit most;
$$;
comment on function checked_truths(integer) is 'Names of which people said what they are, in an order that is chance but always the same: first those that were drawn for checks and so never train a model. taxon llm compare asks about them. Example: select count(*) from checked_truths();';
grant execute on function checked_truths to taxon_admin;
