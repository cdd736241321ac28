-- Up Migration
-- How neighbours are found is decided by itself: exactly, until an index is there and was compared.

update all_settings set value = '"auto"',
  description = 'How the memory voice finds the nearest labelled names: "auto" uses an HNSW index from 20,000 labels on where pgvector is 0.8.4 or newer, once it is built and index_comparisons says that answers stay as they are; "exact" compares with all of them; "index" uses the index whatever was found; "off" leaves the voice out.'
  where key = 'neighbours' and value = '"exact"';

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

drop function if exists neighbours(text[], integer, integer, halfvec[]);
