-- taxon: What the gate said of a model, in lines to read.

create or replace function gate_report(model_id bigint default null)
  returns table (gate_id bigint, challenger bigint, champion bigint, passed boolean, reasons text[], judged_at timestamptz, numbers jsonb)
  language sql stable security definer set search_path from current as $$
  select g.gate_id, g.challenger, g.champion, g.passed, g.reasons, g.judged_at, g.numbers from gate_verdicts g
    where gate_report.model_id is null or g.challenger = gate_report.model_id order by g.gate_id desc;
$$;
comment on function gate_report(bigint) is
  'Says what the gate found of a challenger, with its reasons and numbers, the newest first.
model_id: the challenger; NULL (the default): all.
Example: select challenger, passed, reasons from gate_report();';
grant execute on function gate_report to taxon_reader, taxon_admin, taxon_sidecar;
