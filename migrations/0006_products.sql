-- Up Migration
-- No foreign keys: each costs every INSERT a trigger call, and only functions of this schema write the columns that
-- would have them.
create table products (
  product_id bigint generated always as identity primary key,
  external_id text,
  name text,
  name_key text generated always as (normalise(name)) stored,
  category_id bigint,
  l1 bigint,
  l2 bigint,
  l3 bigint,
  l1_confidence real,
  l2_confidence real,
  l3_confidence real,
  source text check (source in ('exact', 'similar', 'local', 'llm', 'human')),
  similarity real,
  matched_key text,
  model_id bigint,
  llm_call_id bigint,
  state text not null default 'pending' check (state in ('pending', 'done', 'failed')),
  failure text,
  inserted_xact xid8 not null default pg_current_xact_id(),
  created_at timestamptz not null default now(),
  classified_at timestamptz
);
create index products_name on products (name_hash(name_key));
create index products_created_at on products using brin (created_at);
comment on table products is 'Names to classify: INSERT here, read the category here.';
comment on column products.product_id is 'Id of the row.';
comment on column products.external_id is 'The shop''s own id of the product.';
comment on column products.name is 'The name as given. An empty one is accepted and shown as failed.';
comment on column products.name_key is 'normalise(name): the unit of work.';
comment on column products.category_id is 'The answer: the deepest category; NULL while pending.';
comment on column products.l1 is 'Top category of the answer.';
comment on column products.l2 is 'Middle category of the answer; NULL where the path stops above.';
comment on column products.l3 is 'Leaf category of the answer; NULL where the path stops above.';
comment on column products.l1_confidence is 'The local model''s probability that l1 is right; written for every cache miss.';
comment on column products.l2_confidence is 'The local model''s probability that l1 and l2 are right.';
comment on column products.l3_confidence is 'The local model''s probability that l1, l2 and l3 are right.';
comment on column products.source is 'Which layer or person answered: exact, similar, local, llm or human.';
comment on column products.similarity is 'pg_trgm similarity to matched_key, when the similar layer answered.';
comment on column products.matched_key is 'The labelled name that the similar layer took the answer from.';
comment on column products.model_id is 'The model that gave the confidences.';
comment on column products.llm_call_id is 'The ledger''s row of the call that answered.';
comment on column products.state is 'pending, done or failed.';
comment on column products.failure is 'Why it failed.';
comment on column products.inserted_xact is 'The transaction that last made this row pending or answered it from memory: its INSERT, its new name, requeue(). wait_for() refuses its own.';
comment on column products.created_at is 'When the row was inserted.';
comment on column products.classified_at is 'When it was answered.';

create table queue (
  queue_id bigint generated always as identity primary key,
  stage text not null default 'local' check (stage in ('local', 'llm')),
  name_key text not null,
  name_hash bytea generated always as (name_hash(name_key)) stored,
  purpose text not null default 'answer' check (purpose in ('answer', 'escalate', 'audit', 'compare')),
  step smallint not null default 1,
  branch bigint,
  shortlist bigint[],
  attempts smallint not null default 0,
  worker text,
  available_at timestamptz not null default now(),
  last_error text,
  created_at timestamptz not null default now()
);
create index queue_available on queue (stage, available_at);
create index queue_name on queue (name_hash);
create unique index queue_llm_once on queue (name_hash, purpose, step) where stage = 'llm';
comment on table queue is 'Names waiting for the local layer or the LLM. The local stage may hold a name twice, as appending must not wait for another writer; the LLM stage is unique per name, purpose and step.';
comment on column queue.queue_id is 'Id of the entry.';
comment on column queue.stage is 'local or llm.';
comment on column queue.name_key is 'The name.';
comment on column queue.name_hash is 'Digest of the name key.';
comment on column queue.purpose is 'What the LLM is asked for: answer, escalate, audit or compare.';
comment on column queue.step is 'Step of the purpose.';
comment on column queue.branch is 'The likely l1, so that a batch is of one subtree.';
comment on column queue.shortlist is 'Candidate categories for the prompt, best first; NULL: offer the whole tree.';
comment on column queue.attempts is 'How often it was claimed; given back uncounted where the provider was at fault.';
comment on column queue.worker is 'The sidecar that holds the lease; NULL when free.';
comment on column queue.available_at is 'From when it may be claimed; a lease is this moment moved into the future.';
comment on column queue.last_error is 'What went wrong last.';
comment on column queue.created_at is 'When the name began to wait in this stage.';

create table dead_letters (
  dead_letter_id bigint generated always as identity primary key,
  stage text not null,
  name_key text not null,
  name_hash bytea generated always as (name_hash(name_key)) stored unique,
  attempts smallint not null,
  error text,
  created_at timestamptz not null default now()
);
comment on table dead_letters is 'Names that failed again and again; retry_dead() puts them back.';
comment on column dead_letters.dead_letter_id is 'Id of the entry.';
comment on column dead_letters.stage is 'Where it failed: local or llm.';
comment on column dead_letters.name_key is 'The name.';
comment on column dead_letters.name_hash is 'Digest of the name key.';
comment on column dead_letters.attempts is 'How often it was tried.';
comment on column dead_letters.error is 'The last error.';
comment on column dead_letters.created_at is 'When it was given up.';

create table sidecars (
  worker text primary key,
  host text not null,
  pid integer not null,
  version text not null,
  model_id bigint,
  llm text,
  listening boolean not null default false,
  idle boolean not null default false,
  notice text,
  started_at timestamptz not null default now(),
  seen_at timestamptz not null default now()
);
comment on table sidecars is 'The workers: one row each, kept fresh by its heartbeat.';
comment on column sidecars.worker is 'The sidecar''s name: host, process id and a random part.';
comment on column sidecars.host is 'Machine it runs on.';
comment on column sidecars.pid is 'Process id there.';
comment on column sidecars.version is 'pgtaxon version.';
comment on column sidecars.model_id is 'The model it has loaded.';
comment on column sidecars.llm is 'Its provider and model; NULL when it has none and the LLM stage waits for another.';
comment on column sidecars.listening is 'Whether LISTEN works; false behind a transaction pooler, where it polls.';
comment on column sidecars.idle is 'Whether it sleeps and wants a NOTIFY.';
comment on column sidecars.notice is 'Something that a person should know.';
comment on column sidecars.started_at is 'When it started.';
comment on column sidecars.seen_at is 'Its last heartbeat.';

-- what people read
do $$ begin execute format('alter table products set schema %I', (current_schemas(false))[2]); end $$;
