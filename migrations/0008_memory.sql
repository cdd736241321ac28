-- Up Migration
create table labels (
  name_hash bytea generated always as (name_hash(name_key)) stored primary key,
  name_key text not null check (name_key <> ''),
  category_id bigint not null references categories,
  source text not null check (source in ('llm', 'human', 'import')),
  confidence real check (confidence between 0 and 1),
  llm_call_id bigint references llm_calls on delete set null,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  labelled_at timestamptz
);
create index labels_category on labels (category_id);
-- a call that is removed takes its id out of labels and checks: without an index it reads all of them
create index labels_llm_call on labels (llm_call_id) where llm_call_id is not null;
-- at 20,000 labels a look-up takes milliseconds; label_signatures has the figures for a million
create index labels_trigrams on labels using gin (name_key gin_trgm_ops);
comment on table labels is 'Memory: one label a name key. Only answers of the LLM, of people and of imports stand here.';
comment on column labels.name_hash is 'Digest of the name key, the primary key.';
comment on column labels.name_key is 'The normalised name.';
comment on column labels.category_id is 'What it is: the deepest category known.';
comment on column labels.source is 'llm, human or import. human beats the others.';
comment on column labels.confidence is 'What the labeller said of its own certainty, if it did.';
comment on column labels.llm_call_id is 'The call that gave it.';
comment on column labels.created_at is 'When the name was first labelled.';
comment on column labels.updated_at is 'When the label last changed.';
comment on column labels.labelled_at is 'When this answer was first given, where that is known: of imports their column labelled_at, of the LLM the settling. NULL: not known, then created_at counts.';
-- people type and read it
do $$ begin execute format('alter table labels set schema %I', (current_schemas(false))[2]); end $$;

-- Enough of the label before to bring it back in every column, and why it changed.
create table label_changes (
  change_id bigint generated always as identity primary key,
  name_key text not null,
  before_category_id bigint,
  before_source text,
  after_category_id bigint,
  after_source text,
  changed_by text not null default current_user,
  changed_at timestamptz not null default clock_timestamp(),
  -- no foreign key: its check would look each row of a large import up
  run_id bigint,
  reason text,
  confidence real,
  before_confidence real,
  before_llm_call_id bigint,
  before_created_at timestamptz,
  before_updated_at timestamptz,
  after_updated_at timestamptz,
  reverted_at timestamptz,
  check_id bigint references checks on delete set null,
  before_labelled_at timestamptz,
  taxonomy_change_id bigint references taxonomy_changes on delete set null
);
create index label_changes_name on label_changes (name_hash(name_key));
create index label_changes_run on label_changes (run_id, change_id) where run_id is not null;
-- training asks it of every label
create index label_changes_cleaned on label_changes (name_hash(name_key)) where confidence is not null;
create index label_changes_check on label_changes (check_id) where check_id is not null;
create index label_changes_taxonomy on label_changes (taxonomy_change_id, change_id) where taxonomy_change_id is not null;
comment on table label_changes is 'History of memory: each change and removal of a label, and of runs and people also what they made.';
comment on column label_changes.change_id is 'Order of the changes.';
comment on column label_changes.name_key is 'The name.';
comment on column label_changes.before_category_id is 'Category before; NULL when the label is new.';
comment on column label_changes.before_source is 'Source before.';
comment on column label_changes.after_category_id is 'Category after; NULL when the label was removed.';
comment on column label_changes.after_source is 'Source after.';
comment on column label_changes.changed_by is 'The role that changed it.';
comment on column label_changes.changed_at is 'When.';
comment on column label_changes.run_id is 'The run that changed it, a row of label_runs; NULL for everything else.';
comment on column label_changes.reason is 'Why, where a program changed it.';
comment on column label_changes.confidence is 'The calibrated confidence with which a cleaning run changed it.';
comment on column label_changes.before_confidence is 'labels.confidence before.';
comment on column label_changes.before_llm_call_id is 'labels.llm_call_id before.';
comment on column label_changes.before_created_at is 'labels.created_at before.';
comment on column label_changes.before_updated_at is 'labels.updated_at before.';
comment on column label_changes.after_updated_at is 'labels.updated_at after; NULL when the label was removed, and for changes older than this column.';
comment on column label_changes.reverted_at is 'When undo_run(), undo_check() or undo_taxonomy_change() took this change back.';
comment on column label_changes.check_id is 'The check whose verdict changed it; NULL: none.';
comment on column label_changes.before_labelled_at is 'labels.labelled_at before.';
comment on column label_changes.taxonomy_change_id is 'The change of the taxonomy that moved the label.';

create table key_counts (
  only_one boolean primary key default true check (only_one),
  rules text not null,
  labels bigint not null default 0,
  changed bigint not null default 0,
  example text,
  counted_at timestamptz not null default clock_timestamp()
);
comment on table key_counts is 'One row: how many labels stood under keys that are not their own normal form, when that was counted last; written by count_changed_keys().';
comment on column key_counts.only_one is 'There is one row.';
comment on column key_counts.rules is 'name_rules() of the server that counted.';
comment on column key_counts.labels is 'How many labels there were.';
comment on column key_counts.changed is 'How many of their keys this server normalises to something else.';
comment on column key_counts.example is 'One of those keys.';
comment on column key_counts.counted_at is 'When.';

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

