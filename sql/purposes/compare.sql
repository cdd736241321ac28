-- taxon_internal: Purpose compare: models are asked about names whose label is known (taxon llm compare). Its names are never queued.

create or replace function compare_settle(llm_call_id bigint, answers jsonb, refused jsonb) returns integer
  language sql immutable
begin atomic
  -- answers of a comparison are nobody's label
  select jsonb_array_length(compare_settle.answers);
end;
comment on function compare_settle(bigint, jsonb,
  jsonb) is 'How many names a comparison got an answer for; the ledger is all that is written. Example: select compare_settle(12, ''[]'', ''[]'');';

select keep_purpose('compare');
