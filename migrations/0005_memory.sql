-- Up Migration
create table labels (
  name_hash bytea generated always as (name_hash(name_key)) stored primary key,
  name_key text not null check (name_key <> ''),
  category_id bigint not null references categories,
  source text not null check (source in ('llm', 'human', 'import')),
  confidence real check (confidence between 0 and 1),
  llm_call_id bigint references llm_calls on delete set null,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);
create index labels_category on labels (category_id);
comment on table labels is 'Memory: one label a name key. Only answers of the LLM, of people and of imports stand here.';
comment on column labels.name_hash is 'Digest of the name key, the primary key.';
comment on column labels.name_key is 'The normalised name.';
comment on column labels.category_id is 'What it is: the deepest category known.';
comment on column labels.source is 'llm, human or import. human beats the others.';
comment on column labels.confidence is 'What the labeller said of its own certainty, if it did.';
comment on column labels.llm_call_id is 'The call that gave it.';
comment on column labels.created_at is 'When the name was first labelled.';
comment on column labels.updated_at is 'When the label last changed.';

create table label_changes (
  change_id bigint generated always as identity primary key,
  name_key text not null,
  before_category_id bigint,
  before_source text,
  after_category_id bigint,
  after_source text,
  changed_by text not null default current_user,
  changed_at timestamptz not null default clock_timestamp()
);
comment on table label_changes is 'History of memory: each change and removal of a label.';
comment on column label_changes.change_id is 'Order of the changes.';
comment on column label_changes.name_key is 'The name.';
comment on column label_changes.before_category_id is 'Category before.';
comment on column label_changes.before_source is 'Source before.';
comment on column label_changes.after_category_id is 'Category after; NULL when the label was removed.';
comment on column label_changes.after_source is 'Source after.';
comment on column label_changes.changed_by is 'The role that changed it.';
comment on column label_changes.changed_at is 'When.';

create table embeddings (
  encoder_id integer not null references encoders,
  name_hash bytea not null,
  embedding halfvec not null,
  labelled boolean not null default false,
  primary key (encoder_id, name_hash)
);
comment on table embeddings is 'One vector a name key and encoder; a name is encoded once, ever. halfvec, not vector: .39 of the bytes at 768 dimensions (vector goes to TOAST), .56 at 384, read back faster, and 99.9% of the ten nearest names stay (bench/embedding-type.ts).';
comment on column embeddings.encoder_id is 'The encoder.';
comment on column embeddings.name_hash is 'Digest of the name key.';
comment on column embeddings.embedding is 'L2-normalised vector of the encoder''s dimension.';
comment on column embeddings.labelled is 'Whether memory holds a label of this name; follows labels.';

create table guard_tokens (
  token text primary key,
  contexts integer not null default 0,
  different real not null default 0,
  decides boolean not null default false,
  seen integer not null default 0,
  categories bigint[]
);
comment on table guard_tokens is 'Words that decide categories, learnt from memory by learn_guard().';
comment on column guard_tokens.token is 'The word.';
comment on column guard_tokens.contexts is 'In how many contexts (the rest of the name) memory has it with and without.';
comment on column guard_tokens.different is 'Mean share of those whose category differs.';
comment on column guard_tokens.decides is 'Whether names that differ in this word mostly differ in category: such a difference stops the similar layer.';
comment on column guard_tokens.seen is 'How many labelled names have the word.';
comment on column guard_tokens.categories is 'Where the word is at home: the categories of a fifth or more of those names, when one holds half; a difference in the word stops an answer outside them. NULL: at home nowhere.';

-- what people read
do $$ begin execute format('alter table labels set schema %I', (current_schemas(false))[2]); end $$;
