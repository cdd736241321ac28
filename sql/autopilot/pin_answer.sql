-- taxon: Answers that every later model has to give.

create or replace function keep_right(name text, category_id bigint, reason text default null) returns bigint
  language plpgsql security definer set search_path from current as $$
declare
  key text := normalise(keep_right.name);
begin
  if coalesce(key, '') = '' then
    raise exception 'give a name';
  elsif not exists (select from categories c where c.category_id = keep_right.category_id and c.retired_at is null) then
    raise exception 'there is no category % in use', keep_right.category_id using hint = 'select category_id, category_path(category_id) from categories;';
  end if;
  insert into regression_names (name_key, category_id, reason) values (key, keep_right.category_id, keep_right.reason)
    on conflict (name_hash) do update set category_id = excluded.category_id, reason = excluded.reason, added_by = session_user, added_at = clock_timestamp();
  return (select count(*) from regression_names);
end $$;
comment on function keep_right(text, bigint, text) is 'Puts a name into the regression set: a new model that gets it wrong, where the champion does not, is not promoted. It trains no model. Returns how many stand there. Example: keep_right(''kettle 1.7 l'', 7, ''our best seller'').';
grant execute on function keep_right to taxon_admin;

create or replace function let_go(name text) returns boolean
  language sql volatile security definer set search_path from current as $$
  with gone as (delete from regression_names r where r.name_hash = name_hash(normalise(let_go.name)) returning 1)
  select exists (select from gone);
$$;
comment on function let_go(text) is 'Takes a name out of the regression set; false: it was not there. Example: select let_go(''kettle 1.7 l'');';
grant execute on function let_go to taxon_admin;
