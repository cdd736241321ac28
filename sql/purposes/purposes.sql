-- taxon_internal: Why the LLM is asked. Each purpose is a file here: a row of purposes, and the functions that its hooks name.

create or replace function keep_purpose(purpose text, place integer default null, answers_rows boolean default false,
                                        wants_label boolean default false, of_one_change boolean default false, hooks text default null)
  returns boolean
  language plpgsql set search_path from current as $$
#variable_conflict use_variable
begin
  insert into purposes as p (purpose, hooks, place, answers_rows, wants_label, of_one_change)
    values (purpose, coalesce(hooks, purpose), place, answers_rows, wants_label, of_one_change)
    on conflict on constraint purposes_pkey do update
      set hooks = excluded.hooks, place = excluded.place, answers_rows = excluded.answers_rows,
          wants_label = excluded.wants_label, of_one_change = excluded.of_one_change
      -- rows that queue and llm_calls refer to are not written anew by every taxon migrate
      where (p.hooks, p.place, p.answers_rows, p.wants_label, p.of_one_change)
            is distinct from (excluded.hooks, excluded.place, excluded.answers_rows, excluded.wants_label, excluded.of_one_change);
  return found;
end $$;
comment on function keep_purpose(text, integer, boolean, boolean, boolean,
  text) is 'Writes the row of a purpose (table purposes says what its parameters mean; hooks: as the purpose is called) unless it is there as it should be; returns whether it did.';
