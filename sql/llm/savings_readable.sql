-- taxon: What the local layer has saved, and what is left of the budgets.

create or replace view savings_readable with (security_invoker) as select s.* from savings() s;
comment on view savings_readable is 'What the names of the last 30 days would have cost without the local layer, beside what was spent. Reads all of these rows.';
comment on column savings_readable.against is 'What it is compared with.';
comment on column savings_readable.assumption is 'Where the number comes from.';
comment on column savings_readable.products is 'Rows that were answered.';
comment on column savings_readable.local_names is 'Names that the local layer answered.';
comment on column savings_readable.llm_names is 'Names that the LLM answered.';
comment on column savings_readable.tokens_a_name is 'What a name takes in a full batch; NULL: not measured.';
comment on column savings_readable.tokens_then is 'Tokens without the local layer; NULL: not measured.';
comment on column savings_readable.tokens_spent is 'Tokens that were spent.';
comment on column savings_readable.tokens_saved is 'The difference.';
comment on column savings_readable.share_saved is 'Which share of tokens_then was saved, 0 to 1.';
comment on column savings_readable.cost_then is 'US dollars without the local layer, at the mean rate of what was paid.';
comment on column savings_readable.cost_spent is 'US dollars that were spent; NULL where the price of a call is not known.';
comment on column savings_readable.simulated is 'Whether calls of a simulated LLM are among them.';
grant select on savings_readable to taxon_reader, taxon_admin;
grant execute on function savings to taxon_reader;

create or replace view budgets_readable with (security_invoker) as select b.* from llm_budgets() b;
comment on view budgets_readable is 'The budgets of the LLM that are set, and what of them is spent.';
comment on column budgets_readable.budget is 'The setting: llm_tokens_a_day and its like.';
comment on column budgets_readable.most is 'What it allows.';
comment on column budgets_readable.spent is 'What of it is spent, calls in flight with their upper estimates.';
comment on column budgets_readable.share is 'The same as a share, 0 to 1; at 1 the LLM is asked no more.';
comment on column budgets_readable.ends is 'When the next day or month begins.';
grant select on budgets_readable to taxon_reader, taxon_admin;
grant execute on function llm_budgets to taxon_reader;