-- Similar look-up at a million labels: GIN over trigrams takes 84 ms a name there (p50; p95 270), nearly all of it merging posting lists.
-- Names that are alike share bands of MinHash values; who shares one is compared.
create table label_signatures (
  name_hash bytea primary key,
  bands integer[] not null,
  sketch bit(256) not null
);
-- B-trees of each band and not one GIN index of the array: at 300,000 labels 11 s and 78 MB for 44 s and 148 MB.
do $$
begin
  for i in 1 .. 16 loop
    execute format('create index label_signatures_band_%s on label_signatures ((bands[%s]))', i, i);
  end loop;
end $$;
comment on table label_signatures is 'Signatures of labelled names, derived from labels alone. To have them made anew: truncate label_signatures, signature_state; a sidecar does it. No foreign key: its check would write to each label once more; what has no label is never looked at.';
comment on column label_signatures.name_hash is 'Digest of the name key, as in labels.';
comment on column label_signatures.bands is 'What signatures() says of the name: two names that are alike share some.';
comment on column label_signatures.sketch is 'A bit of each trigram: about how similar two names are, without reading them.';

create table signature_state (
  only_row boolean primary key default true check (only_row),
  made_by text not null,
  writers text[],
  whole boolean not null default false,
  complete boolean not null default false
);
comment on table signature_state is 'Whether the similar layer looks into label_signatures; one row, none where no signatures are kept.';
comment on column signature_state.only_row is 'True.';
comment on column signature_state.made_by is 'The server, pg_trgm and locale that they are made with: signature_maker() then.';
comment on column signature_state.writers is 'Transactions that were writing labels when their triggers began to sign, and may not have seen it; NULL: not known yet.';
comment on column signature_state.whole is 'Whether the walk over all labels that sign_labels() is at began when these had ended.';
comment on column signature_state.complete is 'Whether each label has its signature: until then GIN answers.';

-- How neighbours are found is decided by itself: exactly, until an index is there and was compared.
create table index_comparisons (
  comparison_id integer generated always as identity primary key,
  encoder_id integer not null references encoders,
  index_id oid not null,
  model_id bigint not null references models on delete cascade,
  compared_at timestamptz not null default clock_timestamp(),
  names integer not null,
  recall real not null,
  other_answers integer not null,
  other_decisions integer not null,
  largest_shift real not null,
  promise_id bigint references promises,
  passed boolean not null
);
comment on table index_comparisons is 'What changed when a model was asked about the same names with exact neighbours and with those of an HNSW index, before the index was used.';
comment on column index_comparisons.comparison_id is 'Order.';
comment on column index_comparisons.encoder_id is 'The encoder whose embeddings the index holds.';
comment on column index_comparisons.index_id is 'The index, as pg_class knows it: one that is built anew is compared anew.';
comment on column index_comparisons.model_id is 'The model that was asked.';
comment on column index_comparisons.compared_at is 'When.';
comment on column index_comparisons.names is 'How many names were asked: held-out labels that letters alone do not settle.';
comment on column index_comparisons.recall is 'The share of the exact neighbours that the index found too.';
comment on column index_comparisons.other_answers is 'Names that got another answer.';
comment on column index_comparisons.other_decisions is 'Names answered in one way and passed on in the other, or answered otherwise: what a promise could notice.';
comment on column index_comparisons.largest_shift is 'The largest change of the whole path''s confidence.';
comment on column index_comparisons.promise_id is 'The promise that stood.';
comment on column index_comparisons.passed is 'Whether the setting auto uses the index.';

insert into all_settings (key, value, description, kind, least, most, choices, unit, nullable, or_zero, topic, audience, changed_with) values
  ('similarity_threshold', '0.6', 'The lowest trigram similarity at which the similar layer answers.',
    'number', 0.3, 1, null, 'similarity', false, false, 'memory', 'everyday', null),
  ('similar_layer', 'true', 'Whether the similar layer answers at all.',
    'switch', null, null, null, null, false, false, 'memory', 'everyday', null),
  ('guard', 'true', 'Whether a word that decides the category in memory (case, etui, чехол) stops the similar layer.',
    'switch', null, null, null, null, false, false, 'memory', 'expert', null),
  ('signatures_from', '50000', 'From how many labels on the similar layer looks names up by signatures instead of the GIN index of their trigrams. Signatures find names that are 0.6 alike or more; with a lower similarity_threshold GIN answers.',
    'whole', 0, 1e15, null, 'labels', false, false, 'memory', 'expert', null),
  ('neighbours', '"auto"', 'How the memory voice finds the nearest labelled names: auto uses an HNSW index from 20,000 labels on, with pgvector 0.8.4 or newer and once index_comparisons says that answers stay as they are; exact compares with all of them; hnsw uses the index whatever was found; off leaves the voice out.',
    'choice', null, null, '{auto,exact,hnsw,off}', null, false, false, 'memory', 'expert', null);
