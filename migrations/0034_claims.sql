-- Which claim holds a name, and which call is which: ids that the sidecar makes before it asks, so that it can name what it
-- has in hand, what it lost the answer of, and what it asks for a second time.

alter table queue add column claim_id uuid;
create index queue_claim on queue (claim_id) where claim_id is not null;
-- nearly empty: names that ended two workers, for claims to step around
create index queue_tried on queue (name_hash) where stage = 'local' and attempts >= 2;
comment on column queue.claim_id is 'The claim that took it, an id made by the sidecar; what is renewed and taken back is told by it.';

alter table llm_calls add column claim_id uuid, add column token uuid unique;
comment on column llm_calls.claim_id is 'The claim that its names are of; renewed with it. NULL: its names are of no claim.';
comment on column llm_calls.token is 'Made by who calls: start_call() asked again with it finds this row. NULL where it is never asked again.';

-- these take the claim now
drop function if exists claim(text, integer, interval);
drop function if exists claim_llm(text, integer, interval, interval);
drop function if exists renew(text, interval);
drop function if exists give_back(text, text[], text, text, boolean, interval, text);
drop function if exists start_call(text, text, text, text, text, boolean, integer, integer, integer, numeric, jsonb, interval, text[], smallint[], text, boolean, text, text);
drop function if exists fail_call(text, bigint, text[], text, boolean, boolean, interval);
