-- taxon_internal: What is given from outside as a number, or as a moment that comes round, and may be none.

create or replace function probability(said real) returns real
  language sql immutable parallel safe
begin atomic
  -- sums of floats are a little beyond; NaN is greater than all numbers
  select case when said between -0.001 and 1.001 then least(greatest(said, 0), 1) end;
end;
comment on function probability(real) is 'A number from 0 to 1, where it is one but for rounding; else NULL, as for a broken model''s NaN. Example: select probability(1.0000001), probability(''NaN'');';

create or replace function sane_results(results jsonb) returns jsonb
  language plpgsql immutable set search_path from current as $$
begin
  -- One look at all of them, as a whole model's answers are numbers: as typed columns, since jsonpath took 59 µs a name of 20 probabilities.
  begin
    if not exists (
      select from jsonb_to_recordset(results) r(confidence real[], probabilities real[], margin real, nearest real, unknown real)
        where (0 <= all (r.confidence) and 1 >= all (r.confidence) and 0 <= all (r.probabilities) and 1 >= all (r.probabilities)
               and abs(r.margin) <= 1e30 and abs(r.nearest) <= 1e30 and abs(r.unknown) <= 1e30) is false) then
      return results;
    end if;
  exception when data_exception then null;
  end;
  return (
    select jsonb_agg(r || jsonb_build_object(
             'confidence', (select jsonb_agg(case when jsonb_typeof(c) = 'number' and c between '-1' and '2'
               then probability((c #>> '{}')::real) end order by i)
                              from jsonb_array_elements(case jsonb_typeof(r -> 'confidence') when 'array' then r -> 'confidence'
                                else '[]' end) with ordinality u(c, i)),
             'probabilities', case when not jsonb_path_exists(r, '$.probabilities[*] ? (@.type() != "number" || @ < 0 || @ > 1.001)')
               then r -> 'probabilities' end,
             'margin', case when jsonb_path_exists(r, '$.margin ? (@ <= 1e30 && @ >= -1e30)') then r -> 'margin' end,
             'nearest', case when jsonb_path_exists(r, '$.nearest ? (@ <= 1e30 && @ >= -1e30)') then r -> 'nearest' end,
             'unknown', case when jsonb_path_exists(r, '$.unknown ? (@ <= 1e30 && @ >= -1e30)') then r -> 'unknown' end) order by n)
      from jsonb_array_elements(results) with ordinality e(r, n));
end $$;
comment on function sane_results(jsonb) is 'What a model says of names, as settle_local() takes it, without numbers that are none: a broken model''s NaN becomes NULL, and clears nothing. Example: select sane_results(''[{"confidence": ["NaN", 0.5, 7]}]'');';

create or replace function is_cron(pattern text) returns boolean
  language plpgsql immutable strict parallel safe set search_path from current as $$
declare
  lowest constant integer[] := array[0,0,0,1,1,0];
  highest constant integer[] := array[59,59,23,31,12,7];
  steps constant integer[] := array[60,60,24,31,12,7];
  fields text[] := regexp_split_to_array(btrim(lower(pattern), E' \t'), '\s+');
  field text;
  said text;
  part text[];
  word text;
begin
  if fields[1] like '@%' then
    return cardinality(fields) = 1 and fields[1] in ('@yearly', '@annually', '@monthly', '@weekly', '@daily', '@midnight', '@hourly');
  end if;
  if cardinality(fields) = 5 then fields := array_prepend('0', fields); end if;
  if cardinality(fields) <> 6 then return false; end if;
  for i in 1..6 loop
    field := replace(fields[i], '?', '*');
    if i = 5 then
      foreach word in array '{jan,feb,mar,apr,may,jun,jul,aug,sep,oct,nov,dec}'::text[] loop
        field := regexp_replace(field, '\m' || word || '\M',
          array_position('{jan,feb,mar,apr,may,jun,jul,aug,sep,oct,nov,dec}', word)::text, 'g');
      end loop;
    elsif i = 6 then
      field := regexp_replace(field, '-sun\M', '-7', 'g');
      foreach word in array '{sun,mon,tue,wed,thu,fri,sat}'::text[] loop
        field := regexp_replace(field, '\m' || word || '\M', (array_position('{sun,mon,tue,wed,thu,fri,sat}', word) - 1)::text, 'g');
      end loop;
    end if;
    foreach said in array string_to_array(field, ',') loop
      -- the last day of the month; the second Tuesday, the last Friday
      continue when i = 4 and said = 'l' or i = 6 and said ~ '^[0-7](#[1-5]|l)$';
      part := regexp_match(said, '^(?:\*|(\d{1,2})(?:-(\d{1,2}))?)(?:/(\d{1,2}))?$');
      if part is null or part[1] is not null and part[2] is null and part[3] is not null
         or part[1]::integer not between lowest[i] and highest[i] or part[2]::integer not between part[1]::integer and highest[i]
         or part[3]::integer not between 1 and steps[i] then
        return false;
      end if;
    end loop;
  end loop;
  return true;
end $$;
comment on function is_cron(text) is 'Whether a text says when something comes round, as cron writes it: minute, hour, day of the month, month, day of the week, a sixth field in front is the second; or @daily and the like. Example: select is_cron(''0 2 * * 0''), is_cron(''61 * * * *'');';
