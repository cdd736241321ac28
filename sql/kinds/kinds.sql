-- taxon: One decision for a whole kind of names.

create or replace function kinds(most integer default 20, word text default null, kind_id bigint default null, shown integer default 12)
  returns table (kind_id bigint, words text, names integer, answer text, says text, why text, likely_wrong integer, tokens_a_month numeric,
                 checks bigint, votes jsonb, members jsonb)
  language sql stable security definer set search_path from current as $$
  with chosen as (
    select k.*, round(k.size * d.doubt)::integer as wrong from found_kinds k join kind_doubts() d using (why)
      where k.state = 'open' and (kinds.kind_id is null or k.kind_id = kinds.kind_id)
        and (kinds.word is null or exists (select from unnest(k.words) w where w like '%' || normalise(kinds.word) || '%')
             or k.words = '{}' and exists (select from found_members m
                                             where m.kind_id = k.kind_id and m.name_key like '%' || normalise(kinds.word) || '%'))
      order by wrong desc, k.tokens_a_month desc nulls last, k.size desc, k.kind_id limit most
  )
  select c.kind_id, coalesce(nullif(array_to_string(c.words, ' '), ''), '(various)'), c.size,
         (select category_path(m.answer_id) from found_members m where m.kind_id = c.kind_id group by m.answer_id
            order by count(*) desc, m.answer_id limit 1)
           || (select case when count(distinct m.answer_id) > 1 then format(' and %s others', count(distinct m.answer_id) - 1) else '' end
                 from found_members m where m.kind_id = c.kind_id),
         category_path(c.says), c.why, c.wrong, c.tokens_a_month,
         (select count(distinct k.name_hash) from found_members m join checks k using (name_hash)
            where m.kind_id = c.kind_id and k.auditor = 'human' and k.verdict is null),
         kind_votes(c.kind_id),
         (select jsonb_agg(to_jsonb(m)) from kind_members(c.kind_id, kinds.shown) m)
    from chosen c order by c.wrong desc, c.tokens_a_month desc nulls last, c.size desc, c.kind_id;
$$;
comment on function kinds(integer, text, bigint, integer) is
  'Lists kinds of names that a person may decide at once, those first where most answers are likely wrong.
most: at most so many kinds, 20 by default.
word: only kinds with this word, or a part of it, among their words; NULL (the default): all.
kind_id: only this one; NULL by default.
shown: how many names of each are shown, drawn at random; 12 by default.
Returns: the words that tell what the things are; how many names; their answer now, the most common; what speaks against it, and who (why: agreed, the model and memory''s other names; model, memory or judged, one of them or audits; perhaps, memory has both; name, a category is called so; near, the nearest kinds by embedding; waiting, there is no answer; quiet, nothing does; unmarked, a person took them out of another kind). likely_wrong: how many answers are likely wrong, learnt from the kinds that were decided here. tokens_a_month: what these names cost the LLM in the last 30 days, by the ledger, and what a decision saves at most; NULL: not known. checks: open checks among them. votes: [{category_id, path, now, model, memory, llm}], how many names each voice gives to a category. members: [{n, name, path, source, at_random, odd, model, memory, llm}], up to four odd ones first, which were not drawn at random. decide_kind() decides. Kinds are found anew each night, and by taxon review --kinds.
Example: select kind_id, words, names, answer, says, likely_wrong from kinds(5);';
grant execute on function kinds to taxon_reader, taxon_admin;

create or replace function decide_kind(kind_id bigint, category_id bigint default null, unmarked integer[] default '{}',
    shown integer default 12, including integer[] default '{}', mode text default 'decide', reason text default null,
    preview boolean default false)
  returns table (run_id bigint, path text, labels bigint, corrected bigint, rows_corrected bigint, rows_asked_again bigint, left_out bigint,
                 checks integer, parts bigint[], proof text)
  language plpgsql security definer set search_path from current as $$
#variable_conflict use_column
declare
  k found_kinds;
  truth bigint;
  seen integer[];
  drawn integer;
  marked integer[];
  rest integer[];
  l record;
  f record;
