-- Up Migration
-- What waits, who works, and what the local layer saw. What an INSERT costs decides much here (docs/measured/insert.md).

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
  classified_at timestamptz,
  evidence_id bigint,
  arrived_xact xid8 not null default pg_current_xact_id(),
  -- (no BETWEEN in a list of AND: after a dump and a restore it has other parentheses)
  constraint products_numbers check (l1_confidence >= 0 and l1_confidence <= 1 and l2_confidence >= 0 and l2_confidence <= 1
    and l3_confidence >= 0 and l3_confidence <= 1 and similarity >= 0 and similarity <= 1)
);
create index products_name on products (name_hash(name_key));
-- a label found wrong leads to all that it answered by similarity
create index products_matched_key on products (name_hash(matched_key)) where matched_key is not null;
create index products_created_at on products using brin (created_at);
create index products_local on products (product_id) where source = 'local';
-- A row that waits is its own entry of what is new: take_in() finds it by the transaction that brought it, so that the INSERT
-- writes no second row with indexes of its own. The sweep for rows that came with triggers off reads it too; answered rows leave it.
create index products_pending on products (arrived_xact, product_id) where state = 'pending';
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
comment on column products.inserted_xact is 'The transaction that last made this row pending or answered it from memory: its INSERT, its new name, decide_again(). wait_for() refuses its own.';
comment on column products.created_at is 'When the row was inserted.';
comment on column products.classified_at is 'When it was answered.';
comment on column products.evidence_id is 'The evidence of the local layer''s decision; NULL: it was not asked, or the evidence is past its days.';
comment on column products.arrived_xact is 'The transaction that inserted the row or gave it its name; by it take_in() finds what is new.';
-- people type and read it
do $$ begin execute format('alter table products set schema %I', (current_schemas(false))[2]); end $$;

create table intakes (
  intake_id bigint generated always as identity primary key,
  since pg_snapshot not null,
  until pg_snapshot not null,
  after_xact xid8 not null default '0',
  after_id bigint not null default -9223372036854775808,
  done boolean not null default false
);
create index intakes_open on intakes (intake_id) where not done;
comment on table intakes is 'What take_in() has looked at: the rows of transactions that had ended at the second snapshot and not at the first. The newest, and those that are not done; others are removed.';
comment on column intakes.intake_id is 'Order.';
comment on column intakes.since is 'Rows that this snapshot sees were taken in before.';
comment on column intakes.until is 'Rows that this one does not see come later.';
comment on column intakes.after_xact is 'How far it is done: the last row''s arrived_xact.';
comment on column intakes.after_id is 'And its product_id.';
comment on column intakes.done is 'Whether all its rows are in the queue.';
-- there is nothing older to take in
insert into intakes (since, until, done) select s, s, true from pg_current_snapshot() s;

-- Emptied all the time, so what is dead is many times what lives: by their share of the table, dead entries would be removed too late.
create table queue (
  queue_id bigint generated always as identity primary key,
  stage text not null default 'local' check (stage in ('local', 'llm')),
  name_key text not null,
  name_hash bytea generated always as (name_hash(name_key)) stored,
  -- one of purposes; a foreign key took 3.5 µs of each name that comes, and only the files of sql/purposes write another
  purpose text not null default 'answer',
  step smallint not null default 1,
  branch bigint,
  shortlist bigint[],
  attempts smallint not null default 0,
  worker text,
  -- the moment of the entry itself, not that of its transaction's beginning, which may be an hour before
  available_at timestamptz not null default clock_timestamp(),
  last_error text,
  created_at timestamptz not null default now(),
  probabilities real[],
  next text check (next in ('subtree', 'elsewhere', 'last')),
  asked smallint not null default 0,
  claim_id uuid,
  held_since timestamptz,
  llm_call_id bigint
) with (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000, autovacuum_vacuum_insert_scale_factor = 0,
  autovacuum_analyze_scale_factor = 0, autovacuum_analyze_threshold = 50000, autovacuum_vacuum_cost_delay = 0);
