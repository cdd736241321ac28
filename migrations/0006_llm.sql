-- Up Migration
-- What calls cost, which names they were paid for, and what must not be sent at all. Numbers that decide are numbers: a negative
-- count would make budgets endless, and NaN is greater than every limit.

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
  dollars_written numeric check (dollars_written >= 0),
  reason text,
  primary key (provider, model, since),
  constraint llm_prices_finite check (greatest(dollars_in, dollars_cached, dollars_out) < 'infinity' and isfinite(since))
);
comment on table llm_prices is 'What models cost, from a day on. Rows of the program come with taxon migrate; set_llm_price() writes yours, which beat them.';
comment on column llm_prices.provider is 'openai (or any compatible server) or anthropic.';
comment on column llm_prices.model is 'The model asked for; a dated version without a row of its own has its model''s price.';
comment on column llm_prices.since is 'The first day of this price (UTC).';
comment on column llm_prices.dollars_in is 'US dollars a million input tokens.';
comment on column llm_prices.dollars_cached is 'US dollars a million input tokens that the provider had cached.';
comment on column llm_prices.dollars_out is 'US dollars a million output tokens.';
comment on column llm_prices.reason is 'Why, as it was given.';
comment on column llm_prices.batch_factor is 'What the batch API asks of these prices.';
comment on column llm_prices.simulated is 'Whether it is the simulator''s: money that nobody pays.';
comment on column llm_prices.set_by is 'Who set it; NULL: it came with the program.';
comment on column llm_prices.set_at is 'When it was written.';
comment on column llm_prices.dollars_written is 'US dollars a million input tokens that the provider wrote into its prompt cache; NULL: not known, a call that wrote some has no known cost.';

-- Why the LLM is asked; each row is written by its file in sql/purposes/, with the functions that it names.
create table purposes (
  purpose text primary key,
  hooks text not null check (hooks ~ '^[a-z_]+$'),
  place smallint unique,
  answers_rows boolean not null,
  wants_label boolean not null,
  of_one_change boolean not null
);
comment on table purposes is 'Purposes of LLM calls. What claims, drops, settles and buries names calls the functions of each by name, so that a new one is a file in sql/purposes/.';
comment on column purposes.purpose is 'Its name, as in queue and llm_calls.';
comment on column purposes.hooks is 'What the names of its functions begin with: hooks "audit" has audit_may_claim(), audit_drop(), audit_settle(), audit_bury() and audit_hold().';
comment on column purposes.place is 'Its place in the order of claiming, the lowest first; NULL: its names are never queued, and it needs a settle function alone.';
comment on column purposes.answers_rows is 'Whether rows wait for its answers: they are settled from memory when it knows the name, and names marked urgent are asked beyond a budget.';
comment on column purposes.wants_label is 'Whether it asks for a label that memory does not have. One that comes meanwhile makes the question needless; until then the shortlist''s first and the branch are all that says where the name may lie.';
comment on column purposes.of_one_change is 'Whether each of its calls is booked on one taxonomy change: names of one call then share their shortlist.';

create table llm_calls (
  llm_call_id bigint generated always as identity primary key,
  purpose text not null references purposes,
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
  ended_at timestamptz,
  reason text,
  attempt smallint,
  prompt_version text,
  taxonomy_change_id bigint references taxonomy_changes on delete set null,
  claim_id uuid,
  token uuid unique,
  tokens_written integer not null default 0 check (tokens_written >= 0),
  doubt text,
  constraint llm_calls_counts check (names > 0 and answered >= 0 and tokens_in >= 0 and tokens_cached >= 0 and tokens_out >= 0 and attempt >= 0),
  constraint llm_calls_cost check (cost >= 0 and cost < 'infinity'),
  constraint llm_calls_price check (not jsonb_path_exists(price,
    '$.keyvalue() ? (@.key == "in" || @.key == "cached" || @.key == "out") .value ? (@.type() != "number" || @ < 0)'))
);
create index llm_calls_open on llm_calls (lease_until) where state = 'started';
create index llm_calls_started_at on llm_calls using brin (started_at);
create index llm_calls_taxonomy on llm_calls (taxonomy_change_id) where taxonomy_change_id is not null;
comment on table llm_calls is 'The ledger: one row for each provider call, committed as started before the call is sent and completed in the transaction that settles its answers.';
comment on column llm_calls.llm_call_id is 'Id of the call.';
comment on column llm_calls.purpose is 'Why the LLM is asked.';
comment on column llm_calls.route is 'shortlist (candidates that pay for themselves), two-stage (the upper categories, then what is below the chosen one), subtree (that), tree (the whole compact taxonomy).';
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
comment on column llm_calls.reason is 'Why this route: what the others were expected to cost.';
comment on column llm_calls.attempt is 'How often the most tried of its names had been claimed; NULL: none of them came from the queue.';
comment on column llm_calls.prompt_version is 'Which wording of the prompt asked (promptVersion in src/llm/prompt.ts); NULL: a call older than this column.';
comment on column llm_calls.taxonomy_change_id is 'The split whose names it asks again.';
comment on column llm_calls.claim_id is 'The claim that its names are of; renewed with it. NULL: its names are of no claim.';
comment on column llm_calls.token is 'Made by who calls: start_call() asked again with it finds this row. NULL where it is never asked again.';
comment on column llm_calls.tokens_written is 'Those of the input tokens that the provider wrote into its prompt cache; neither these nor tokens_cached are fresh input.';
comment on column llm_calls.doubt is 'Why the token counts are not the provider''s, or contradict each other: cost is NULL then, and a budget counts the price of all of them; NULL: nothing is wrong.';

