-- taxon: The categories with their paths.

create or replace view categories_readable with (security_invoker) as
  select c.category_id, c.external_id,
         -- written out: a function in a view needs a grant to each who reads through a view upon it, a table only to its owner
         (select string_agg(a.name, ' > ' order by a.level) from categories a where a.category_id = any (c.path_ids)) as path,
         c1.name as l1, c2.name as l2, c3.name as l3, c.level, c.retired_at is null as in_use, c.retired_at, c.merged_into
    from categories c
    left join categories c1 on c1.category_id = c.l1
    left join categories c2 on c2.category_id = c.l2
    left join categories c3 on c3.category_id = c.l3;
comment on view categories_readable is 'Every category with its path, those out of use too.';

select describe_view('categories_readable', 'categories');
comment on column categories_readable.path is 'The whole path of names, "a > b > c".';
comment on column categories_readable.l1 is 'Name of the top category.';
comment on column categories_readable.l2 is 'Name of the middle category; NULL where the path stops above.';
comment on column categories_readable.l3 is 'Name of the leaf category; NULL where the path stops above.';
comment on column categories_readable.in_use is 'Whether products may get it.';
grant select on categories_readable to taxon_reader, taxon_admin, taxon_writer;
