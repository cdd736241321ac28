-- What did the layers save? Each layer's share of the products, the tokens that they cost, and what was spent.
--
--   bin/taxon db psql -f examples/what_it_saved.sql        (the demo's database)

-- Only the rows of the llm layer cost tokens.
select layer, products, share, tokens, cost from taxon.routing(since => '30 days');

-- Tokens a product over all products, whatever answered them.
select what, calls, names, products, tokens_in + tokens_out as tokens, tokens_a_product, cost
  from taxon.spend(by => 'model', since => '30 days');

-- For what was the LLM asked, and in which way?
select what as purpose, calls, names, tokens_in, tokens_out, cost from taxon.spend(by => 'purpose', since => '30 days');
select what as route, calls, names, tokens_in, tokens_out from taxon.spend(by => 'route', since => '30 days');

-- What would more labels save? It says so where it cannot say.
select labels_now, labels_then, llm_share_now, llm_share_then, verdict from taxon.learning_curve(more => 10000);