create table llm_call_names (
  llm_call_id bigint not null references llm_calls on delete cascade,
  name_hash bytea not null,
  step smallint not null default 1,
  outcome text check (outcome in ('answered', 'none', 'refused', 'lost', 'failed'))
);
create index llm_call_names_call on llm_call_names (llm_call_id);
create index llm_call_names_name on llm_call_names (name_hash);
comment on table llm_call_names is 'The names of each call, written with it: only answers to them are taken. Kept for ledger_names_days.';
comment on column llm_call_names.llm_call_id is 'The call.';
comment on column llm_call_names.name_hash is 'Digest of the name key, as in labels.';
comment on column llm_call_names.step is 'Step of the call''s purpose, as in queue.';
comment on column llm_call_names.outcome is 'NULL: in flight; answered; none: the model said none of these; refused: left out or not valid; lost: no answer arrived; failed: the provider refused the call, nothing is owed.';

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

create table urgent_names (
  name_hash bytea primary key,
  reason text,
  marked_by text not null default session_user,
  marked_at timestamptz not null default now()
);
comment on table urgent_names is 'Names that the LLM is asked about although the budget is used up; mark_urgent() writes them, and they go when no row waits for them.';
comment on column urgent_names.name_hash is 'Digest of the name key.';
comment on column urgent_names.reason is 'Why.';
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
comment on table never_send_marks is 'Names that no provider may be sent: those of a branch, of a pattern, or one. They wait for people; never_send() writes here.';
comment on column never_send_marks.mark_id is 'Id of the mark.';
comment on column never_send_marks.category_id is 'Names that likely lie in this category or below it.';
comment on column never_send_marks.pattern is 'Name keys that match this regular expression, in any case.';
comment on column never_send_marks.name_key is 'This one name.';
comment on column never_send_marks.name_hash is 'Digest of the name key.';
comment on column never_send_marks.reason is 'Why.';
comment on column never_send_marks.marked_by is 'Who marked it.';
comment on column never_send_marks.marked_at is 'When.';

insert into all_settings (key, value, description, kind, least, most, choices, unit, nullable, or_zero, topic, audience, changed_with) values
  ('llm_tokens_a_day', 'null', 'How many tokens all LLM calls may cost a day (UTC); urgent names are asked beyond it.',
    'number', 0, 1e15, null, 'tokens', true, false, 'llm', 'everyday', null),
  ('llm_tokens_a_month', 'null', 'How many tokens all LLM calls may cost a month (UTC).',
    'number', 0, 1e15, null, 'tokens', true, false, 'llm', 'everyday', null),
  ('llm_dollars_a_day', 'null', 'How many US dollars all LLM calls may cost a day (UTC).',
    'number', 0, 1e15, null, 'US dollars', true, false, 'llm', 'everyday', null),
  ('llm_dollars_a_month', 'null', 'How many US dollars all LLM calls may cost a month (UTC).',
    'number', 0, 1e15, null, 'US dollars', true, false, 'llm', 'everyday', null),
  ('llm_full_batch', '20', 'How many names a full LLM batch has, for the savings in routing(); the ledger''s largest batch counts where it is larger.',
    'whole', 1, 100, null, 'names', false, false, 'llm', 'expert', null),
  ('ledger_names_days', '365', 'For how many days the names of each LLM call are kept; 0 keeps them until the answer has come. The calls stay.',
    'whole', 0, 36500, null, 'days', false, false, 'llm', 'expert', null),
  ('llm_deployment', 'null', 'The deployment that may make paid calls, and the database that this was said in.',
    'text', null, null, null, null, true, false, 'llm', 'expert', 'adopt_deployment(''default'')');
