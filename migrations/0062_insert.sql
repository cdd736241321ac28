-- Up Migration
-- What an INSERT costs (docs/measured/insert.md).

-- The same results as in 0001, for names of nothing but usual characters and single spaces without normalize(), which took 10 of
-- the 11 µs. Usual: from ranges of Latin, Cyrillic and punctuation where nothing is folded and whose lower case composes with nothing.
-- All else is left to a function that is planned where it is needed, as every INSERT reads and plans this one. The collation stays
-- the one that the keys here were made with.
do $do$
declare
  collation_of_keys text := case when pg_get_functiondef('normalise(text)'::regprocedure) like '%"und-x-icu"%' then '"und-x-icu"' else 'pg_unicode_fast' end;
  plain constant text := '[^\0020-\007E\00A1-\00AC\00AE-\012F\0131-\02BB\02BD-\02FF\0400-\0482\048A-\052F\2010-\2018\201A-\2027\2116\2122]';
begin
  execute replace($create$
    create function normalise_unusual(name text) returns text
      -- A function with a setting is never written into the statement; else each INSERT would read and plan this one too, 8 µs.
      language sql immutable strict parallel safe set jit = off
    begin atomic
      select normalize(lower(
        case when name collate "C" ~ U&'[\0009-\000D\0085\00A0\00AD\02BC\034F\061C\1680\2000-\200F\2019\2028-\202F\205F-\206F\3000\FE00-\FE0F\FEFF]|^ | $|  '
          then btrim(regexp_replace(regexp_replace(translate(name, U&'\2019\02BC', '''''') collate "C",
            U&'[\00AD\034F\061C\200B-\200F\202A-\202E\2060-\206F\FE00-\FE0F\FEFF]+', '', 'g'),
            U&'[\0009-\000D \0085\00A0\1680\2000-\200A\2028\2029\202F\205F\3000]+', ' ', 'g'), ' ')
          else name end collate that_of_the_keys), nfc);
    end $create$, 'that_of_the_keys', collation_of_keys);
  execute replace(replace($create$
    create or replace function normalise(name text) returns text
      language sql immutable parallel safe
    begin atomic
      select case when name collate "C" ~ U&'plain' or ' ' || name || ' ' like '%  %' then normalise_unusual(name)
                  else lower(name collate that_of_the_keys) end;
    end $create$, 'that_of_the_keys', collation_of_keys), 'plain', plain);
end $do$;
comment on function normalise_unusual(text) is 'What normalise() does with names that have anything but usual characters and single spaces.';

-- A row that waits is its own entry of what is new: take_in() finds it by the transaction that brought it. The INSERT
-- no longer writes a second row with indexes of its own.
alter table products add column arrived_xact xid8 not null default '0';
alter table products alter column arrived_xact set default pg_current_xact_id();
comment on column products.arrived_xact is 'The transaction that inserted the row or gave it its name; by it take_in() finds what is new.';
drop index products_pending;
create index products_pending on products (arrived_xact, product_id) where state = 'pending';

create table intakes (
  intake_id bigint generated always as identity primary key,
  since pg_snapshot not null,
  until pg_snapshot not null,
  after_xact xid8 not null default '0',
  after_id bigint not null default -9223372036854775808,
  done boolean not null default false
);
comment on table intakes is 'What take_in() has looked at: the rows of transactions that had ended at the second snapshot and not at the first. The newest, and those that are not done; others are removed.';
comment on column intakes.intake_id is 'Order.';
comment on column intakes.since is 'Rows that this snapshot sees were taken in before.';
comment on column intakes.until is 'Rows that this one does not see come later.';
comment on column intakes.after_xact is 'How far it is done: the last row''s arrived_xact.';
comment on column intakes.after_id is 'And its product_id.';
comment on column intakes.done is 'Whether all its rows are in the queue.';
create index intakes_open on intakes (intake_id) where not done;
create table intake_lock ();
comment on table intake_lock is 'Always empty. Held by what takes in new rows.';
-- all that is older is in the queue already
insert into intakes (since, until, done) select s, s, true from pg_current_snapshot() s;

-- these are no more, or take something else now
drop trigger if exists queue_inserted on products;
drop trigger if exists queue_renamed on products;
drop function if exists queue_inserted();
drop function if exists queue_renamed();
drop function if exists queue_strays(bigint, integer);
