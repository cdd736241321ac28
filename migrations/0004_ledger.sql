-- Up Migration
create table llm_calls (
  llm_call_id bigint generated always as identity primary key,
  purpose text not null check (purpose in ('answer', 'escalate', 'audit', 'compare')),
  route text not null,
  provider text not null,
  model text not null,
  model_version text,
  simulated boolean not null,
  state text not null default 'started' check (state in ('started', 'ok', 'failed', 'unknown')),
  names integer not null,
  answered integer,
  tokens_in integer not null,
  tokens_cached integer not null default 0,
  tokens_out integer not null,
  cost numeric(14, 8),
  price jsonb,
  request_id text,
  error text,
  worker text not null,
  lease_until timestamptz not null,
  started_at timestamptz not null default clock_timestamp(),
  ended_at timestamptz
);
create index llm_calls_open on llm_calls (lease_until) where state = 'started';
create index llm_calls_started_at on llm_calls using brin (started_at);
comment on table llm_calls is 'The ledger: one row for each provider call, committed as started before the call is sent and completed in the transaction that settles its answers.';
comment on column llm_calls.llm_call_id is 'Id of the call.';
comment on column llm_calls.purpose is 'answer, escalate, audit or compare.';
comment on column llm_calls.route is 'shortlist (candidates with ids) or tree (the compact taxonomy).';
comment on column llm_calls.provider is 'openai (or any compatible server) or anthropic.';
comment on column llm_calls.model is 'The model asked for.';
comment on column llm_calls.model_version is 'The exact version that answered.';
comment on column llm_calls.simulated is 'Whether the provider says that it is a simulator.';
comment on column llm_calls.state is 'started; ok: an answer arrived; failed: the provider refused, nothing is owed; unknown: no answer arrived, tokens and cost are upper estimates.';
comment on column llm_calls.names is 'Names in the batch.';
comment on column llm_calls.answered is 'Names that got a valid answer.';
comment on column llm_calls.tokens_in is 'Input tokens: the provider''s count once an answer arrived, an upper estimate before and while unknown.';
comment on column llm_calls.tokens_cached is 'Those of the input tokens that the provider had cached.';
comment on column llm_calls.tokens_out is 'Output tokens, counted or estimated as tokens_in.';
comment on column llm_calls.cost is 'US dollars at the price in force; NULL where the price is not known.';
comment on column llm_calls.price is 'That price: dollars a million tokens in, cached, out.';
comment on column llm_calls.request_id is 'The provider''s id of the request.';
comment on column llm_calls.error is 'What went wrong.';
comment on column llm_calls.worker is 'The sidecar that made the call.';
comment on column llm_calls.lease_until is 'Renewed while the call is in flight; past it a started call is closed as unknown.';
comment on column llm_calls.started_at is 'When the call was about to be sent.';
comment on column llm_calls.ended_at is 'When its outcome was written.';
