-- taxon_internal: Layer 3 or layer 4: the one place where confidences are compared with thresholds.

create or replace function clears(l1_confidence real, l2_confidence real, l3_confidence real, l1 real, l2 real, l3 real)
  returns boolean
  language sql immutable parallel safe
begin atomic
  -- compared as they are stored (real): .75 must clear .75; a broken model's NaN is greater than all numbers and must not
  select coalesce(l1_confidence >= l1 and l2_confidence >= l2 and l3_confidence >= l3
    and greatest(l1_confidence, l2_confidence, l3_confidence) < 'infinity', false);
end;
comment on function clears(real, real, real, real, real, real) is 'The decision "layer 3 or layer 4": three confidences against three thresholds; all must clear.';
grant execute on function clears to taxon_reader, taxon_admin;
