-- taxon: Products are decided again, from the first layer on.

create or replace function decide_again(product_id bigint default null, branch bigint default null, failed boolean default false,
    since timestamptz default null, source text default 'local', stale_only boolean default true, most integer default 10000,
    reason text default null, preview boolean default false)
  returns table (products bigint, answered_otherwise bigint, asked_of_llm bigint, not_looked_at bigint, tokens bigint, note text)
  language plpgsql security definer set search_path from current as $$
declare
  why text := coalesce(nullif(btrim(decide_again.reason), ''), 'decide_again()');
begin
  if (product_id is not null or failed) and num_nonnulls(branch, since) > 0 then
    raise exception 'branch and since choose among answers, not with product_id or failed'
      using hint = 'select * from decide_again(branch => 7, preview => true);', errcode = 'invalid_parameter_value';
  elsif failed then
    return query select * from decide_failed_again(decide_again.product_id, preview);
  elsif product_id is not null then
    return query select * from decide_product_again(decide_again.product_id, why, preview);
  else
    return query select * from decide_answers_again(branch, decide_again.since, source, stale_only, most, why, preview);
  end if;
end $$;
comment on function decide_again(bigint, bigint, boolean, timestamptz, text, boolean, integer, text, boolean) is
  'Decides products again from the first layer on: one, those that failed, or answers that the champion would not give today.
product_id: this product alone; NULL (the default): many.
branch: only answers in this category or below it; NULL: everywhere.
failed: true: names that failed for good (dead letters) go back into the queue; with product_id the one of its name. Default false.
since: only answers given from this moment on; NULL: all.
source: the layer whose answers are decided again, local (the default) or similar.
stale_only: true (the default): only local answers of older models that the champion would not give; false: all.
most: at most so many products a call, 10000 by default.
reason: why; it stands in product_changes beside what the rows said before.
preview: true: says how many there are, how they would end and what the LLM would cost, and changes nothing. Default false.
Returns: products; how many would be answered otherwise, go to the LLM, or end nobody knows yet how; and a note.
Errors: 22023 where the choices do not go together or the source is another one; P0002 where there is no such product or category; 55000 where the local layer answers nothing.
Example: select products, answered_otherwise, asked_of_llm, tokens from decide_again(preview => true);';
grant execute on function decide_again to taxon_admin;
