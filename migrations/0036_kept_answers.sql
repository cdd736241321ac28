-- Up Migration
-- Answers that were paid for and cannot be written at this moment, and names whose rows others hold.

create table kept_answers (
  kept_id bigint generated always as identity primary key,
  llm_call_id bigint not null references llm_calls on delete cascade,
  name_key text not null check (name_key <> ''),
  name_hash bytea generated always as (name_hash(name_key)) stored,
  category_id bigint,
  confidence real check (confidence between 0 and 1),
  kept_at timestamptz not null default now()
);
create index kept_answers_name on kept_answers (name_hash);
create index kept_answers_call on kept_answers (llm_call_id);
comment on table kept_answers is 'Answers of the LLM that were paid for and not written yet, as another transaction holds the label or check of their name; written as soon as it ends.';
comment on column kept_answers.kept_id is 'Order of keeping.';
comment on column kept_answers.llm_call_id is 'The call that brought it.';
comment on column kept_answers.name_key is 'The name.';
comment on column kept_answers.name_hash is 'Digest of the name key.';
comment on column kept_answers.category_id is 'What it said; NULL: none of those that were offered.';
comment on column kept_answers.confidence is 'What it said of its own certainty, if it did.';
comment on column kept_answers.kept_at is 'Since when it is kept.';

alter table queue
  add column held_since timestamptz,
  add column llm_call_id bigint;
comment on column queue.held_since is 'Since when a row of this name cannot be written, as another transaction holds it; NULL: none is known to.';
comment on column queue.llm_call_id is 'The call that was asked for this name and whose label its rows wait for; NULL: none.';

comment on table llm_call_names is 'The names of each call, written with it: only answers to them are taken. Kept for ledger_names_days.';
update all_settings set description = 'For how many days the names of each LLM call are kept; 0: until its answer has come. The calls themselves stay.' where key = 'ledger_names_days';