create index queue_available on queue (stage, available_at);
create index queue_name on queue (name_hash);
create unique index queue_llm_once on queue (name_hash, purpose, step) where stage = 'llm';
create index queue_waiting on queue (created_at) where stage = 'llm' and purpose = 'answer';
create index queue_claim on queue (claim_id) where claim_id is not null;
-- nearly empty: names that ended two workers, for claims to step around
create index queue_tried on queue (name_hash) where stage = 'local' and attempts >= 2;
comment on table queue is 'Names waiting for the local layer or the LLM. The local stage may hold a name twice, as appending must not wait for another writer; the LLM stage is unique per name, purpose and step.';
comment on column queue.queue_id is 'Id of the entry.';
comment on column queue.stage is 'local or llm.';
comment on column queue.name_key is 'The name.';
comment on column queue.name_hash is 'Digest of the name key.';
comment on column queue.purpose is 'What the LLM is asked for.';
comment on column queue.step is 'Step of the purpose.';
comment on column queue.branch is 'The likely l1, so that a full batch is of one; with next subtree and last the category that the first of two stages chose, with elsewhere the one below which nothing fitted.';
comment on column queue.shortlist is 'Candidate categories for the prompt, best first; NULL: nothing is known.';
comment on column queue.attempts is 'How often it was claimed; given back uncounted where the provider was at fault.';
comment on column queue.worker is 'The sidecar that holds the lease; NULL when free.';
comment on column queue.available_at is 'From when it may be claimed; a lease is this moment moved into the future.';
comment on column queue.last_error is 'What went wrong last.';
comment on column queue.created_at is 'When the name began to wait in this stage.';
comment on column queue.probabilities is 'How likely each of the shortlist is, by the local model; NULL: nobody says, all are offered.';
comment on column queue.next is 'Where an answer has left the name: subtree (below branch), elsewhere (anywhere but below branch), last (below branch, where something has to do); NULL: the batch chooses.';
comment on column queue.asked is 'Steps that the name has been through; each is paid for once.';
comment on column queue.claim_id is 'The claim that took it, an id made by the sidecar; what is renewed and taken back is told by it.';
comment on column queue.held_since is 'Since when a row of this name cannot be written, as another transaction holds it; NULL: none is known to.';
comment on column queue.llm_call_id is 'The call that was asked for this name and whose label its rows wait for; NULL: none.';

-- Where claims begin to look. While some transaction keeps an old snapshot, the entries of names that were claimed and settled
-- cannot be removed, and each claim stepped over all of them: 20 times its usual cost after 300,000 names. Sequences, as they are
-- read at no cost, have no old versions that pile up in their turn, and conflict with nothing.
create sequence queue_floor minvalue 0 start 0 owned by queue.available_at;
create sequence queue_safe minvalue 0 start 0 owned by queue.available_at;
comment on sequence queue_floor is 'No entry of the local stage is due from before this moment, in milliseconds since 1970; a hint, which look_below_floor() checks.';
comment on sequence queue_safe is 'Whoever inserted entries before this moment, in milliseconds since 1970, has ended his transaction.';

create table queue_horizon (
  looked_at timestamptz not null,
  next_xid xid8 not null
);
comment on table queue_horizon is 'One row, or a few where several claims were the first: when this transaction began, all that write now had a smaller number. Once they have ended, queue_safe may rise.';
comment on column queue_horizon.looked_at is 'A moment just before the number was taken.';
comment on column queue_horizon.next_xid is 'The number of the transaction that noted it.';

create table dead_letters (
  dead_letter_id bigint generated always as identity primary key,
  stage text not null,
  name_key text not null,
  name_hash bytea generated always as (name_hash(name_key)) stored unique,
  attempts smallint not null,
  error text,
  created_at timestamptz not null default now()
);
comment on table dead_letters is 'Names that failed again and again; decide_again() puts them back.';
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
  seen_at timestamptz not null default now(),
  deployment text
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
comment on column sidecars.deployment is 'The name under which it would make paid calls; NULL: it has no provider, or a simulator.';

