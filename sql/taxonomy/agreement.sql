-- taxon_internal: Whether two answers are the same, and on how many levels.

create or replace function same_path(a bigint, b bigint) returns boolean
  language sql stable parallel safe
begin atomic
  select coalesce((select (x.l1, x.l2, x.l3) is not distinct from (y.l1, y.l2, y.l3)
                     from categories x, categories y where x.category_id = a and y.category_id = b), false);
end;
comment on function same_path(bigint, bigint) is 'Whether two categories have the same l1, l2 and l3: then one answer is as right as the other. Example: same_path(7, 7) is true, same_path(7, NULL) false.';
grant execute on function same_path to taxon_admin;

create or replace function agreed_levels(a bigint, b bigint) returns smallint
  language sql stable parallel safe
begin atomic
  select case when x.l1 is distinct from y.l1 then 0 when x.l2 is distinct from y.l2 then 1 when x.l3 is distinct from y.l3 then 2
    else 3 end::smallint
    from categories x, categories y where x.category_id = a and y.category_id = b;
end;
comment on function agreed_levels(bigint,
  bigint) is 'On how many levels two categories agree, from the top. Example: select agreed_levels(7, 7);';
grant execute on function agreed_levels to taxon_admin;
