-- Audits: how far they have looked, and the rows that were picked before they were answered.

create table audit_watermark (
  one_row boolean primary key default true check (one_row),
  seen_xact xid8 not null,
  from_id bigint not null,
  next_xact xid8 not null,
  next_id bigint not null,
  drawn_at timestamptz,
  people_at timestamptz
);
comment on table audit_watermark is 'How far draw_audits() has looked: one row. It goes by transactions, not by ids: an id may be committed after a higher one was looked at.';
comment on column audit_watermark.one_row is 'There is one row.';
comment on column audit_watermark.seen_xact is 'Rows that an older transaction inserted were looked at.';
comment on column audit_watermark.from_id is 'No row of that transaction or a newer one has a lower id, so that the search starts here.';
comment on column audit_watermark.next_xact is 'Once rows are looked at up to this transaction,';
comment on column audit_watermark.next_id is 'this id is where the search starts.';
comment on column audit_watermark.drawn_at is 'When it last looked.';
comment on column audit_watermark.people_at is 'When people were last given audits: what they may be given grows from here.';

-- what was answered before this migration is not audited
insert into audit_watermark (seen_xact, from_id, next_xact, next_id)
  select pg_snapshot_xmin(pg_current_snapshot()), n.id, pg_snapshot_xmax(pg_current_snapshot()), n.id
    from (select coalesce(max(product_id), 0) as id from products) n;

create table audit_waiting (
  product_id bigint primary key,
  weight real not null,
  picked_at timestamptz not null default now()
);
comment on table audit_waiting is 'Rows picked for an audit that were not answered yet, or that wait for people''s turn: picked on arrival, so that a row that waits long has the same chance as any.';
comment on column audit_waiting.product_id is 'The row.';
comment on column audit_waiting.weight is 'How many rows it stands for: 1 / audit_share at the pick.';
comment on column audit_waiting.picked_at is 'When.';

insert into all_settings (key, value, description) values
  ('audit_people_a_day', '20', 'How many audits a day are put before people, alike for each layer; of more that are due, chance takes these.'),
  ('similar_promise', '0', 'Largest share of wrong answers promised for the similar layer; 0: no promise.');

-- they know purposes now: another result, another parameter
drop function if exists claim_llm(text, integer, interval, interval);
drop function if exists give_back(text, text[], text, text, boolean, interval);
