-- Up Migration
-- Kinds: names that belong together, so that a person decides hundreds of them at once.

create table kinds_lock ();
comment on table kinds_lock is 'Always empty. Held by what groups names into kinds.';

create table found_kinds (
  kind_id bigint generated always as identity primary key,
  parent_id bigint references found_kinds on delete cascade,
  state text not null default 'open' check (state in ('open', 'decided', 'split', 'unsure')),
  words text[] not null,
  says bigint,
  why text not null check (why in ('agreed', 'model', 'memory', 'perhaps', 'judged', 'name', 'near', 'waiting', 'quiet', 'unmarked')),
  size integer not null,
  tokens_a_month numeric,
  found_at timestamptz not null default clock_timestamp(),
  category_id bigint references categories,
  shown integer,
  run_id bigint references label_runs,
  reason text,
  said_by text,
  said_at timestamptz
);
create index found_kinds_parent on found_kinds (parent_id) where parent_id is not null;
comment on table found_kinds is 'Kinds of names: the same words that tell what the thing is, and the same answer or the same dispute about it. find_kinds() makes them anew; those that a person has spoken of stay.';
comment on column found_kinds.kind_id is 'Id of the kind.';
comment on column found_kinds.parent_id is 'The kind that it was split from.';
comment on column found_kinds.state is 'open; decided: all that was left marked is of category_id; split: the rest lies in kinds of its own; unsure: put aside.';
comment on column found_kinds.words is 'The words that most of its names share and that tell what they are, in the order of the names.';
comment on column found_kinds.says is 'The category that speaks against the answer of its names; NULL: nothing does, or they have none.';
comment on column found_kinds.why is 'What says so. agreed: the model and memory''s other names; model: it alone; memory: the other names alone, where no model has judged; perhaps: the other names, but others with the same answer as well; judged: audits; name: the category is called like the kind; near: the kinds nearest by embedding; waiting: names without an answer; quiet: nothing does; unmarked: a person took these out of another kind.';
comment on column found_kinds.size is 'How many names it had when it was made.';
comment on column found_kinds.tokens_a_month is 'What its names cost the LLM in the last 30 days, by the ledger; NULL: no call has answered names since then.';
comment on column found_kinds.found_at is 'When it was made.';
comment on column found_kinds.category_id is 'What a person said that they are.';
comment on column found_kinds.shown is 'How many of them the person had seen, drawn at random.';
comment on column found_kinds.run_id is 'The run that wrote the labels; undo_run() takes it back.';
comment on column found_kinds.reason is 'Why, in the person''s words.';
comment on column found_kinds.said_by is 'Who.';
comment on column found_kinds.said_at is 'When.';

create table found_members (
  kind_id bigint not null references found_kinds on delete cascade,
  n integer not null,
  name_key text not null check (name_key <> ''),
  name_hash bytea generated always as (name_hash(name_key)) stored,
  answer_id bigint,
  source text not null check (source in ('llm', 'human', 'import', 'answer', 'none')),
  by_model bigint,
  by_memory bigint,
  by_llm bigint,
  odd real not null default 0,
  kept boolean,
  primary key (kind_id, n)
);
create index found_members_name on found_members (name_hash);
comment on table found_members is 'The names of each kind, numbered in a random order: whoever looks at the first ones sees a fair sample.';
comment on column found_members.kind_id is 'The kind.';
comment on column found_members.n is 'Its place in the random order, from 1.';
comment on column found_members.name_key is 'The name.';
comment on column found_members.name_hash is 'Digest of the name key.';
comment on column found_members.answer_id is 'The category that memory, or else its rows, gave when the kind was made; NULL: none.';
comment on column found_members.source is 'Who gave it: llm, human or import of a label; answer: rows alone; none.';
comment on column found_members.by_model is 'The category that a model gave which had not seen the label; NULL: not asked.';
comment on column found_members.by_memory is 'The category of most other names with its words.';
comment on column found_members.by_llm is 'The category that the LLM gave it last.';
comment on column found_members.odd is 'How badly it fits the others, from 0 to 1; above 1: a person''s label of another category.';
comment on column found_members.kept is 'Of names that a person saw: whether it was left marked; NULL: not seen.';

-- Unlogged, and permanent tables: as import_rows.
create unlogged table kind_names (
  id integer primary key,
  name_key text not null,
  name_hash bytea not null,
  answer_id bigint,
  source text not null,
  by_model bigint,
  sure real,
  by_audit bigint,
  by_llm bigint,
  by_memory bigint,
  memory_share real,
  answer_share real,
  head text,
  says bigint,
  why text not null default 'quiet',
  kind_id bigint
);
comment on table kind_names is 'All names that find_kinds() looks at, while it runs.';
comment on column kind_names.id is 'A number of this run.';
comment on column kind_names.name_key is 'The name.';
comment on column kind_names.name_hash is 'Its digest.';
comment on column kind_names.answer_id is 'The category in use that it has now; NULL: none.';
comment on column kind_names.source is 'As in found_members.';
comment on column kind_names.by_model is 'As in found_members.';
comment on column kind_names.sure is 'The model''s confidence in the whole path.';
comment on column kind_names.by_audit is 'What an audit says it is.';
comment on column kind_names.by_llm is 'As in found_members.';
comment on column kind_names.by_memory is 'As in found_members.';
comment on column kind_names.memory_share is 'The share of those names, words that tell more counting more.';
comment on column kind_names.answer_share is 'The share of those that have its own answer.';
comment on column kind_names.head is 'Its word that tells most.';
comment on column kind_names.says is 'The category that speaks against the answer.';
comment on column kind_names.why is 'As in found_kinds.';
comment on column kind_names.kind_id is 'The kind that it is put into.';

create unlogged table kind_tokens (
  id integer not null,
  word text not null
);
comment on table kind_tokens is 'The words of kind_names that may tell what a thing is.';
comment on column kind_tokens.id is 'The name.';
comment on column kind_tokens.word is 'The word.';

create unlogged table kind_words (
  word text primary key,
  seen integer not null,
  tells real not null
);
comment on table kind_words is 'What each word of kind_tokens tells of the category, while find_kinds() runs.';
comment on column kind_words.word is 'The word.';
comment on column kind_words.seen is 'How many names with an answer have it.';
comment on column kind_words.tells is 'How far their categories are from those of all names (Kullback and Leibler, smoothed), times the logarithm of how many there are.';
