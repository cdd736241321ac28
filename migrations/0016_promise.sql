-- Promises end for a reason too; set_thresholds takes a branch.

alter table promises add column ended_because text, add column ended_by text;
comment on column promises.ended_because is 'Why.';
comment on column promises.ended_by is 'By whom.';

-- it takes and returns more
drop function if exists set_thresholds(real, real, real, text, bigint);
