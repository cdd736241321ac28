-- Up Migration
-- Where claims begin to look. While some transaction keeps an old snapshot, the entries of names that were claimed and settled
-- cannot be removed, and each claim stepped over all of them: 20 times its usual cost after 300,000 names. Sequences, as they are
-- read at no cost, have no old versions that pile up in their turn, and conflict with nothing.
create sequence queue_floor minvalue 0 start 0 owned by queue.available_at;
create sequence queue_safe minvalue 0 start 0 owned by queue.available_at;
comment on sequence queue_floor is 'No entry of the local stage is due from before this moment, in milliseconds since 1970; a hint, which look_below_floor() checks.';
comment on sequence queue_safe is 'Whoever inserted entries before this moment, in milliseconds since 1970, has ended his transaction.';
create table queue_horizon (
  looked_at timestamptz not null,
  next_xid xid8 not null
);
comment on table queue_horizon is 'One row, or a few where several claims were the first: when this transaction began, all that write now had a smaller number. Once they have ended, queue_safe may rise.';
comment on column queue_horizon.looked_at is 'A moment just before the number was taken.';
comment on column queue_horizon.next_xid is 'The number of the transaction that noted it.';

-- the moment of the entry itself, not that of its transaction's beginning, which may be an hour before
alter table queue alter column available_at set default clock_timestamp();
-- emptied all the time, so what is dead is many times what lives: by their share of the table, dead entries would be removed too late
alter table queue set (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000, autovacuum_vacuum_insert_scale_factor = 0,
  autovacuum_analyze_scale_factor = 0, autovacuum_analyze_threshold = 50000, autovacuum_vacuum_cost_delay = 0);
