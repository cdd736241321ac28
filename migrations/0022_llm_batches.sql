-- Up Migration
create table llm_batches (
  llm_batch_id bigint generated always as identity primary key,
  reference uuid not null default gen_random_uuid() unique,
  provider text not null,
  model text not null,
  provider_batch_id text,
  state text not null default 'filling' check (state in ('filling', 'sending', 'running', 'ended', 'failed')),
  cancelled boolean not null default false,
  error text,
  created_at timestamptz not null default now(),
  submitted_at timestamptz,
  ended_at timestamptz
);
create index llm_batches_open on llm_batches (llm_batch_id) where state in ('filling', 'sending', 'running');
comment on table llm_batches is 'Batches given to a provider''s batch API: half the price, answered within a day. Their names are leased to the worker "batch ID" until the batch has ended, whoever submitted it.';
comment on column llm_batches.llm_batch_id is 'Id of the batch.';
comment on column llm_batches.reference is 'Sent along where the provider takes it, so that the batch is found when the process died before it had the provider''s id.';
comment on column llm_batches.provider is 'openai (or any compatible server) or anthropic.';
comment on column llm_batches.model is 'The model asked for.';
comment on column llm_batches.provider_batch_id is 'The provider''s id of it; NULL until it has been submitted.';
comment on column llm_batches.state is 'filling: nothing was sent yet; sending: the provider may have it; running; ended: its results were taken, as far as there were any; failed: there will be none.';
comment on column llm_batches.cancelled is 'Whether somebody cancelled it; what was answered before is taken all the same.';
comment on column llm_batches.error is 'What went wrong.';
comment on column llm_batches.created_at is 'When its first names were claimed.';
comment on column llm_batches.submitted_at is 'When the provider took it.';
comment on column llm_batches.ended_at is 'When its results were in.';

create table llm_batch_calls (
  llm_call_id bigint primary key references llm_calls on delete cascade,
  llm_batch_id bigint not null references llm_batches,
  name_keys text[] not null,
  offered bigint[] not null
);
create index llm_batch_calls_batch on llm_batch_calls (llm_batch_id);
comment on table llm_batch_calls is 'The calls of each batch, with what is needed to judge their answers in another process on another day.';
comment on column llm_batch_calls.llm_call_id is 'The call; "taxon-ID" is what the provider knows it by.';
comment on column llm_batch_calls.llm_batch_id is 'The batch.';
comment on column llm_batch_calls.name_keys is 'Its names in the order of the prompt.';
comment on column llm_batch_calls.offered is 'The ids that an answer may use; 0 is "none of these".';
