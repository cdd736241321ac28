-- taxon: A promise on the share of wrong local answers, and the thresholds that prove it.

create or replace function suggest_thresholds(max_error double precision default .05, confidence double precision default .95,
    model_id bigint default null)
  returns table (feasible boolean, l1 real, l2 real, l3 real, coverage numeric, checked bigint, wrong bigint,
                 upper_bound numeric, verdict text, checks_missing bigint)
  language plpgsql stable security definer set search_path from current as $$
begin
  if max_error is null or confidence is null or not (max_error > 0 and max_error < 1 and confidence > .5 and confidence < 1) then
    raise exception 'max_error is a share above 0 and below 1, confidence one above .5 and below 1, not % and %', max_error, confidence
      using hint = 'suggest_thresholds(max_error => .05, confidence => .95)', errcode = 'invalid_parameter_value';
  end if;
  return query select * from proved_thresholds(max_error, each_look(confidence), suggest_thresholds.model_id);
end $$;
comment on function suggest_thresholds(double precision, double precision, bigint) is
  'Finds the loosest thresholds of which checks prove that few of the answers are wrong: just what set_promise() with the same numbers would set.
max_error: the largest share of wrong answers, above 0 and below 1; .05 by default.
confidence: of the promise, above .5 and below 1; .95 by default. Each single proof is made at a stricter one, so that all of a year hold together.
model_id: the model; NULL (the default): the champion.
Returns: thresholds, how many names they answer, and a verdict; where nothing passes checks_missing says how many more checks would do. The procedure is Learn-then-Test (Angelopoulos and others, 2021) with a fixed sequence: cuts in steps of .02 of coverage, found without looking at a label, are tested one after the other from coverage 4 × max_error on, each by an exact binomial test at the full level, until the first fails; the last that passed is certified. Only checks that people judged and that were drawn alike among all names above the cut count.
Errors: 22023 where max_error or confidence is out of range.
Example: select feasible, l1, l2, l3, verdict from suggest_thresholds(max_error => .05, confidence => .95);';
grant execute on function suggest_thresholds to taxon_reader, taxon_admin;

create or replace function set_promise(max_error double precision default null, confidence double precision default .95,
  reason text default null, force boolean default false)
  returns table (promise_id bigint, certified boolean, l1 real, l2 real, l3 real, coverage numeric, upper_bound numeric,
                 mode text, verdict text, checks_missing bigint, llm_names_more_a_day numeric, llm_tokens_more_a_day numeric)
  language plpgsql security definer set search_path from current as $$
#variable_conflict use_column
declare
  proof record;
  silenced record;
  stricter boolean;
