-- taxon_internal: Layer 4's answers become memory, and memory answers the rows. An answer was paid for: where its label cannot be written at
-- this moment, it is kept and written later, and where only its row cannot, memory answers that later. Nobody is asked twice.

create or replace function write_labels(answers jsonb, llm_call_id bigint, out late bytea[], out errors text[])
  language plpgsql security definer set search_path from current
  -- a label that a person is writing and has not committed
  set lock_timeout = '200ms' as $$
declare
  n integer := coalesce(jsonb_array_length(answers), 0);
begin
  late := '{}';
  errors := '{}';
  if n = 0 then return; end if;
  begin
    insert into labels (name_key, category_id, source, confidence, llm_call_id, labelled_at)
      select a.name_key, a.category_id, 'llm', a.confidence, write_labels.llm_call_id, now()
        from jsonb_to_recordset(answers) a(name_key text, category_id bigint, confidence real)
        order by name_hash(a.name_key)  -- two sidecars that write the same names must not wait for each other in a circle
      on conflict (name_hash) do nothing;
    return;
  exception when others or assert_failure or query_canceled then
    if is_wanted_end(sqlstate) then raise; end if;
    if n = 1 then
      late := array[name_hash(answers -> 0 ->> 'name_key')];
      errors := array[case when is_conflict(sqlstate) then null else 'its label could not be written: ' || sqlerrm end];
      return;
    end if;
  end;
  select coalesce(array_agg(u.hash), '{}'), coalesce(array_agg(u.error), '{}') into late, errors
    from (select a from jsonb_array_elements(answers) a order by name_hash(a ->> 'name_key')) e,
         lateral write_labels(jsonb_build_array(e.a), write_labels.llm_call_id) w, lateral unnest(w.late, w.errors) u(hash, error);
end $$;
comment on function write_labels(jsonb, bigint) is 'Makes answers of a call labels, where memory has none yet: [{name_key, category_id, confidence}]. Returns the names whose label somebody else is writing at this moment, or whose label refuses to be written, with the error. Example: select late from write_labels(''[]'', 12);';

create or replace function keep_answers(llm_call_id bigint, answers jsonb) returns void
  language sql volatile security definer set search_path from current as $$
  insert into kept_answers (llm_call_id, name_key, category_id, confidence)
    select keep_answers.llm_call_id, a.name_key, a.category_id, a.confidence
      from jsonb_to_recordset(answers) a(name_key text, category_id bigint, confidence real)
      where not exists (select from kept_answers k where k.llm_call_id = keep_answers.llm_call_id and k.name_hash = name_hash(a.name_key));
$$;
comment on function keep_answers(bigint,
  jsonb) is 'Keeps answers of a call that cannot be written at this moment: [{name_key, category_id, confidence}], category_id NULL: none of those offered. Example: select keep_answers(12, ''[]'');';

create or replace function settle_answers(llm_call_id bigint, answers jsonb) returns integer
  language plpgsql security definer set search_path from current as $$
declare
  given jsonb;
  held jsonb;
  mine bytea[];
  unwritten record;
  unfinished record;
  late bytea[];
  errors text[];
begin
  -- A late valid answer to a name still open is taken, whoever holds the lease by now: it was paid for. That of a name
  -- forgotten meanwhile is not ('': its place in a batch).
  select jsonb_agg(jsonb_build_object('name_key', g.name_key, 'category_id', g.category_id, 'confidence', g.confidence)) into given
    from (select distinct on (a.name_key) a.name_key, c.category_id, probability(a.confidence) as confidence
            from jsonb_to_recordset(answers) a(name_key text, category_id bigint, confidence real)
            join categories c on c.category_id = in_use(a.category_id) and c.retired_at is null
            where a.name_key <> '' and not forgotten(name_hash(a.name_key))) g;
  if given is null then return 0; end if;
  -- whoever holds the name at this moment may be forgetting it, or labelling it
  mine := take_names(array(select g ->> 'name_key' from jsonb_array_elements(given) g));
  select * into unwritten from write_labels((
    select jsonb_agg(g) from jsonb_array_elements(given) g where name_hash(g ->> 'name_key') = any (mine)), settle_answers.llm_call_id);
  select jsonb_agg(g) into held from jsonb_array_elements(given) g
    where name_hash(g ->> 'name_key') <> all (mine) or name_hash(g ->> 'name_key') = any (unwritten.late);
  if held is not null then perform keep_answers(settle_answers.llm_call_id, held); end if;
  -- where memory has a label already (a person's of this very minute), that one stands and is what answers the rows
  select * into unfinished from settle_names((
    select jsonb_agg(jsonb_build_object('name_key', l.name_key, 'category_id', l.category_id)
                     || case when l.llm_call_id = settle_answers.llm_call_id
                       then jsonb_build_object('source', 'llm', 'llm_call_id', l.llm_call_id)
                             else '{"source": "exact"}' end)
      from jsonb_array_elements(given) g join labels l on l.name_hash = name_hash(g ->> 'name_key') where l.name_hash = any (mine)));
  late := unwritten.late || unfinished.late;
  errors := unwritten.errors || unfinished.errors;
  delete from queue q using purposes p
    where q.name_hash = any (mine) and p.purpose = q.purpose and p.wants_label and not (p.answers_rows and q.name_hash = any (late));
  perform put_off(late, errors, '{local,llm}', settle_answers.llm_call_id);
  return jsonb_array_length(given);
end $$;
comment on function settle_answers(bigint,
  jsonb) is 'The LLM''s answers become labels and settle the rows that wait for them; returns how many were valid. A row that another transaction holds, or that refuses, is settled from memory later (put_off()); a label that cannot be written at this moment is kept (kept_answers). Example: settle_answers(12, ''[{"name_key": "kettle", "category_id": 7, "confidence": 0.9}]'').';
