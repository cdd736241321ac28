-- Up Migration
-- What a person's verdict changed can be taken back: each change names its check and holds all that was before.
alter table label_changes
  add column check_id bigint references checks on delete set null,
  add column before_labelled_at timestamptz;
create index label_changes_check on label_changes (check_id) where check_id is not null;
comment on column label_changes.check_id is 'The check whose verdict changed it; NULL: none.';
comment on column label_changes.before_labelled_at is 'labels.labelled_at before.';

alter table product_changes
  add column before_similarity real,
  add column before_matched_key text,
  add column before_llm_call_id bigint,
  add column reverted_at timestamptz;
create index product_changes_check on product_changes (check_id) where check_id is not null;
comment on column product_changes.before_similarity is 'products.similarity before.';
comment on column product_changes.before_matched_key is 'products.matched_key before.';
comment on column product_changes.before_llm_call_id is 'products.llm_call_id before.';
comment on column product_changes.reverted_at is 'When undo_check() took it back; NULL: it stands. The row that undid it has the same.';

-- A label found wrong leads to all that it answered by similarity.
create index products_matched_key on products (name_hash(matched_key)) where matched_key is not null;

-- it says of each label whether it is sealed
drop function if exists training_labels(integer, bytea, integer);
