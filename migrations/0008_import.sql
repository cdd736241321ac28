-- Up Migration
-- Unlogged: nothing of it outlives its transaction. A permanent table and not a temporary one, as the role that imports
-- may not be allowed to make tables.
create unlogged table import_rows (
  line bigint not null,
  name text not null,
  name_key text generated always as (normalise(name)) stored,
  path text[] not null,
  source text not null check (source in ('llm', 'human', 'import')),
  external_id text
);
comment on table import_rows is 'Labels on their way in: COPY fills it and import_labels() empties it in the same transaction.';
comment on column import_rows.line is 'Line of the file, or row of the query.';
comment on column import_rows.name is 'The name as given.';
comment on column import_rows.name_key is 'normalise(name).';
comment on column import_rows.path is 'Category names from the root down.';
comment on column import_rows.source is 'Who said so: llm, human or import.';
comment on column import_rows.external_id is 'The shop''s own id of the category.';
