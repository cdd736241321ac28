-- Up Migration
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
-- no label yet: nothing was made by another server
insert into key_counts (rules) select '' where exists (select from labels);