begin
  if preview then
    -- done, and undone with its savepoint
    begin
      return query select d.* from decide_kind(decide_kind.kind_id, decide_kind.category_id, decide_kind.unmarked, decide_kind.shown,
        decide_kind.including, decide_kind.mode, decide_kind.reason) d;
      raise exception using errcode = 'TXOFF';
    exception when sqlstate 'TXOFF' then
      return;
    end;
  end if;
  if mode is null or mode not in ('decide', 'split', 'not_sure', 'undo') then
    raise exception 'there is no mode "%"', coalesce(mode, 'NULL') using hint = 'One of decide, split, not_sure, undo.',
      errcode = 'invalid_parameter_value';
  elsif shown is null or shown < 0 or unmarked is null or including is null then
    raise exception 'shown is a number of names, unmarked and including are lists of their numbers'
      using errcode = 'invalid_parameter_value';
  end if;
  perform hold_taxonomy();
  labels := 0; corrected := 0; rows_corrected := 0; rows_asked_again := 0; left_out := 0; checks := 0; parts := '{}';
  if mode = 'undo' then
    run_id := reopen_kind(decide_kind.kind_id, decide_kind.reason);
    return next;
    return;
  end if;
  k := need_kind(decide_kind.kind_id);
  if k.state <> 'open' then
    raise exception 'kind % is not open any more: %', k.kind_id, k.state
      using hint = format('What was said of it is taken back by: select * from decide_kind(%s, mode => ''undo'');', k.kind_id),
            errcode = 'object_not_in_prerequisite_state';
  end if;
  seen := array(select s.n from kind_seen(k.kind_id, decide_kind.shown) s);
  drawn := (select count(*) from kind_seen(k.kind_id, decide_kind.shown) s where s.at_random);
  if not unmarked <@ seen then
    raise exception 'number % was not among the names shown', (select min(u) from unnest(decide_kind.unmarked) u where u <> all (seen))
      using hint = format('select m ->> ''n'', m ->> ''name'' from kinds(kind_id => %s, shown => %s), jsonb_array_elements(members) m;',
                          k.kind_id, shown),
            errcode = 'invalid_parameter_value';
  end if;
  if mode = 'decide' then
    truth := coalesce(in_use(coalesce(decide_kind.category_id, k.says)), decide_kind.category_id);
    if not exists (select from categories c where c.category_id = truth and c.retired_at is null) then
      raise exception 'there is no category % in use', coalesce(truth::text, 'NULL')
        using hint = 'Say what the names are, with category_id. select category_id, path from categories_readable where path ilike ''%kettle%'';',
          errcode = 'no_data_found';
    end if;
    marked := array(select s from unnest(seen) s where s <> all (unmarked));
    rest := array(select m.n from found_members m where m.kind_id = k.kind_id and m.n <> all (seen) order by m.n);
    path := category_path(truth);
    run_id := begin_label_run('kind', coalesce(reason, format('kind %s: %s', k.kind_id, array_to_string(k.words, ' '))));
    checks := judge_kind(k.kind_id, marked, truth);
    -- what was not seen is only decided where all that was seen belongs
    select * into l from label_kind(k.kind_id, case when unmarked = '{}' then marked || rest else marked end, including, truth);
    labels := l.labels; corrected := l.corrected; left_out := l.left_out;
    perform end_label_run(run_id);
    select * into f from follow_run(run_id);
    rows_corrected := f.corrected; rows_asked_again := f.asked_again;
    perform settle_answered('local', n.names), settle_answered('llm', n.names)
      from (select array_agg(m.name_key) as names from found_members m
              where m.kind_id = k.kind_id and (unmarked = '{}' or m.n = any (marked))) n where n.names is not null;
    if unmarked <> '{}' then parts := split_kind(k.kind_id, rest, marked, unmarked); end if;
    proof := kind_proof(drawn, (select count(*)::integer from unnest(unmarked) u where u <= shown), cardinality(rest));
  elsif mode = 'split' then
    rest := array(select m.n from found_members m where m.kind_id = k.kind_id order by m.n);
    if (select count(distinct coalesce(p.part, '')) from kind_parts(k.kind_id, rest, '{}', '{}') p) < 2 then
      raise exception 'nothing tells the names of kind % apart', k.kind_id
        using hint = 'Decide it and unmark what does not belong, or say that you are not sure.', errcode = 'object_not_in_prerequisite_state';
    end if;
    parts := split_kind(k.kind_id, rest, '{}', '{}');
  end if;
  update found_members m set kept = m.n <> all (unmarked) where m.kind_id = k.kind_id and m.n = any (seen) and mode = 'decide';
  update found_kinds x
    set state = case mode when 'decide' then case when unmarked = '{}' then 'decided' else 'split' end
                          when 'split' then 'split' else 'unsure' end,
        category_id = truth, shown = drawn, run_id = decide_kind.run_id, reason = decide_kind.reason, said_by = session_user,
        said_at = clock_timestamp()
    where x.kind_id = k.kind_id;
  return next;
end $$;
comment on function decide_kind(bigint, bigint, integer[], integer, integer[], text, text, boolean) is
  'Says for a person what all names of a kind are, but for those that he unmarks.
kind_id: the kind, as kinds() lists it.
category_id: what they are; NULL (the default): what speaks against their answers.
unmarked: numbers n of names shown that do not belong; none by default. With one or more only what was seen and left marked is decided, and the rest is split into kinds of its own.
shown: how many names drawn at random the person looked at, 12 by default; 0: none.
including: numbers of names with a person''s label of another category that are decided too; by default they keep it.
mode: decide (the default); split: into smaller kinds, nothing is decided; not_sure: put aside for 30 days; undo: takes back what was last said of the kind.
reason: why; it stands in the run, NULL by default.
preview: true: says what it would do and changes nothing. Default false.
Returns: the run (undo_run() takes it back), the category, how many names have it as a person''s label now, how many had another, the rows that follow, how many names were left out (a person''s label says otherwise, or the label has changed since the kind was found), open checks that were judged with it, the kinds that it was split into, and what the sample proves: 29 seen and none unmarked, at most 10 % of the others wrong; 59, at most 5 %.
Errors: P0002 where there is no such kind or category in use; 55000 where it is not open, cannot be split, or a part of what is taken back was decided; 22023 where unmarked names were not shown, or there is no such mode; 55P03 while another transaction uses the taxonomy.
Example: select labels, corrected, proof from decide_kind(1, 3, shown => 29, preview => true);';
grant execute on function decide_kind to taxon_admin;
