-- Up Migration
-- What people found: names drawn to be judged, what each model says of them, and the answers that were corrected.

create table checks (
  check_id bigint generated always as identity primary key,
  name_hash bytea generated always as (name_hash(name_key)) stored,
  name_key text not null,
  product_id bigint,
  layer text not null check (layer in ('exact', 'similar', 'local', 'llm')),
  strategy text not null check (strategy in ('uniform', 'surer', 'answered', 'threshold', 'category', 'disagreement', 'audit')),
  weight real not null check (weight > 0),
  floor real not null default 0,
  evidence_id bigint,
  model_id bigint references models on delete set null,
  category_id bigint references categories,
  similarity real,
  auditor text not null default 'human' check (auditor in ('human', 'llm')),
  drawn_by text not null default session_user,
  drawn_at timestamptz not null default clock_timestamp(),
  verdict boolean,
  truth_category_id bigint references categories,
  checked_by text,
  checked_at timestamptz,
  llm_call_id bigint references llm_calls on delete set null,
  second_verdict boolean,
  second_truth_category_id bigint references categories,
  second_by text,
  second_at timestamptz,
  constraint checks_weight_finite check (weight < 'infinity')
);
create index checks_name on checks (name_hash);
create index checks_open on checks (auditor, check_id) where verdict is null;
create index checks_drawn_at on checks (layer, drawn_at);
-- a call that is removed takes its id out of labels and checks: without an index it reads all of them
create index checks_llm_call on checks (llm_call_id) where llm_call_id is not null;
comment on table checks is 'Answers drawn to be judged, and the judgement. Names drawn by people''s checks of the local layer never train a model, so that they can certify every later one.';
comment on column checks.check_id is 'Order of drawing.';
comment on column checks.name_hash is 'Digest of the name key.';
comment on column checks.name_key is 'The name.';
comment on column checks.product_id is 'The row it was drawn from.';
comment on column checks.layer is 'Which layer''s answer is judged; local also where it passed the name on: what it would have said.';
comment on column checks.strategy is 'uniform: any cache miss alike; surer: alike among the surer half; answered: alike among local answers; threshold, category, disagreement: where people learn most; audit: at random among what a layer answered.';
comment on column checks.weight is 'How many names of those it was drawn from it stands for.';
comment on column checks.floor is 'What the model said of the whole path at least, in the frame it was drawn from: for names above it the draw was alike, so it may certify.';
comment on column checks.evidence_id is 'The evidence at the draw.';
comment on column checks.model_id is 'The model at the draw.';
comment on column checks.category_id is 'The answer that is judged.';
comment on column checks.similarity is 'Its similarity, of the similar layer.';
comment on column checks.auditor is 'Who is asked: human or llm.';
comment on column checks.drawn_by is 'Who drew it.';
comment on column checks.drawn_at is 'When.';
comment on column checks.verdict is 'Whether the whole path was right; NULL: not judged yet.';
comment on column checks.truth_category_id is 'What it is; NULL: not said.';
comment on column checks.checked_by is 'Who judged.';
comment on column checks.checked_at is 'When.';
comment on column checks.llm_call_id is 'The call that judged, where the LLM did.';
comment on column checks.second_verdict is 'What a second person said.';
comment on column checks.second_truth_category_id is 'What it is by the second person.';
comment on column checks.second_by is 'Who.';
comment on column checks.second_at is 'When.';

create table check_scores (
  check_id bigint not null references checks on delete cascade,
  model_id bigint not null references models on delete cascade,
  category_id bigint,
  l1_said real,
  l2_said real,
  l3_said real,
  scored_at timestamptz not null default clock_timestamp(),
  primary key (check_id, model_id),
  -- (no BETWEEN in a list of AND: after a dump and a restore it has other parentheses)
  constraint check_scores_numbers check (l1_said >= 0 and l1_said <= 1 and l2_said >= 0 and l2_said <= 1 and l3_said >= 0 and l3_said <= 1)
);
comment on table check_scores is 'What each model says of checked names: of the champion from its evidence, of others by taxon train --recalibrate.';
comment on column check_scores.check_id is 'The check.';
comment on column check_scores.model_id is 'The model.';
comment on column check_scores.category_id is 'Its answer.';
comment on column check_scores.l1_said is 'As in evidence.';
comment on column check_scores.l2_said is 'As in evidence.';
comment on column check_scores.l3_said is 'As in evidence.';
comment on column check_scores.scored_at is 'When.';

