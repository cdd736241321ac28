-- Up Migration
-- What an INSERT costs (docs/measured/insert.md).

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
