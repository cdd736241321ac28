-- Classify a table that you have, where it is: attach() makes triggers that note which rows change, a sidecar takes them in, and a
-- view has the answers by your own key. Nothing is added to the table, and detach() leaves nothing behind.
--
--   bin/taxon db psql -f examples/attach.sql        (the demo's database, while its sidecar runs)

create schema attach_example;
create table attach_example.goods (id bigint primary key, brand text, title text not null, price numeric);
insert into attach_example.goods values (1, 'Bosch', 'Чайник електричний 1,7 л', 129), (2, 'Xiaomi', 'Smartfon Redmi 128 GB', 899);

-- The name may be made of several columns.
select view_name, note from taxon.attach('attach_example.goods', name => 'concat_ws('' '', title, brand)');

-- Later rows, changes and deletes follow by themselves; a price is no change that matters.
insert into attach_example.goods values (3, 'Kasta', 'Phone case', 19);
update attach_example.goods set price = price * 1.1;

-- How far is it?
select table_name, state, waiting from taxon.attached_tables;

-- Answers by your own key: as soon as a sidecar has taken the rows in.
select g.id, g.price, a.state, a.path
  from attach_example.goods g left join taxon.attach_example_goods a using (id) order by g.id;

-- Let it go: first what that removes, then so.
select * from taxon.detach('attach_example.goods', preview => true);
select * from taxon.detach('attach_example.goods');
drop schema attach_example cascade;
