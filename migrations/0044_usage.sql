-- Up Migration
-- What providers bill apart: tokens that they write into their prompt caches. And calls whose counts nobody can vouch for.

alter table llm_calls
  add column tokens_written integer not null default 0 check (tokens_written >= 0),
  add column doubt text;
comment on column llm_calls.tokens_written is 'Those of the input tokens that the provider wrote into its prompt cache; neither these nor tokens_cached are fresh input.';
comment on column llm_calls.doubt is 'Why the token counts are not the provider''s, or contradict each other: cost is NULL then, and a budget counts the price of all of them; NULL: nothing is wrong.';

alter table llm_prices
  add column dollars_written numeric check (dollars_written >= 0);
comment on column llm_prices.dollars_written is 'US dollars a million input tokens that the provider wrote into its prompt cache; NULL: not known, a call that wrote some has no known cost.';

-- they take more parameters now
drop function if exists settle_llm(text, bigint, jsonb, jsonb, integer, integer, integer, numeric, text, text);
drop function if exists llm_cost(jsonb, bigint, bigint, bigint);
drop function if exists set_llm_price(text, text, numeric, numeric, numeric, date, numeric);
