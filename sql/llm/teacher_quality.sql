-- taxon: How good the LLM is as the teacher.

create or replace function teacher_quality(since interval default null)
  returns table (model text, prompt_version text, simulated boolean, answers bigint, checked bigint, wrong bigint, drawn bigint,
    drawn_wrong bigint,
                 error double precision, lower double precision, upper double precision)
  language sql stable security definer set search_path from current as $$
  with given as (
    select a.model, a.prompt_version, a.simulated, count(distinct (a.name_hash, a.llm_call_id)) as n from llm_answers(since) a group by 1,
      2, 3
  ), judged as (
    select j.model, j.prompt_version, j.simulated, count(*) as n, count(*) filter (where not j.is_right) as wrong,
           count(*) filter (where j.alike) as drawn, count(*) filter (where j.alike and not j.is_right) as drawn_wrong
      from judged_llm_answers(since) j group by 1, 2, 3
  )
  select g.model, g.prompt_version, g.simulated, g.n, coalesce(j.n, 0), coalesce(j.wrong, 0), coalesce(j.drawn, 0),
    coalesce(j.drawn_wrong, 0),
         case when j.drawn >= enough_checks() then j.drawn_wrong::float8 / j.drawn end,
         case when j.drawn >= enough_checks() then share_bound(j.drawn_wrong, j.drawn, .975, false) end,
         case when j.drawn >= enough_checks() then share_bound(j.drawn_wrong, j.drawn, .975, true) end
    from given g left join judged j
      on j.model = g.model and j.prompt_version is not distinct from g.prompt_version and j.simulated = g.simulated
    order by g.n desc, g.model, g.prompt_version;
$$;
comment on function teacher_quality(interval) is
  'Shows how often the LLM is wrong, by version of model and prompt.
since: how far back, an interval; NULL (the default): ever.
Returns: answers given, of which people checked some and found so many wrong. People look where something seems wrong, so error and its interval (lower to upper, 95%, exact) are of the names that were drawn at random: audits and checks of all cache misses. NULL: fewer than 30 were.
Example: select model, answers, checked, wrong, error from teacher_quality(''30 days'');';
grant execute on function teacher_quality to taxon_reader, taxon_admin;
