-- Up Migration
-- Until when (seconds since 1970) some idle sidecar listens. A sequence and no column: inserts read it, and a transaction that is
-- SERIALIZABLE must not fail because of what a heartbeat wrote meanwhile. Reading and setting a sequence conflicts with nothing.
create sequence notify_until minvalue 0 start 0 owned by sidecars.worker;
comment on sequence notify_until is 'Until when inserts wake a sidecar, in seconds since 1970; written by heartbeats.';

-- Rows that wait, for the sweep that finds those which came with triggers off. Rows that are answered leave it.
create index products_pending on products (product_id) where state = 'pending';
