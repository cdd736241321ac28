-- taxon: The learning curve of the champion, point by point.

create or replace view learning_readable with (security_invoker) as select p.* from learning_points() p;
comment on view learning_readable is 'What the champion''s training measured of its letters voice on held-out names, after so many names each.';
comment on column learning_readable.names is 'So many names had been learnt.';
comment on column learning_readable.all_right is 'Share of held-out names with the whole path as their labels have it, 0 to 1.';
comment on column learning_readable.passed_on is 'Share that would be passed on to answer the others as well as the model does.';
comment on column learning_readable.llm_share is 'The LLM''s share of the products that goes with it; NULL: too few products.';
comment on column learning_readable.tokens_saved_a_product is 'LLM tokens saved a product.';
grant select on learning_readable to taxon_reader, taxon_admin;
grant execute on function learning_points to taxon_reader;
