-- Up Migration
insert into all_settings (key, value, description) values
  ('neighbours', '"exact"', 'How the memory voice finds the nearest labelled names: "exact" compares with all of them, "index" uses the HNSW index that neighbour_index() makes, "off" leaves the voice out.');

-- training reads labels and embeddings apart, so that the matrix can come from a cache
drop function if exists training_rows(integer, bytea, integer);
