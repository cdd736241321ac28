-- taxon_internal: What a person says of a kind: one word for all of its names, and the way back.

create or replace function need_kind(kind_id bigint) returns found_kinds
  language plpgsql security definer set search_path from current as $$
declare
  k found_kinds;
begin
  select * into k from found_kinds x where x.kind_id = need_kind.kind_id for update;
  if not found then
    raise exception 'there is no kind %', coalesce(kind_id::text, 'NULL')
      using hint = 'select kind_id, words, names from kinds(); they are found anew each night.', errcode = 'no_data_found';
  end if;
  return k;
end $$;
comment on function need_kind(bigint) is 'A kind, locked; an error where there is none. Example: select words from need_kind(1);';

create or replace function label_kind(kind_id bigint, numbers integer[], including integer[], truth bigint,
                                      out labels bigint, out corrected bigint, out left_out bigint)
  language plpgsql security definer set search_path from current
  -- as in undo_run_labels(); its price, which is none, had it compiled
  set enable_nestloop = off set jit = off as $$
begin
  perform hold_names(array(select m.name_key from found_members m where m.kind_id = label_kind.kind_id and m.n = any (numbers)
    union select p.name_key from found_members m join products p on name_hash(p.matched_key) = m.name_hash and p.matched_key is not null
            where m.kind_id = label_kind.kind_id and m.n = any (numbers)));
  with member as materialized (
    select m.*, in_use(m.answer_id) as was from found_members m where m.kind_id = label_kind.kind_id and m.n = any (numbers)
  ), held as materialized (
    select l.* from labels l join member m using (name_hash) order by l.name_hash for update of l
  ), judged as materialized (
    select m.name_key, m.name_hash, h.category_id as has, coalesce(h.category_id, m.was) as before,
           -- another person's word, unless it was meant; what is something else by now nobody has looked at
           h.source = 'human' and h.category_id <> truth and m.n <> all (including)
             or h.category_id is distinct from m.was and m.source in ('llm', 'human', 'import') as stays
      from member m left join held h using (name_hash)
  ), written as (
    insert into labels as l (name_key, category_id, source, labelled_at)
      select j.name_key, truth, 'human', now() from judged j where j.stays is not true order by j.name_hash
      on conflict (name_hash) do update
        set category_id = excluded.category_id, source = 'human', confidence = null, llm_call_id = null, updated_at = clock_timestamp()
        where (l.category_id, l.source) is distinct from (excluded.category_id, 'human')
  )
  select count(*) filter (where j.stays is not true), count(*) filter (where j.stays is not true and j.before is distinct from truth),
         count(*) filter (where j.stays) into labels, corrected, left_out from judged j;
end $$;
comment on function label_kind(bigint, integer[], integer[],
  bigint) is 'Makes a category the label, of source human, of some names of a kind, by their numbers. Labels of people that say otherwise stay, but for those of including, and so do labels that are not what they were when the kind was made. Returns how many names have the category now, how many had another before, and how many were left out. Example: select labels from label_kind(1, array[1, 2], ''{}'', 7);';

create or replace function judge_kind(kind_id bigint, numbers integer[], truth bigint) returns integer
  language sql volatile security definer set search_path from current as $$
  select count(note_verdict(m.name_key, null, truth))::integer from found_members m
    where m.kind_id = judge_kind.kind_id and m.n = any (numbers)
      and exists (select from checks k where k.name_hash = m.name_hash and k.auditor = 'human' and k.verdict is null);
$$;
comment on function judge_kind(bigint, integer[], bigint) is 'A person''s verdict on the open checks of those names of a kind that he saw. They were drawn before, at random among all, so they count as any other check; no name becomes a check by being in a kind. Returns how many names. Example: select judge_kind(1, array[1], 7);';

create or replace function reopen_kind(kind_id bigint, reason text) returns bigint
  language plpgsql security definer set search_path from current as $$
declare
  k found_kinds := need_kind(reopen_kind.kind_id);
begin
  if k.state = 'open' then
    raise exception 'nothing was said of kind % yet', k.kind_id using errcode = 'object_not_in_prerequisite_state';
  elsif exists (select from found_kinds x where x.parent_id = k.kind_id and x.state <> 'open') then
    raise exception 'a part of kind % was decided since: undo that first', k.kind_id
      using hint = format('Its parts: %s.', (select string_agg(x.kind_id::text, ', ' order by x.kind_id) from found_kinds x
                                               where x.parent_id = k.kind_id and x.state <> 'open')),
            errcode = 'object_not_in_prerequisite_state';
  end if;
  if k.run_id is not null then perform undo_run(k.run_id, reason => reopen_kind.reason); end if;
  delete from found_kinds x where x.parent_id = k.kind_id;
  update found_members m set kept = null where m.kind_id = k.kind_id;
  update found_kinds x set state = 'open', category_id = null, shown = null, run_id = null, reason = null, said_by = null, said_at = null
    where x.kind_id = k.kind_id;
  return k.run_id;
end $$;
comment on function reopen_kind(bigint, text) is 'Takes back what was last said of a kind: its run, its parts, that it was put aside. Returns the run. Example: reopen_kind(1, ''a slip of the key'').';
