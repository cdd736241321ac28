-- taxon: Products whose names are asked about even when the budget is spent.

create or replace function mark_urgent(product_id bigint, urgent boolean default true, reason text default null) returns boolean
  language plpgsql security definer set search_path from current as $$
declare
  key text := (select p.name_key from products p where p.product_id = mark_urgent.product_id);
begin
  if coalesce(key, '') = '' then
    raise exception 'there is no product % with a name', coalesce(product_id::text, 'NULL') using errcode = 'no_data_found';
  elsif urgent then
    insert into urgent_names (name_hash, reason) values (name_hash(key), mark_urgent.reason) on conflict do nothing;
    perform wake();
  else
    delete from urgent_names u where u.name_hash = name_hash(key);
  end if;
  return urgent;
end $$;
comment on function mark_urgent(bigint, boolean, text) is
  'Has the LLM asked about a product''s name even when the budget is used up.
product_id: the product; its name counts, with all rows of it.
urgent: false: no longer. Default true.
reason: why; NULL by default.
Returns: urgent.
Errors: P0002 where there is no such product with a name.
Example: select mark_urgent(1, reason => ''on the front page'');';
grant execute on function mark_urgent to taxon_admin;
