-- taxon_internal: From what a model says to a confidence, and back.

create or replace function calibrate(said real, said_offset real, slope real) returns real
  language sql immutable parallel safe
begin atomic
  -- 1e-6 from either end: a float's logit is finite there; without a calibration the number stays as it is, bit by bit
  select case when said_offset is null then said
    else (1 / (1 + exp(-(said_offset + slope * ln(greatest(least(said, 1 - 1e-6), 1e-6)::float8
                                           / (1 - greatest(least(said, 1 - 1e-6), 1e-6)::float8))))))::real end;
end;
comment on function calibrate(real, real,
  real) is 'What a model said, as a confidence: logit(confidence) = offset + slope × logit(said). NULL offset: unchanged. Example: select calibrate(.5, 0, 2); is .5.';
grant execute on function calibrate to taxon_reader, taxon_admin, taxon_sidecar;

create or replace function said_of(confidence real, said_offset real, slope real) returns real
  language plpgsql immutable parallel safe set search_path from current as $$
declare
  low real := 0;
  high real := 1;
  middle real;
begin
  if said_offset is null or confidence is null then
    return confidence;
  elsif calibrate(low, said_offset, slope) >= confidence then
    return 0;
  elsif not calibrate(high, said_offset, slope) >= confidence then
    return 'infinity'::real;
  end if;
  -- By halving and not by the formula: the name that a threshold was taken from must pass it, whatever was rounded on the way.
  loop
    middle := (low::float8 + high) / 2;
    exit when middle <= low or middle >= high;
    if calibrate(middle, said_offset, slope) >= confidence then high := middle; else low := middle; end if;
  end loop;
  return high;
end $$;
comment on function said_of(real, real, real) is 'The least that a model must say for a confidence, the inverse of calibrate(); infinity: it cannot say enough. NULL offset: unchanged. Example: select said_of(.5, 0, 2); is .5.';
grant execute on function said_of to taxon_reader, taxon_admin, taxon_sidecar;

create or replace function rescaled(confidence real, level integer, was calibrations, now calibrations) returns real
  language sql immutable parallel safe
begin atomic
  select case when confidence in (0, 1) then confidence
              else least(calibrate(least(said_of(confidence, (was).offsets[level], (was).slopes[level]), 1),
                                   (now).offsets[level], (now).slopes[level]), 1) end;
end;
comment on function rescaled(real, integer, calibrations,
  calibrations) is 'A threshold of one calibration as one of another, at a level 1 to 3: the same names pass it. Example: select rescaled(.5, 3, null, null); is .5.';
grant execute on function rescaled to taxon_admin;

create or replace function calibration_in_force(model_id bigint) returns setof calibrations
  language sql stable rows 1
begin atomic
  select * from calibrations c where c.model_id = calibration_in_force.model_id order by c.calibration_id desc limit 1;
end;
comment on function calibration_in_force(bigint) is 'The newest calibration of a model; no row: none yet. Example: select offsets, slopes from calibration_in_force(1);';
grant execute on function calibration_in_force to taxon_reader, taxon_admin, taxon_sidecar;

create or replace function thresholds_said(model_id bigint default null)
  returns table (model_id bigint, l1_said real, l2_said real, l3_said real)
  language sql stable
begin atomic
  select t.model_id, said_of(t.l1, c.offsets[1], c.slopes[1]), said_of(t.l2, c.offsets[2], c.slopes[2]),
         said_of(t.l3, c.offsets[3], c.slopes[3])
    from thresholds_in_force(thresholds_said.model_id) t left join calibration_in_force(t.model_id) c on true;
end;
comment on function thresholds_said(bigint) is 'The thresholds in force of a model (default: the champion) in terms of what it says, before calibration: a name that says less is never answered. Example: select l1_said, l2_said, l3_said from thresholds_said();';
grant execute on function thresholds_said to taxon_reader, taxon_admin, taxon_sidecar;

grant select on calibrations to taxon_sidecar;
