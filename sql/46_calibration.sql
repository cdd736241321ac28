-- From what a model says to a confidence.

create or replace function calibrate(said real, said_offset real, slope real) returns real
  language sql immutable parallel safe
begin atomic
  -- 1e-6 from either end: a float's logit is finite there; without a calibration the number stays as it is, bit by bit
  select case when said_offset is null then said
    else (1 / (1 + exp(-(said_offset + slope * ln(greatest(least(said, 1 - 1e-6), 1e-6)::float8
                                           / (1 - greatest(least(said, 1 - 1e-6), 1e-6)::float8))))))::real end;
end;
comment on function calibrate(real, real, real) is 'What a model said, as a confidence: logit(confidence) = offset + slope × logit(said). NULL offset: unchanged.';

create or replace function calibration_in_force(model_id bigint) returns setof calibrations
  language sql stable rows 1
begin atomic
  select * from calibrations c where c.model_id = calibration_in_force.model_id order by c.calibration_id desc limit 1;
end;
comment on function calibration_in_force(bigint) is 'The newest calibration of a model; no row: none yet.';
