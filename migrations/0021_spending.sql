-- Up Migration
-- What a call may cost, which names it was paid for, and what must not be sent at all.

create table llm_prices (
  provider text not null,
  model text not null,
  since date not null,
  dollars_in numeric not null check (dollars_in >= 0),
  dollars_cached numeric not null check (dollars_cached >= 0),
  dollars_out numeric not null check (dollars_out >= 0),
  batch_factor numeric not null default 0.5 check (batch_factor between 0 and 1),
  simulated boolean not null default false,
  set_by text,
  set_at timestamptz not null default now(),
  primary key (provider, model, since)
);
comment on table llm_prices is 'What models cost, from a day on. Rows of the program come with taxon migrate; set_llm_price() writes yours, which beat them.';
comment on column llm_prices.provider is 'openai (or any compatible server) or anthropic.';
comment on column llm_prices.model is 'The model asked for; a dated version without a row of its own has its model''s price.';
comment on column llm_prices.since is 'The first day of this price (UTC).';
comment on column llm_prices.dollars_in is 'US dollars a million input tokens.';
comment on column llm_prices.dollars_cached is 'US dollars a million input tokens that the provider had cached.';
comment on column llm_prices.dollars_out is 'US dollars a million output tokens.';
comment on column llm_prices.batch_factor is 'What the batch API asks of these prices.';
comment on column llm_prices.simulated is 'Whether it is the simulator''s: money that nobody pays.';
comment on column llm_prices.set_by is 'Who set it; NULL: it came with the program.';
comment on column llm_prices.set_at is 'When it was written.';

alter table llm_calls
  add column attempt smallint;
comment on column llm_calls.attempt is 'How often the most tried of its names had been claimed; NULL: none of them came from the queue.';

create table llm_call_names (
  llm_call_id bigint not null references llm_calls on delete cascade,
  name_hash bytea not null,
  step smallint not null default 1,
  outcome text check (outcome in ('answered', 'none', 'refused', 'lost', 'failed'))
);
create index llm_call_names_call on llm_call_names (llm_call_id);
create index llm_call_names_name on llm_call_names (name_hash);
comment on table llm_call_names is 'The names of each call, written with it; kept for ledger_names_days.';
comment on column llm_call_names.llm_call_id is 'The call.';
comment on column llm_call_names.name_hash is 'Digest of the name key, as in labels.';
comment on column llm_call_names.step is 'Step of the call''s purpose, as in queue.';
comment on column llm_call_names.outcome is 'NULL: in flight; answered; none: the model said none of these; refused: left out or not valid; lost: no answer arrived; failed: the provider refused the call, nothing is owed.';

create table urgent_names (
  name_hash bytea primary key,
  marked_by text not null default session_user,
  marked_at timestamptz not null default now()
);
comment on table urgent_names is 'Names that the LLM is asked about although the budget is used up; mark_urgent() writes them, and they go when no row waits for them.';
comment on column urgent_names.name_hash is 'Digest of the name key.';
comment on column urgent_names.marked_by is 'Who marked it.';
comment on column urgent_names.marked_at is 'When.';

create table never_send_marks (
  mark_id bigint generated always as identity primary key,
  category_id bigint unique references categories,
  pattern text unique check (pattern <> ''),
  name_key text,
  name_hash bytea generated always as (name_hash(name_key)) stored unique,
  reason text,
  marked_by text not null default session_user,
  marked_at timestamptz not null default now(),
  check (num_nonnulls(category_id, pattern, name_key) = 1)
);
comment on table never_send_marks is 'Names that no provider may be sent: those of a branch, of a pattern, or one. They wait for people; never_send() and may_send_again() write here.';
comment on column never_send_marks.mark_id is 'Id of the mark.';
comment on column never_send_marks.category_id is 'Names that likely lie in this category or below it.';
comment on column never_send_marks.pattern is 'Name keys that match this regular expression, in any case.';
comment on column never_send_marks.name_key is 'This one name.';
comment on column never_send_marks.name_hash is 'Digest of the name key.';
comment on column never_send_marks.reason is 'Why.';
comment on column never_send_marks.marked_by is 'Who marked it.';
comment on column never_send_marks.marked_at is 'When.';

alter table sidecars
  add column deployment text;
comment on column sidecars.deployment is 'The name under which it would make paid calls; NULL: it has no provider, or a simulator.';

insert into all_settings (key, value, description) values
  ('llm_tokens_a_day', 'null', 'LLM tokens that all calls may cost a day (UTC); null: no limit. Used up, the LLM stage waits for the next day, but for names marked urgent.'),
  ('llm_tokens_a_month', 'null', 'The same for a month.'),
  ('llm_dollars_a_day', 'null', 'US dollars that all calls may cost a day (UTC); null: no limit.'),
  ('llm_dollars_a_month', 'null', 'The same for a month.'),
  ('llm_naive_tokens', '25000', 'Tokens a product of the form that savings() compares with: one call a product, the whole taxonomy with all that is known of it in each.'),
  ('ledger_names_days', '365', 'For how many days the names of each LLM call are kept; 0: none is written. The calls themselves stay.'),
  ('llm_deployment', 'null', 'The deployment that may make paid calls, and the database that this was said in; adopt_deployment() changes it.');

-- they take more parameters now
drop function if exists start_call(text, text, text, text, text, boolean, integer, integer, integer, numeric, jsonb, interval);
drop function if exists heartbeat(text, text, integer, text, bigint, text, boolean, boolean, text);
