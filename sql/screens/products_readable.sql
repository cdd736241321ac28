-- taxon: Products with their categories' names.

create or replace view products_readable with (security_invoker) as
  select p.product_id, p.external_id, p.name, p.state, p.source,
         c1.name as l1, c2.name as l2, c3.name as l3,
         -- written out: a function in a view needs a grant to each who reads through a view upon it, a table only to its owner
         (select string_agg(a.name, ' > ' order by a.level) from categories a where a.category_id = any (c.path_ids)) as path,
         c.external_id as category_external_id,
         p.category_id, p.l1_confidence, p.l2_confidence, p.l3_confidence, p.similarity, p.matched_key, p.model_id,
         p.llm_call_id, p.failure, p.created_at, p.classified_at
    from products p
    left join categories c on c.category_id = p.category_id
    left join categories c1 on c1.category_id = p.l1
    left join categories c2 on c2.category_id = p.l2
    left join categories c3 on c3.category_id = p.l3;
comment on view products_readable is 'products with the names of the categories and the shop''s own category id.';

select describe_view('products_readable', 'products');
comment on column products_readable.l1 is 'Name of the top category.';
comment on column products_readable.l2 is 'Name of the middle category.';
comment on column products_readable.l3 is 'Name of the leaf category.';
comment on column products_readable.path is 'The whole path of names, "a > b > c", in trees deeper than three levels too.';
comment on column products_readable.category_external_id is 'The shop''s own id of the category.';
grant select on products_readable to taxon_reader, taxon_admin, taxon_writer;
