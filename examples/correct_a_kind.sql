-- Correct a whole kind of names at once: here cases for tablets that were taken for something else. confirm() makes each name's
-- right category its label. People's labels are never changed by a machine, and names that had taken the wrong answer because
-- they are near are decided again. undo_check() takes one back.
--
--   bin/taxon db psql -f examples/correct_a_kind.sql        (the demo's database)

\set kind 'etui na tablet|(чохол|чехол) .*планшет|tablet case'
\set right 'Electronics > Tablets and readers > Tablet cases'

-- Who is of the kind and stands elsewhere?
select product_id, name, source, path from taxon.products_readable
  where name ~* :'kind' and path <> :'right' order by product_id limit 20;

-- Each is corrected; asked_again counts the rows that had taken its answer.
select c.name, c.label_before, c.label_after, c.corrected, c.asked_again
  from (select p.product_id, k.category_id
          from taxon.products_readable p join taxon.categories k on taxon.category_path(k.category_id) = :'right'
          where p.name ~* :'kind' and p.path <> :'right' order by p.product_id limit 20) wrong
  cross join lateral taxon.confirm(wrong.product_id, wrong.category_id) c;

-- From now on memory answers these names, and the next training learns from them.
select source, count(*) from taxon.products_readable where name ~* :'kind' and path = :'right' group by source order by 2 desc;
