-- Re-decisions: what a new champion says of names that wait for the LLM, and of answers that an older model gave.

create table second_looks (
  product_id bigint primary key,
  model_id bigint not null references models on delete cascade,
  category_id bigint,
  l1_said real,
  l2_said real,
  l3_said real,
  looked_at timestamptz not null default now()
);
comment on table second_looks is 'What the champion says of rows that an older model has answered. It changes no row: stale_answers() reads it.';
comment on column second_looks.product_id is 'The row. No foreign key: that would put a trigger on each DELETE of a shop; what has lost its row goes with the next promotion.';
comment on column second_looks.model_id is 'The model that was asked again.';
comment on column second_looks.category_id is 'Its answer, sure or not.';
comment on column second_looks.l1_said is 'What the model says of l1, before calibration.';
comment on column second_looks.l2_said is 'What the model says of l1 and l2.';
comment on column second_looks.l3_said is 'What the model says of the whole path.';
comment on column second_looks.looked_at is 'When.';

create table look_progress (
  model_id bigint primary key references models on delete cascade,
  below_product_id bigint,
  looked bigint not null default 0,
  done_at timestamptz
);
comment on table look_progress is 'How far a champion has looked again at the answers of older models, from the newest row down.';
comment on column look_progress.model_id is 'The champion.';
comment on column look_progress.below_product_id is 'It goes on below this row; NULL: it begins.';
comment on column look_progress.looked is 'Rows that it was asked about.';
comment on column look_progress.done_at is 'When there was nothing left, or as many as the setting stale_names allows were done.';

create index products_local on products (product_id) where source = 'local';
create index queue_waiting on queue (created_at) where stage = 'llm' and purpose = 'answer';

insert into all_settings (key, value, description) values
  ('stale_names', '100000', 'So many answers of older models, the newest first, is a new champion asked about again in the background; 0: none.');

update all_settings set description = 'Memory must also have grown by this share of what the champion was trained on; 0: instead retrain_pays() must say that it pays.'
  where key = 'retrain_growth';

-- the stream of agreement is read in the order in which names were decided, no longer in that of the LLM's answers
update drift_streams s set last_id = coalesce((select max(o.evidence_id) from opinions o where o.opinion_id <= s.last_id), 0) where s.stream = 'agreement';
comment on column drift_streams.last_id is 'Looked at so far: an evidence_id.';
