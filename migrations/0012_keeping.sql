-- Up Migration
-- Retention, names that are forgotten on demand, and labels on their way in.

create table forgotten_names (
  name_hash bytea primary key,
  forgotten_at timestamptz not null default clock_timestamp(),
  labelled boolean not null
);
comment on table forgotten_names is 'Names that forget() removed in the last two days, by their digest, so that what a sidecar, a training or a provider had in hand at that moment does not bring them back. A digest of a name is still personal data, with a salt beside it too, so it goes when a batch API can have nothing in hand any more.';
comment on column forgotten_names.name_hash is 'Digest of the name key, as in labels.';
comment on column forgotten_names.forgotten_at is 'When.';
comment on column forgotten_names.labelled is 'Whether memory had it: a model in training has then seen it.';

create table retention_runs (
  thing text primary key,
  ran_at timestamptz not null,
  removed bigint not null
);
comment on table retention_runs is 'When the nightly job last removed what is past its days; retention() shows it.';
comment on column retention_runs.thing is 'What, as retention() calls it.';
comment on column retention_runs.ran_at is 'When the job last ended.';
comment on column retention_runs.removed is 'How many it removed then.';

-- Unlogged: nothing of it outlives its transaction. A permanent table and not a temporary one, as the role that imports
-- may not be allowed to make tables.
create unlogged table import_rows (
  line bigint not null,
  name text not null,
  name_key text generated always as (normalise(name)) stored,
  path text[] not null,
  source text not null check (source in ('llm', 'human', 'import')),
  external_id text,
  labelled_at timestamptz
);
comment on table import_rows is 'Labels on their way in: COPY fills it and import_labels() empties it in the same transaction.';
comment on column import_rows.line is 'Line of the file, or row of the query.';
comment on column import_rows.name is 'The name as given.';
comment on column import_rows.name_key is 'normalise(name).';
comment on column import_rows.path is 'Category names from the root down.';
comment on column import_rows.source is 'Who said so: llm, human or import.';
comment on column import_rows.external_id is 'The shop''s own id of the category.';
comment on column import_rows.labelled_at is 'When the answer was given; NULL: not known.';

create unlogged table import_paths (
  path text[] not null,
  spelling text[] not null,
  times bigint not null,
  first bigint not null,
  external_id text,
  category_id bigint,
  by_id boolean not null default false
);
comment on table import_paths is 'The distinct paths of import_rows while import_labels() runs, with the category that each is.';
comment on column import_paths.path is 'Category names as the import has them.';
comment on column import_paths.spelling is 'The same in the spelling that most rows have, level by level.';
comment on column import_paths.times is 'How many rows have the path.';
comment on column import_paths.first is 'The first of them.';
comment on column import_paths.external_id is 'The shop''s own id of the category, where a row has one.';
comment on column import_paths.category_id is 'The category in use that it leads to.';
comment on column import_paths.by_id is 'Whether the database knew it by that id.';

create unlogged table import_losers (
  name_key text not null,
  kept text not null,
  lost text not null,
  reason text not null,
  times bigint not null,
  lines bigint[] not null
);
comment on table import_losers is 'Answers that import_labels() did not keep, for the transaction that wants them all.';
comment on column import_losers.name_key is 'The name.';
comment on column import_losers.kept is 'Path of the label that memory has now.';
comment on column import_losers.lost is 'Path of the answer that was not kept.';
comment on column import_losers.reason is 'Why.';
comment on column import_losers.times is 'How many rows said it; 0: memory did.';
comment on column import_losers.lines is 'The first 20 of them.';

create unlogged table import_nodes (
  line bigint not null,
  external_id text,
  parent_external_id text,
  name text,
  category_id bigint,
  depth integer
);
comment on table import_nodes is 'Categories of an adjacency list on their way in: COPY or a SELECT fills it, make_tree() reads it in the same transaction.';
comment on column import_nodes.line is 'Line of the file, or row of the table.';
comment on column import_nodes.external_id is 'The shop''s own id of the category.';
comment on column import_nodes.parent_external_id is 'The id of the category above; NULL for a root.';
comment on column import_nodes.name is 'Its name.';
comment on column import_nodes.category_id is 'The category in use that it became; make_tree() fills it.';
comment on column import_nodes.depth is 'How deep it lies among these nodes; NULL on a cycle, or below one. make_tree() fills it.';

insert into all_settings (key, value, description, kind, least, most, choices, unit, nullable, or_zero, topic, audience, changed_with) values
  ('ledger_days', '0', 'For how many days the calls of the ledger are kept, two months at least as budgets count a month; 0 keeps them for ever. What was spent before is then out of every sum.',
    'whole', 62, 36500, null, 'days', false, true, 'keeping', 'expert', null),
  ('forget_embeddings', 'true', 'Whether embeddings are removed whose name no label, product, queue entry, check or regression name has any more.',
    'switch', null, null, null, null, false, false, 'keeping', 'expert', null),
  ('model_days', '30', 'For how many days retired models keep their files; 0 keeps them for ever. The rows of models stay.',
    'whole', 0, 36500, null, 'days', false, false, 'keeping', 'expert', null),
  ('champions_kept', '5', 'How many champions before the champion keep their files whatever their age, for roll_back_model().',
    'whole', 1, 1000, null, 'models', false, false, 'keeping', 'expert', null);
