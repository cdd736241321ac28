-- Up Migration
-- The taxonomy changes on live traffic: what was changed, and what a split still has to ask.

create table taxonomy_changes (
  taxonomy_change_id bigint generated always as identity primary key,
  kind text not null check (kind in ('add', 'rename', 'move', 'merge', 'split', 'retire', 'levels', 'undo')),
  category_id bigint not null,
  path text,
  labels bigint not null,
  human_labels bigint not null,
  products bigint not null,
  waiting bigint not null,
  thresholds bigint not null,
  training_rows bigint not null,
  models bigint[] not null,
  note text,
  reason text,
  changed_by text not null default session_user,
  changed_at timestamptz not null default clock_timestamp(),
  categories bigint[] not null,
  before jsonb not null default '{}',
  max_tokens bigint,
  fence xid8,
  settled_at timestamptz,
  undone_at timestamptz,
  undo_of bigint references taxonomy_changes
);
create index taxonomy_changes_open on taxonomy_changes (taxonomy_change_id) where settled_at is null;
comment on table taxonomy_changes is 'History of the taxonomy: each change with what it touched and what undoing it needs.';
comment on column taxonomy_changes.taxonomy_change_id is 'Order of the changes; NULL in what a preview returns.';
comment on column taxonomy_changes.kind is 'add, rename, move, merge, split, retire, levels or undo.';
comment on column taxonomy_changes.category_id is 'The category it is about; of a merge the one that stays; 0 of what is about the whole tree.';
comment on column taxonomy_changes.path is 'Its path before the change.';
comment on column taxonomy_changes.labels is 'Labels that the change touches: they get another category (merge), lose theirs (retire), are asked again (split), or show another path (rename, move).';
comment on column taxonomy_changes.human_labels is 'Those of the labels that people gave.';
comment on column taxonomy_changes.products is 'Rows that carry one of the categories.';
comment on column taxonomy_changes.waiting is 'Queue entries whose shortlist or branch names one of the categories.';
comment on column taxonomy_changes.thresholds is 'Thresholds of branches, never-send marks and shadow branches that name one of the categories.';
comment on column taxonomy_changes.training_rows is 'Those of the labels that train.';
comment on column taxonomy_changes.models is 'Models that know one of the categories; they may answer it until they are trained anew.';
comment on column taxonomy_changes.note is 'What a person should know or do.';
comment on column taxonomy_changes.reason is 'Why, as it was given.';
comment on column taxonomy_changes.changed_by is 'The role that changed it.';
comment on column taxonomy_changes.changed_at is 'When.';
comment on column taxonomy_changes.categories is 'Every category whose rows must follow.';
comment on column taxonomy_changes.before is 'What undoing it needs.';
comment on column taxonomy_changes.max_tokens is 'Of a split: LLM tokens that asking its labels again may cost.';
comment on column taxonomy_changes.fence is 'Transactions before this one may have read memory before the change; mend_taxonomy() looks for their rows until all have ended.';
comment on column taxonomy_changes.settled_at is 'When it was sure that no row of theirs is left.';
comment on column taxonomy_changes.undone_at is 'When it was undone.';
comment on column taxonomy_changes.undo_of is 'The change that this one undid.';

create table taxonomy_questions (
  taxonomy_change_id bigint not null references taxonomy_changes on delete cascade,
  name_hash bytea generated always as (name_hash(name_key)) stored,
  name_key text not null,
  category_id bigint not null,
  state text not null default 'waiting' check (state in ('waiting', 'asked', 'moved', 'kept', 'person', 'failed', 'dropped')),
  settled_at timestamptz,
  primary key (taxonomy_change_id, name_hash)
);
create index taxonomy_questions_open on taxonomy_questions (taxonomy_change_id) where state in ('waiting', 'asked');
create index taxonomy_questions_name on taxonomy_questions (name_hash) where state in ('waiting', 'asked');
comment on table taxonomy_questions is 'Names that a split asks again.';
comment on column taxonomy_questions.taxonomy_change_id is 'The split.';
comment on column taxonomy_questions.name_hash is 'Digest of the name key.';
comment on column taxonomy_questions.name_key is 'The name.';
comment on column taxonomy_questions.category_id is 'What it was when it was split.';
comment on column taxonomy_questions.state is 'waiting; asked: in the queue; moved: it has another category now; kept: none of the new ones fits; person: a person''s label or a name that may not be sent, left to people; failed: asked too often in vain; dropped: its label changed meanwhile, or the split was undone.';
comment on column taxonomy_questions.settled_at is 'When it came to its last state.';
