-- Learning: what more labels would bring, and names that are asked because they teach.

alter table queue drop constraint queue_purpose_check,
  add constraint queue_purpose_check check (purpose in ('answer', 'escalate', 'audit', 'compare', 'teach'));
alter table llm_calls drop constraint llm_calls_purpose_check,
  add constraint llm_calls_purpose_check check (purpose in ('answer', 'escalate', 'audit', 'compare', 'teach'));

insert into all_settings (key, value, description) values
  ('retrain_gain', '0.005', 'A training pays when the LLM''s share of the products is expected to fall by at least so much.'),
  ('teach_tokens_a_day', '0', 'LLM tokens that may be spent a day on names that are asked only because they teach; 0: none is.'),
  ('teach_strategy', '"unfamiliar"', 'Which names are asked because they teach: "random", "unfamiliar", "uncertain" or "mixed".');
