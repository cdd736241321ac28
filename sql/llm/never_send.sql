-- taxon: Names that no provider may be sent: they wait in the LLM stage, at a moment that never comes, for people.

create or replace function never_send(branch bigint default null, pattern text default null, product_id bigint default null,
  reason text default null,
    lifted boolean default false) returns integer
  language plpgsql security definer set search_path from current as $$
declare
  key text;
  freed integer;
begin
  if num_nonnulls(branch, pattern, product_id) <> 1 then
    raise exception 'one of branch, pattern and product_id'
      using hint = 'select never_send(pattern => ''\miban\M'', reason => ''account numbers'');', errcode = 'invalid_parameter_value';
  elsif branch is not null and not exists (select from categories c where c.category_id = branch) then
    raise exception 'there is no category %', branch using errcode = 'no_data_found';
  elsif product_id is not null then
    select p.name_key into key from products p where p.product_id = never_send.product_id;
    if coalesce(key, '') = '' then raise exception 'there is no product % with a name', product_id using errcode = 'no_data_found'; end if;
  elsif pattern is not null then
    begin
      perform '' ~* pattern;
    exception when invalid_regular_expression then
      raise exception '% is no regular expression: %', pattern, sqlerrm using errcode = 'invalid_parameter_value';
    end;
  end if;
  if lifted then
    delete from never_send_marks m where m.category_id = never_send.branch or m.pattern = never_send.pattern
      or m.name_hash = name_hash(key);
    if not found then
      raise exception 'there is no such mark' using hint = 'select * from @internal@.never_send_marks;', errcode = 'no_data_found';
    end if;
    freed := look_again(true);
    if freed > 0 then perform wake(); end if;
    return freed;
  end if;
  insert into never_send_marks as m (category_id, pattern, name_key, reason)
    select never_send.branch, never_send.pattern, key, never_send.reason
      where not exists (select from never_send_marks x where x.category_id = never_send.branch or x.pattern = never_send.pattern
        or x.name_hash = name_hash(key))
    on conflict do nothing;
  return look_again(false);
end $$;
comment on function never_send(bigint, text, bigint, text, boolean) is
  'Keeps names from every provider, audits included: they wait for people, and confirm() settles them.
branch: names that likely lie in this category or below it.
pattern: names that match this regular expression, in any case.
product_id: the name of this product.
reason: why; waiting_for_people shows it, NULL by default.
lifted: true: takes the mark back that was made with the same branch, pattern or product. Default false.
Returns: how many names of the LLM stage wait for people now; with lifted how many go to the LLM now. Names that another mark holds stay. What is in flight is not called back.
Errors: 22023 where it is not just one of branch, pattern and product_id, or no regular expression; P0002 where there is no such category, product or mark.
Example: select never_send(pattern => ''kettle'', reason => ''not announced yet'');';
grant execute on function never_send to taxon_admin;

create or replace view waiting_for_people with (security_invoker) as
  select min(p.product_id) as product_id, q.name_key, count(p.product_id) as rows,
         category_path(coalesce(q.shortlist[1], q.branch)) as likely, q.last_error as reason, q.created_at as since
    from queue q left join products p on name_hash(p.name_key) = q.name_hash and p.state = 'pending'
    where q.stage = 'llm' and q.available_at = 'infinity'
    group by q.queue_id;
comment on view waiting_for_people is 'Names that no provider may be sent: confirm(product_id, category_id) answers them.';
comment on column waiting_for_people.product_id is 'The oldest row that waits.';
comment on column waiting_for_people.name_key is 'The name.';
comment on column waiting_for_people.rows is 'How many rows wait for it.';
comment on column waiting_for_people.likely is 'Where the local model would put it.';
comment on column waiting_for_people.reason is 'Why it is not sent.';
comment on column waiting_for_people.since is 'Since when it waits.';
grant select on waiting_for_people to taxon_reader, taxon_admin;
