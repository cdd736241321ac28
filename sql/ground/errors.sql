-- taxon_internal: What an error of one row means, whatever class a trigger of the application has given it. What really is wrong with the
-- server (no disk, no memory) meets our own writes beside the row as well, and with them all is undone.

create or replace function is_conflict(code text) returns boolean
  language sql immutable parallel safe
begin atomic
  select is_conflict.code in ('40001', '40P01', '55P03');
end;
comment on function is_conflict(text) is 'Whether an SQLSTATE says that somebody else was in the way (conflict of snapshots, deadlock, lock_timeout): the same may go well a moment later, and it is no fault of the row. Example: select is_conflict(''40P01'');';

create or replace function is_wanted_end(code text) returns boolean
  language sql stable
begin atomic
  -- a sidecar cancels nothing: there it is statement_timeout, which one row's trigger has used up
  select is_wanted_end.code = '57014' and current_setting('application_name') is distinct from 'taxon sidecar';
end;
comment on function is_wanted_end(text) is 'Whether an SQLSTATE says that a person ends what he has begun. Example: select is_wanted_end(''57014'');';
