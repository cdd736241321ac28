-- taxon_internal: From how many checks on a share is said.

create or replace function enough_checks() returns integer
  language sql immutable parallel safe
begin atomic
  -- Of 30 checks without a mistake up to 11.6 % may be wrong (Clopper and Pearson, 95 %), of 10 up to 31 %; a mistake more or
  -- less moves the share by 3 points, of 3 by 33. Below that a share says more about luck than about answers.
  select 30;
end;
comment on function enough_checks() is 'From how many checks on a share is said of them; below it is said how many are missing. Example: select enough_checks(); is 30.';
grant execute on function enough_checks to taxon_admin;

create or replace function checks_wanted(checks bigint) returns text
  language sql immutable parallel safe
begin atomic
  select case when coalesce(checks, 0) >= enough_checks() then null
              else format('too few checks: %s more until a share is said', enough_checks() - coalesce(checks, 0)) end;
end;
comment on function checks_wanted(bigint) is 'How many checks are missing until a share of them is said, in words; NULL: none. Example: select checks_wanted(3);';
grant execute on function checks_wanted to taxon_admin;

create or replace function share_told(hits bigint, checks bigint) returns numeric
  language sql immutable parallel safe
begin atomic
  select case when checks >= enough_checks() then round(hits / checks::numeric, 4) end;
end;
comment on function share_told(bigint, bigint) is 'A share of checks; NULL below enough_checks() of them. Example: select share_told(3, 60);';
grant execute on function share_told to taxon_admin;

create or replace function bound_told(hits bigint, checks bigint, upper boolean) returns numeric
  language sql immutable parallel safe
begin atomic
  select case when checks >= enough_checks() then round(share_bound(hits, checks, .975, upper)::numeric, 4) end;
end;
comment on function bound_told(bigint, bigint,
  boolean) is 'An end of the interval (95%, Clopper-Pearson) of a share of checks; NULL below enough_checks() of them. Example: select bound_told(3, 60, true);';
grant execute on function bound_told to taxon_admin;
