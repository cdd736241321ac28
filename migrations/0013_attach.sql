-- Up Migration
-- Tables of the shop that are classified in place. What follows the keys of one table has their types and is made by attach(): a table
-- attached_N of keys and products, a function that its triggers call, a view taxon.<schema>_<table>.

create table attachments (
  attached_id integer generated always as identity primary key,
  relation oid not null unique,
  schema_name text not null,
  table_name text not null,
  view_name text not null unique,
  key_columns text[] not null,
  key_types text[] not null,
  key_collations text[] not null,
  name text not null,
  filter text,
  labels text,
  labelled_at text,
  columns jsonb not null default '{}',
  tree_relation oid,
  tree_columns text[],
  tree_failure text,
  watched text[] not null,
  select_list text not null,
  partitioned boolean not null,
  backfill text not null check (backfill in ('newest first', 'oldest first', 'none')),
  paused boolean not null default false,
  backfilled_at timestamptz,
  sweep_asked_at timestamptz,
  swept_at timestamptz,
  walking text check (walking in ('backfill', 'sweep')),
  walk_after text,
  walk_began_at timestamptz,
  walked bigint not null default 0,
  walk_total bigint,
  rate real,
  mark_at timestamptz,
  mark_walked bigint,
  found bigint not null default 0,
  failure text,
  failed_at timestamptz,
  retry_at timestamptz,
  refused bigint not null default 0,
  refusal text,
  attached_by text not null default session_user,
  attached_at timestamptz not null default clock_timestamp(),
  reason text
);
comment on table attachments is 'Tables of the shop that are classified in place, and how far their rows are taken in. People read the view attached_tables.';
comment on column attachments.attached_id is 'Its number: the table attached_N holds its keys.';
comment on column attachments.relation is 'The table, as pg_class knows it.';
comment on column attachments.schema_name is 'Its schema when it was attached.';
comment on column attachments.table_name is 'Its name when it was attached.';
comment on column attachments.view_name is 'The view of its answers, in the schema that people read.';
comment on column attachments.key_columns is 'The columns of its key, in their order.';
comment on column attachments.key_types is 'Their types.';
comment on column attachments.key_collations is 'Their collations; NULL where the type has none.';
comment on column attachments.name is 'The expression that makes a name of a row, as it was given.';
comment on column attachments.filter is 'Which rows count, as it was given; NULL: all.';
comment on column attachments.labels is 'The column that holds the shop''s own category; NULL: none.';
comment on column attachments.labelled_at is 'The column that says since when; NULL: none.';
comment on column attachments.columns is 'Which columns of the table are written, and with what.';
comment on column attachments.tree_relation is 'The shop''s table of categories; NULL: none.';
comment on column attachments.tree_columns is 'Its columns: id, parent, name.';
comment on column attachments.tree_failure is 'What is wrong with it; NULL: nothing.';
comment on column attachments.watched is 'The columns that key, name, filter and labels are made of: an UPDATE that changes none of them is not noted.';
comment on column attachments.select_list is 'SELECT with what is read of a row, as the server words it; without FROM.';
comment on column attachments.partitioned is 'Whether its triggers fire for each row and are cloned to partitions.';
comment on column attachments.backfill is 'In which order rows that were there before are taken in; none: they are not.';
comment on column attachments.paused is 'Whether the backfill is paused.';
comment on column attachments.backfilled_at is 'When all of them were; NULL: not yet.';
comment on column attachments.sweep_asked_at is 'Since when a sweep is wanted; NULL: none is.';
comment on column attachments.swept_at is 'When the last sweep ended.';
comment on column attachments.walking is 'What walks over the table at the moment: the backfill, or a sweep for what triggers missed.';
comment on column attachments.walk_after is 'The key that it has come to; NULL: it is at its beginning.';
comment on column attachments.walk_began_at is 'When it began.';
comment on column attachments.walked is 'How many rows it has seen.';
comment on column attachments.walk_total is 'How many there were about when it began.';
comment on column attachments.rate is 'Rows a second, of late.';
comment on column attachments.mark_at is 'When the rate was last measured.';
comment on column attachments.mark_walked is 'walked then.';
comment on column attachments.found is 'How many rows the last or present sweep found missing, changed or gone.';
comment on column attachments.failure is 'Why it goes on no further; NULL: it does.';
comment on column attachments.failed_at is 'Since when.';
comment on column attachments.retry_at is 'When it is tried again.';
comment on column attachments.refused is 'How many of its rows were refused, by products or by the table where an answer was to be written into it, and left.';
comment on column attachments.refusal is 'What the last of them said.';
comment on column attachments.attached_by is 'By whom it was attached.';
comment on column attachments.attached_at is 'When.';
comment on column attachments.reason is 'Why, in words, if anybody said so.';

-- What the owner's triggers write: one row a key, nothing is read. The number of the table in front, so that each is emptied apart.
create table attached_changes (
  attached_id integer not null,
  change_id bigint generated always as identity,
  key text,
  primary key (attached_id, change_id)
);
comment on table attached_changes is 'Keys of rows of attached tables that were inserted, changed or removed, until a sidecar takes them in.';
comment on column attached_changes.attached_id is 'Which table.';
comment on column attached_changes.change_id is 'Order.';
comment on column attached_changes.key is 'The key as text, several columns as an array; NULL: the table was truncated.';

-- A sequence, as it counts although the writer''s transaction is rolled back, and reads nothing.
create sequence attach_faults;
comment on sequence attach_faults is 'How many times a trigger on an attached table could not note a change, and let the write go on.';

create table attach_faults_seen (
  only_row boolean primary key default true check (only_row),
  faults bigint not null,
  seen_at timestamptz not null default clock_timestamp()
);
comment on table attach_faults_seen is 'Up to which fault of the triggers a sweep was asked for.';
comment on column attach_faults_seen.only_row is 'True.';
comment on column attach_faults_seen.faults is 'The last one.';
comment on column attach_faults_seen.seen_at is 'When.';

create table attached_answers (
  product_id bigint primary key
);
comment on table attached_answers is 'Products of attached tables whose answer is to be written into the table''s own columns.';
comment on column attached_answers.product_id is 'The product.';

create table attach_lock ();
comment on table attach_lock is 'Always empty. Held by what takes rows of attached tables in.';

-- What is read of one row of an attached table, beside what is known of it.
create type attached_row as (
  key text,
  name text,
  label text,
  labelled_at timestamptz,
  here boolean,
  product_id bigint,
  old_name text,
  old_label text
);
comment on type attached_row is 'A row of an attached table: what it says now, and which product it is.';
comment on column attached_row.key is 'Its key as text.';
comment on column attached_row.name is 'Its name now.';
comment on column attached_row.label is 'The shop''s own category of it now.';
comment on column attached_row.labelled_at is 'Since when, where the table says so.';
comment on column attached_row.here is 'Whether it is there, and counts.';
comment on column attached_row.product_id is 'The product that it is; NULL: none yet.';
comment on column attached_row.old_name is 'That product''s name.';
comment on column attached_row.old_label is 'The shop''s own category of it as it was read last; with ? in front where there was no such category yet.';

insert into all_settings (key, value, description, kind, least, most, choices, unit, nullable, or_zero, topic, audience, changed_with) values
  ('backfill_share', '0.4', 'Which share of its time a sidecar gives to the backfill and the sweeps of attached tables; the rest is left to your own writers and to answers.',
    'number', 0.01, 1, null, 'of the time', false, false, 'attach', 'everyday', null);
