-- taxon: What people say of an answer, and the way back.

create or replace function confirm(product_id bigint, category_id bigint default null)
  returns table (product_id bigint, name text, verdict boolean, label_before text, label_after text, corrected integer,
                 asked_again integer, check_id bigint)
  language sql volatile security definer set search_path from current as $$
  select s.* from open_answer(confirm.product_id, confirm.category_id) o,
    settle_verdict(o.name_key, confirm.product_id, o.answer, coalesce(confirm.category_id, o.answer)) s;
$$;
comment on function confirm(bigint, bigint) is
  'Says for a person that a product''s answer is right, or what it is.
product_id: the product.
category_id: what it is; NULL (the default): the answer is right.
Returns: what changed. The answer is that of the name''s open check (what draw_checks() showed) where there is one, else the row''s. It becomes the label of the name, which beats all others, at once; rows of the name that say otherwise are corrected, those that took another answer from it by similarity are decided again. A row that was right keeps its source; one that is corrected gets human, other rows of the name exact.
Errors: P0002 where there is no such product or category in use; 55000 where it has no name, or no answer and no category_id is given; 55P03 while another transaction uses the taxonomy.
Example: select verdict, label_after, corrected from confirm(501, 3);';
grant execute on function confirm to taxon_admin;

create or replace function reject(product_id bigint)
  returns table (product_id bigint, name text, verdict boolean, label_before text, label_after text, corrected integer,
                 asked_again integer, check_id bigint)
  language sql volatile security definer set search_path from current as $$
  select s.* from open_answer(reject.product_id, null) o, settle_verdict(o.name_key, reject.product_id, o.answer, null) s;
$$;
comment on function reject(bigint) is
  'Says for a person that a product''s answer is wrong, and not what it is.
product_id: the product; its answer is that of confirm().
Returns: what changed. A label that gives the answer is forgotten and rows of the name that carry it go to the LLM with the whole tree; those that took it by similarity are decided again. Where a person''s label gives it, label and rows stay and only the check is written.
Errors: P0002 where there is no such product; 55000 where it has no name or no answer; 55P03 while another transaction uses the taxonomy.
Example: select label_before, asked_again from reject(501);';
grant execute on function reject to taxon_admin;

create or replace function undo_check(check_id bigint)
  returns table (name text, label_before text, label_after text, undone integer, kept integer)
  language plpgsql security definer set search_path from current as $$
declare
  k checks;
  moment timestamptz;
  others bigint[];
  is_second boolean;
  why text := format('check %s taken back', undo_check.check_id);
  of_label record;
  of_rows record;
begin
  perform hold_taxonomy();
  select * into k from checks x where x.check_id = undo_check.check_id for update;
  if not found then
    raise exception 'there is no check %', coalesce(undo_check.check_id::text, 'NULL') using errcode = 'no_data_found';
  elsif k.verdict is null then
    raise exception 'check % has no verdict to take back', k.check_id using errcode = 'object_not_in_prerequisite_state';
  end if;
  is_second := k.second_at is not null;
  moment := coalesce(k.second_at, k.checked_at);
  -- one word went into every check of the name
  others := array(select x.check_id from checks x where x.name_hash = k.name_hash and moment in (x.checked_at, x.second_at) order by 1);
  perform hold_names(array(select k.name_key union
    select p.name_key from products p where p.product_id in (select c.product_id from product_changes c where c.check_id = any (others))));
  label_before := (select category_path(l.category_id) from labels l where l.name_hash = k.name_hash);
  select * into of_label from undo_label(others, case when is_second then k.checked_at else '-infinity' end,
                                         case when is_second then k.second_by end, why);
  select * into of_rows from undo_rows(others, case when is_second then k.checked_at else '-infinity' end,
                                       case when is_second then k.second_by end, why);
  update checks x set
      verdict = case when x.second_at = moment then x.verdict else x.second_verdict end,
      truth_category_id = case when x.second_at = moment then x.truth_category_id else x.second_truth_category_id end,
      checked_by = case when x.second_at = moment then x.checked_by else x.second_by end,
      checked_at = case when x.second_at = moment then x.checked_at else x.second_at end,
      second_verdict = null, second_truth_category_id = null, second_by = null, second_at = null
    where x.check_id = any (others);
  -- rows that wait for nothing any more, or for what memory knows again
  perform queue_names(array[k.name_key]), settle_answered('local', array[k.name_key]), settle_answered('llm', array[k.name_key]);
  name := k.name_key;
  label_after := (select category_path(l.category_id) from labels l where l.name_hash = k.name_hash);
  undone := of_label.undone + of_rows.undone;
  kept := of_label.kept + of_rows.kept;
  return next;
end $$;
comment on function undo_check(bigint) is
  'Takes the last verdict on a check back, a second opinion first.
check_id: the check, as confirm() and open_checks() name it.
Returns: the label before and after, what was undone, and what was changed since and is kept. The check is open again, the label is what it was in every column, rows have the answer they had.
Errors: P0002 where there is no such check; 55000 where it has no verdict; 55P03 while another transaction uses the taxonomy.
Example: select label_before, label_after, undone from undo_check(1);';
grant execute on function undo_check to taxon_admin;
