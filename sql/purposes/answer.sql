-- taxon_internal: Purposes answer and escalate: rows wait for what the LLM says, the second time by a stronger model.

create or replace function answer_may_claim() returns boolean
  language sql immutable
begin atomic
  select true;
end;
comment on function answer_may_claim() is 'Whether answers may be asked for now: the budgets of llm_stop() are all that stops them. Example: select answer_may_claim();';

create or replace function answer_drop(entries bigint[], name_keys text[]) returns integer
  language sql volatile security definer set search_path from current as $$
  -- memory may have learnt a name, every row that waited for it may be gone
  select settle_answered('llm', answer_drop.name_keys);
$$;
comment on function answer_drop(bigint[],
  text[]) is 'settle_answered() of names that are about to be asked. Example: select answer_drop(''{}'', ''{}'');';

create or replace function answer_settle(llm_call_id bigint, answers jsonb, refused jsonb) returns integer
  language sql volatile security definer set search_path from current as $$
  select settle_answers(answer_settle.llm_call_id, answer_settle.answers);
$$;
comment on function answer_settle(bigint, jsonb,
  jsonb) is 'settle_answers(): labels, and the rows that wait. Example: select answer_settle(12, ''[]'', ''[]'');';

create or replace function answer_bury(entries bigint[], error text) returns void
  language sql volatile security definer set search_path from current as $$
  select bury(answer_bury.entries, answer_bury.error);
$$;
comment on function answer_bury(bigint[],
  text) is 'bury(): dead letters, and rows that have failed. Example: select answer_bury(''{}'', null);';

create or replace function answer_hold(name_key text) returns boolean
  language sql immutable
begin atomic
  select true;
end;
comment on function answer_hold(text) is 'A name that no provider may be sent waits for people, as rows wait for it. Example: select answer_hold(''kettle'');';

select keep_purpose('answer', place => 10, answers_rows => true, wants_label => true);
select keep_purpose('escalate', place => 20, answers_rows => true, wants_label => true, hooks => 'answer');