begin
  if set_promise.max_error is null and set_promise.reason is null then
    select k.certified, k.l1, k.l2, k.l3, k.coverage, k.upper_bound, k.mode, k.verdict
      into certified, l1, l2, l3, coverage, upper_bound, mode, verdict from keep_promise() k;
    select s.promise_id, t.checks_missing into promise_id, checks_missing
      from standing_promise() s, suggest_thresholds(s.max_error, s.confidence) t;
    return next;
    return;
  elsif coalesce(btrim(set_promise.reason), '') = '' then
    raise exception 'say why: set_promise(max_error => .05, confidence => .95, reason => ''…'')' using errcode = 'invalid_parameter_value';
  elsif not exists (select from champion()) then
    raise exception 'there is no champion yet: a promise is about what it answers' using hint = 'Train one: taxon train',
      errcode = 'object_not_in_prerequisite_state';
  elsif set_promise.max_error is null or set_promise.confidence is null
        or not (set_promise.max_error > 0 and set_promise.max_error < 1 and set_promise.confidence > .5 and set_promise.confidence < 1) then
    raise exception 'max_error is a share above 0 and below 1, confidence one above .5 and below 1, not % and %', set_promise.max_error,
      set_promise.confidence using errcode = 'invalid_parameter_value';
  end if;
  perform hold_lock('thresholds');
  select s.* into proof from suggest_thresholds(set_promise.max_error, set_promise.confidence) s;
  stricter := exists (select from thresholds_in_force() f join thresholds t on t.threshold_id = f.threshold_id and t.certified
                        join promises p on p.promise_id = t.promise_id and p.max_error <= set_promise.max_error
                          and p.confidence >= set_promise.confidence);
  certified := proof.feasible;
  checks_missing := proof.checks_missing;
  verdict := proof.verdict;
  if not proof.feasible and not stricter then
    select s.names, s.tokens into silenced from answered_a_day() s;
    llm_names_more_a_day := silenced.names; llm_tokens_more_a_day := silenced.tokens;
    if not force then
      coverage := proof.coverage; upper_bound := proof.upper_bound;
      mode := local_mode();
      verdict := format('nothing was changed: this is not proved, and until it is the local layer would only watch; %s names a day would go to the LLM besides (%s tokens a day by the ledger); %s; all the same: set_promise(%s, %s, reason => ''…'', force => true)',
        coalesce(silenced.names::text, 'it is not known how many'), coalesce(silenced.tokens::text, 'not known how many'), proof.verdict,
          set_promise.max_error, set_promise.confidence);
      return next;
      return;
    end if;
  end if;
  update promises p set ended_at = clock_timestamp(), ended_because = 'replaced', ended_by = session_user where p.ended_at is null;
  insert into promises (max_error, confidence, reason) values (set_promise.max_error, set_promise.confidence, set_promise.reason)
    returning promises.promise_id into promise_id;
  select k.l1, k.l2, k.l3, k.coverage, k.upper_bound, k.mode into l1, l2, l3, coverage, upper_bound, mode from keep_promise() k;
  return next;
end $$;
comment on function set_promise(double precision, double precision, text, boolean) is
  'Promises that few of the local layer''s answers are wrong, and sets the thresholds that checks prove for it; without arguments it proves the promise that stands again.
max_error: the largest share of wrong answers, above 0 and below 1; NULL (the default): that of the standing promise.
confidence: of the promise, above .5 and below 1; .95 by default.
reason: why.
force: true: the promise stands also where checks do not prove it yet. Default false.
Returns: what is proved, with its thresholds and a verdict. Where checks prove nothing it changes nothing (promise_id is NULL) and says how many are missing, and how many names and tokens a day more the LLM would be asked; with force the local layer is in shadow until checks prove it (mode), and draw_checks() makes the list of names to check. It replaces the promise that stood. Proved again, after more checks or a promotion, thresholds stay where nothing can be proved.
Errors: 22023 where there is no reason, or max_error or confidence is out of range; 55000 where there is no champion, or no promise stands to be proved again.
Example: select certified, l3, mode, verdict from set_promise(max_error => .05, confidence => .95, reason => ''returns cost more than tokens'');';
grant execute on function set_promise to taxon_admin;

create or replace function end_promise(reason text) returns bigint
  language plpgsql security definer set search_path from current as $$
declare
  ended bigint;
begin
  if coalesce(btrim(reason), '') = '' then
    raise exception 'say why: end_promise(reason => ''…'')' using errcode = 'invalid_parameter_value';
  end if;
  perform hold_lock('thresholds');
  update promises p set ended_at = clock_timestamp(), ended_because = end_promise.reason, ended_by = session_user
    where p.ended_at is null returning p.promise_id into ended;
  if ended is null then
    raise exception 'no promise stands' using errcode = 'object_not_in_prerequisite_state';
  end if;
  return ended;
end $$;
comment on function end_promise(text) is
  'Takes back the promise that stands; the thresholds in force stay.
reason: why.
Returns: its id.
Errors: 22023 without a reason; 55000 where none stands.
Example: select end_promise(reason => ''the catalogue is being rebuilt'');';
grant execute on function end_promise to taxon_admin;
