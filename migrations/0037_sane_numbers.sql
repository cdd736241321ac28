-- Up Migration
-- Numbers that decide are numbers: a negative count made budgets endless, and NaN is greater than every limit.

update llm_calls set tokens_in = greatest(tokens_in, 0), tokens_out = greatest(tokens_out, 0), tokens_cached = greatest(tokens_cached, 0),
    names = greatest(names, 1), cost = case when cost >= 0 and cost < 'infinity' then cost end
  where least(tokens_in, tokens_out, tokens_cached) < 0 or names < 1 or not (cost >= 0 and cost < 'infinity');
alter table llm_calls
  add constraint llm_calls_counts check (names > 0 and answered >= 0 and tokens_in >= 0 and tokens_cached >= 0 and tokens_out >= 0 and attempt >= 0),
  add constraint llm_calls_cost check (cost >= 0 and cost < 'infinity'),
  add constraint llm_calls_price check (not jsonb_path_exists(price,
    '$.keyvalue() ? (@.key == "in" || @.key == "cached" || @.key == "out") .value ? (@.type() != "number" || @ < 0)'));

delete from llm_prices where not (greatest(dollars_in, dollars_cached, dollars_out) < 'infinity');
alter table llm_prices
  add constraint llm_prices_finite check (greatest(dollars_in, dollars_cached, dollars_out) < 'infinity' and isfinite(since));

-- (no BETWEEN in a list of AND: after a dump and a restore it has other parentheses)
update products set l1_confidence = case when l1_confidence between 0 and 1 then l1_confidence end,
    l2_confidence = case when l2_confidence between 0 and 1 then l2_confidence end,
    l3_confidence = case when l3_confidence between 0 and 1 then l3_confidence end
  where not (l1_confidence between 0 and 1 and l2_confidence between 0 and 1 and l3_confidence between 0 and 1);
alter table products
  add constraint products_numbers check (l1_confidence >= 0 and l1_confidence <= 1 and l2_confidence >= 0 and l2_confidence <= 1
    and l3_confidence >= 0 and l3_confidence <= 1 and similarity >= 0 and similarity <= 1);

delete from evidence where not (l1_said between 0 and 1 and l2_said between 0 and 1 and l3_said between 0 and 1
  and margin between -1e30 and 1e30 and nearest between -1e30 and 1e30 and unknown between -1e30 and 1e30);
alter table evidence
  add constraint evidence_numbers check (l1_said >= 0 and l1_said <= 1 and l2_said >= 0 and l2_said <= 1 and l3_said >= 0 and l3_said <= 1
    and margin >= -1e30 and margin <= 1e30 and nearest >= -1e30 and nearest <= 1e30 and unknown >= -1e30 and unknown <= 1e30);

delete from second_looks where not (l1_said between 0 and 1 and l2_said between 0 and 1 and l3_said between 0 and 1);
alter table second_looks
  add constraint second_looks_numbers check (l1_said >= 0 and l1_said <= 1 and l2_said >= 0 and l2_said <= 1 and l3_said >= 0 and l3_said <= 1);

delete from check_scores where not (l1_said between 0 and 1 and l2_said between 0 and 1 and l3_said between 0 and 1);
alter table check_scores
  add constraint check_scores_numbers check (l1_said >= 0 and l1_said <= 1 and l2_said >= 0 and l2_said <= 1 and l3_said >= 0 and l3_said <= 1);

alter table calibrations
  add constraint calibrations_finite check (-1e30 < all (offsets) and 1e30 > all (offsets) and 1e30 > all (slopes));

alter table checks
  add constraint checks_weight_finite check (weight < 'infinity');

-- it takes one more parameter now
drop function if exists follow_categories(bigint[], bigint, text);
