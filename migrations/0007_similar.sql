-- Up Migration
-- GIN, as exact answers are the default: at 20,000 labels a look-up takes milliseconds; DESIGN section 9 has the
-- figures for a million and for HNSW over hashed trigram sets.
create index labels_trigrams on labels using gin (name_key gin_trgm_ops);
