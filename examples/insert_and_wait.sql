-- Insert a name and wait for its answer. A name that memory knows is answered by the INSERT itself; for any other a sidecar
-- works, and wait_for() returns the row as soon as it is answered, or as it is after the time-out.
--
--   bin/taxon db psql -f examples/insert_and_wait.sql        (the demo's database, while npm start runs)

-- What do the exact and the similar layer say of it? This writes nothing.
select layer, path, similarity, blocked_by from taxon.look_up('Чайник електричний Bosch 1,7 л');

-- \gset keeps the id. The INSERT is committed by then: in one transaction with it, wait_for() would wait in vain.
insert into taxon.products (name) values ('Чайник електричний Bosch 1,7 л') returning product_id, state \gset
select state, source, l3_confidence from taxon.wait_for(:product_id, timeout => '5 s');

-- The answer in words, and why it is that.
select name, source, path, l3_confidence from taxon.products_readable where product_id = :product_id;
select * from taxon.explain(:product_id);