-- Until when (seconds since 1970) some idle sidecar listens. A sequence and no column: inserts read it, and a transaction that is
-- SERIALIZABLE must not fail because of what a heartbeat wrote meanwhile. Reading and setting a sequence conflicts with nothing.
create sequence notify_until minvalue 0 start 0 owned by sidecars.worker;
comment on sequence notify_until is 'Until when inserts wake a sidecar, in seconds since 1970; written by heartbeats.';

create table evidence (
  evidence_id bigint generated always as identity primary key,
  product_id bigint not null,
  model_id bigint not null references models on delete cascade,
  decided_at timestamptz not null default now(),
  category_id bigint,
  threshold_id bigint,
  l1_said real,
  l2_said real,
  l3_said real,
  margin real,
  nearest real,
  unknown real,
  voices smallint,
  clears boolean not null,
  answered boolean not null,
  constraint evidence_numbers check (l1_said >= 0 and l1_said <= 1 and l2_said >= 0 and l2_said <= 1 and l3_said >= 0 and l3_said <= 1
    and margin >= -1e30 and margin <= 1e30 and nearest >= -1e30 and nearest <= 1e30 and unknown >= -1e30 and unknown <= 1e30)
);
create index evidence_decided_at on evidence using brin (decided_at);
comment on table evidence is 'One row for each cache miss that the local layer decided: what the model said, before calibration, and whether that was enough. Kept for the setting evidence_days.';
comment on column evidence.evidence_id is 'Order of deciding; products.evidence_id points here.';
comment on column evidence.product_id is 'One of the rows that waited for the name.';
comment on column evidence.model_id is 'The model that was asked.';
comment on column evidence.decided_at is 'When.';
comment on column evidence.category_id is 'Its answer, also where the LLM was asked in the end.';
comment on column evidence.threshold_id is 'The row of thresholds that was in force; NULL: the defaults.';
comment on column evidence.l1_said is 'What the model said of l1, before calibration.';
comment on column evidence.l2_said is 'What it said of l1 and l2 together.';
comment on column evidence.l3_said is 'What it said of the whole path: what names are ranked by.';
comment on column evidence.margin is 'Probability of the best path minus that of the second.';
comment on column evidence.nearest is 'Cosine of the nearest labelled name; NULL: memory was not asked.';
comment on column evidence.unknown is 'Share of the name''s n-grams that no training name had.';
comment on column evidence.voices is 'How many voices, each alone, give the answer, 0 to 3; NULL: memory was not asked, as letters were sure, or letters and meaning.';
comment on column evidence.clears is 'Whether the thresholds in force were cleared.';
comment on column evidence.answered is 'Whether the local layer answered; false although clears: in shadow.';

insert into all_settings (key, value, description, kind, least, most, choices, unit, nullable, or_zero, topic, audience, changed_with) values
  ('local_layer', '"on"', 'What the local model does: on answers where all levels clear, shadow only records what it would answer, off is not asked.',
    'choice', null, null, '{on,shadow,off}', null, false, false, 'route', 'everyday', null),
  ('shadow_branches', '[]', 'The top categories in which the local model only records what it would answer.',
    'branches', null, null, null, 'category ids', false, false, 'route', 'everyday', null),
  ('partial_answers', 'false', 'Whether a row shows the levels that are sure while the LLM is asked for the rest.',
    'switch', null, null, null, null, false, false, 'route', 'everyday', null),
  ('evidence_days', '180', 'For how many days the evidence of local decisions is kept; 0 writes none.',
    'whole', 0, 36500, null, 'days', false, false, 'route', 'expert', null),
  ('notify', 'true', 'Whether inserts wake an idle sidecar by NOTIFY; off, sidecars poll.',
    'switch', null, null, null, null, false, false, 'route', 'expert', null),
  ('max_attempts', '5', 'After how many failed attempts a name becomes a dead letter.',
    'whole', 1, 100, null, 'attempts', false, false, 'route', 'expert', null);
