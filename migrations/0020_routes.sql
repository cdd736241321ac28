-- Routes of the LLM layer: how likely each candidate is, where an answer has left a name, and why a call asked as it did.

alter table queue
  add column odds real[],
  add column next text check (next in ('subtree', 'tree')),
  add column asked smallint not null default 0;
comment on column queue.branch is 'The likely l1, so that a batch is of one subtree; with next subtree the category that the first of two stages chose.';
comment on column queue.shortlist is 'Candidate categories for the prompt, best first; NULL: nothing is known.';
comment on column queue.odds is 'How likely each of the shortlist is, by the local model; NULL: nobody says, all are offered.';
comment on column queue.next is 'Where an answer has left the name: subtree (below branch), tree (nothing of a part fitted); NULL: the batch chooses.';
comment on column queue.asked is 'Steps that the name has been through; each is paid for once.';

alter table llm_calls add column reason text;
comment on column llm_calls.route is 'shortlist (candidates that pay for themselves), two-stage (the upper categories, then what is below the chosen one), subtree (that), tree (the whole compact taxonomy).';
comment on column llm_calls.reason is 'Why this route: what the others were expected to cost.';

-- it returns more now
drop function if exists claim_llm(text, integer, interval, interval);
