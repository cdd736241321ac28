-- taxon: Answers that every later model has to give.

create or replace function pin_answer(name text, category_id bigint, reason text default null) returns bigint
  language plpgsql security definer set search_path from current as $$
declare
  key text := normalise(pin_answer.name);
begin
  if coalesce(key, '') = '' then
    raise exception 'give a name' using errcode = 'invalid_parameter_value';
  elsif pin_answer.category_id is null then
    delete from regression_names r where r.name_hash = name_hash(key);
    if not found then
      raise exception 'the answer to "%" is not pinned', key using hint = 'select name_key, category_id from @internal@.regression_names;',
        errcode = 'no_data_found';
    end if;
  elsif not exists (select from categories c where c.category_id = pin_answer.category_id and c.retired_at is null) then
    raise exception 'there is no category % in use', pin_answer.category_id
      using hint = 'select category_id, category_path(category_id) from categories;', errcode = 'no_data_found';
  else
    insert into regression_names (name_key, category_id, reason) values (key, pin_answer.category_id, pin_answer.reason)
      on conflict (name_hash) do update set category_id = excluded.category_id, reason = excluded.reason, added_by = session_user,
        added_at = clock_timestamp();
  end if;
  return (select count(*) from regression_names);
end $$;
comment on function pin_answer(text, bigint, text) is
  'Pins the answer to a name: a new model that gets it wrong, where the champion does not, is not promoted.
name: the name, however it is written.
category_id: the right answer; NULL: the name is not pinned any more.
reason: why; NULL by default.
Returns: how many names are pinned. Pinned names train no model.
Errors: 22023 without a name; P0002 where there is no such category in use, or nothing is pinned to take back.
Example: select pin_answer(''kettle 1.7 l'', 7, ''our best seller'');';
grant execute on function pin_answer to taxon_admin;
