-- Drift: what the LLM says of names that the local layer passed on, beside what that would have said.

create table opinions (
  evidence_id bigint primary key references evidence on delete cascade,
  opinion_id bigint not null generated always as identity unique,
  levels smallint not null check (levels between 0 and 3)
);
comment on table opinions is 'The LLM''s answers to names that the local layer passed on, compared with what it would have answered. Removed with the evidence.';
comment on column opinions.evidence_id is 'What the local layer said.';
comment on column opinions.opinion_id is 'In which order the answers came.';
comment on column opinions.levels is 'How many levels agree, from the top: 3 the whole path, 0 not even the top category.';

alter table drift_streams rename column last_evidence_id to last_id;
alter table drift_streams drop constraint drift_streams_stream_check;
alter table drift_streams add constraint drift_streams_stream_check check (stream in ('confidence', 'novelty', 'familiarity', 'agreement'));
comment on column drift_streams.stream is 'confidence: what the model says of the whole path; novelty: share of unknown n-grams; familiarity: what it says, plus twice the cosine of the nearest labelled name; agreement: levels on which the LLM agrees, by what the model says.';
comment on column drift_streams.shares is 'Share of names in each bin in quiet times, learnt from the first 10,000 names; of agreement, from 3,000, each bin has four: 0, 1, 2 and 3 levels agree.';
comment on column drift_streams.last_id is 'Looked at so far: an evidence_id; of agreement, an opinion_id.';
comment on column alarms.stream is 'confidence, novelty, familiarity, agreement (see drift_streams) or error (audits).';