-- What changes many labels at once is a run, so that all of it can be taken back.
create table label_runs (
  run_id bigint generated always as identity primary key,
  kind text not null check (kind in ('cleaning', 'import', 'kind')),
  reason text,
  file text,
  training_run_id bigint unique references training_runs,
  made_by text not null default session_user,
  made_at timestamptz not null default clock_timestamp(),
  xact xid8,
  taking_back boolean not null default false,
  labels_added bigint not null default 0,
  labels_changed bigint not null default 0,
  labels_removed bigint not null default 0,
  rows_corrected bigint not null default 0,
  rows_asked_again bigint not null default 0,
  followed_at timestamptz,
  categories bigint[] not null default '{}',
  ids jsonb not null default '[]',
  taxonomy_changes bigint[] not null default '{}',
  undone_at timestamptz,
  undone_by text,
  undo_reason text
);
create index label_runs_writing on label_runs (xact) where xact is not null;
comment on table label_runs is 'Runs of changes of labels: each cleaning, import and decision for a kind, with what undo_run() needs.';
comment on column label_runs.run_id is 'Id of the run; label_changes and product_changes name it.';
comment on column label_runs.kind is 'cleaning, import or kind: a person''s decision for a kind of names.';
comment on column label_runs.reason is 'Why, as it was given.';
comment on column label_runs.file is 'What was imported: the file, or the query.';
comment on column label_runs.training_run_id is 'The training run whose models cleaned.';
comment on column label_runs.made_by is 'By whom.';
comment on column label_runs.made_at is 'When.';
comment on column label_runs.xact is 'The transaction that is writing it or taking it back at this moment: by it the triggers on labels know the run.';
comment on column label_runs.taking_back is 'Whether that transaction takes it back.';
comment on column label_runs.labels_added is 'Labels that it made.';
comment on column label_runs.labels_changed is 'Labels that it changed.';
comment on column label_runs.labels_removed is 'Labels that it removed.';
comment on column label_runs.rows_corrected is 'Rows of products that it gave another answer.';
comment on column label_runs.rows_asked_again is 'Rows whose answer it took back, to be decided again.';
comment on column label_runs.followed_at is 'When the rows had been brought into line with the labels; NULL: not yet.';
comment on column label_runs.categories is 'Categories that it made.';
comment on column label_runs.ids is 'Categories whose external_id it changed: [{category_id, was, is}].';
comment on column label_runs.taxonomy_changes is 'Changes of the taxonomy by which it renamed and moved categories.';
comment on column label_runs.undone_at is 'When undo_run() last took it back; NULL: it stands.';
comment on column label_runs.undone_by is 'By whom.';
comment on column label_runs.undo_reason is 'Why.';

-- What a person's verdict changed can be taken back: each change names its check and holds all that was before.
create table product_changes (
  change_id bigint generated always as identity primary key,
  product_id bigint not null,
  before_category_id bigint,
  before_source text,
  after_category_id bigint,
  after_source text,
  reason text not null,
  check_id bigint references checks on delete set null,
  changed_by text not null default session_user,
  changed_at timestamptz not null default clock_timestamp(),
  before_similarity real,
  before_matched_key text,
  before_llm_call_id bigint,
  reverted_at timestamptz,
  taxonomy_change_id bigint references taxonomy_changes on delete set null,
  run_id bigint references label_runs,
  before_classified_at timestamptz,
  before_failure text,
  before_inserted_xact xid8
);
create index product_changes_run on product_changes (run_id, change_id) where run_id is not null;
create index product_changes_product on product_changes (product_id, change_id);
create index product_changes_check on product_changes (check_id) where check_id is not null;
create index product_changes_taxonomy on product_changes (taxonomy_change_id, change_id) where taxonomy_change_id is not null;
comment on table product_changes is 'Answers that were corrected after they had been given.';
comment on column product_changes.change_id is 'Order.';
comment on column product_changes.product_id is 'The row.';
comment on column product_changes.before_category_id is 'What it said.';
comment on column product_changes.before_source is 'Who had answered.';
comment on column product_changes.after_category_id is 'What it says now; NULL: it is decided again.';
comment on column product_changes.after_source is 'Who answered now.';
comment on column product_changes.reason is 'Why.';
comment on column product_changes.check_id is 'The check that found it.';
comment on column product_changes.changed_by is 'By whom.';
comment on column product_changes.changed_at is 'When.';
comment on column product_changes.before_similarity is 'products.similarity before.';
comment on column product_changes.before_matched_key is 'products.matched_key before.';
comment on column product_changes.before_llm_call_id is 'products.llm_call_id before.';
comment on column product_changes.reverted_at is 'When undo_check() or undo_run() took it back; NULL: it stands. The row that undid it has the same.';
comment on column product_changes.taxonomy_change_id is 'The change of the taxonomy that moved the row.';
comment on column product_changes.before_classified_at is 'products.classified_at before, of a run.';
comment on column product_changes.before_failure is 'products.failure before, of a run.';
comment on column product_changes.before_inserted_xact is 'products.inserted_xact before, of a run.';
comment on column product_changes.run_id is 'The run of changes of labels that the row followed.';
