-- taxon: What is kept for how long, and when it was last swept.

create or replace function retention()
  returns table (thing text, kept text, setting text, rows bigint, bytes bigint, due bigint, ran_at timestamptz, removed bigint)
  language plpgsql stable security definer set search_path from current as $$
declare
  evidence_days integer := (setting('evidence_days'))::integer;
  names_days integer := (setting('ledger_names_days'))::integer;
  ledger_days integer := (setting('ledger_days'))::integer;
  model_days integer := (setting('model_days'))::integer;
begin
  return query
    select x.thing, x.kept, x.setting, x.rows, x.bytes, x.due, r.ran_at, r.removed
      from (
        select 1 as place, 'evidence' as thing, format('%s days', evidence_days) as kept, 'evidence_days' as setting,
               (select count(*) from evidence) as rows, pg_total_relation_size('evidence') as bytes,
               (select count(*) from evidence e where e.decided_at < now() - make_interval(days => evidence_days)) as due
        union all
        select 2, 'names of calls', format('%s days', names_days), 'ledger_names_days',
               (select count(*) from llm_call_names), pg_total_relation_size('llm_call_names'),
               (select count(*) from llm_call_names n join llm_calls c using (llm_call_id)
                 where c.started_at < now() - make_interval(days => names_days))
        union all
        select 3, 'names of batches', format('%s days', names_days), 'ledger_names_days',
               (select count(*) from llm_batch_calls k where k.name_keys <> '{}'), pg_total_relation_size('llm_batch_calls'),
               (select count(*) from llm_batch_calls k join llm_batches b using (llm_batch_id)
                  where k.name_keys <> '{}' and b.ended_at < now() - make_interval(days => names_days))
        union all
        select 4, 'calls', case when ledger_days = 0 then 'for ever' else format('%s days', ledger_days) end, 'ledger_days',
               (select count(*) from llm_calls), pg_total_relation_size('llm_calls'),
               (select count(*) from llm_calls c where ledger_days > 0 and c.state <> 'started'
                 and c.started_at < now() - make_interval(days => ledger_days))
        union all
        select 5, 'embeddings', case when (setting('forget_embeddings'))::boolean
          then 'while a label, product, queue entry, check or regression name has the name' else 'for ever' end,
               'forget_embeddings', (select count(*) from embeddings), pg_total_relation_size('embeddings'),
               (select count(*) from unneeded_embeddings where (setting('forget_embeddings'))::boolean)
        union all
        select 6, 'models', case when model_days = 0 then 'for ever'
          else format('%s days; the champion, what is in a rollout and %s champions before it longer', model_days,
          setting('champions_kept')) end,
               'model_days, champions_kept', (select count(distinct f.model_id) from model_files f), pg_total_relation_size('model_files'),
               (select count(*) from models_past_days())
        union all
        select 7, 'forgotten names', '2 days', null, (select count(*) from forgotten_names), pg_total_relation_size('forgotten_names'),
               (select count(*) from forgotten_names f where f.forgotten_at < now() - interval '2 days')
      ) x left join retention_runs r using (thing) order by x.place;
end $$;
comment on function retention() is
  'Shows what is removed by itself: for how long each thing is kept and by which setting.
Returns: rows and bytes now, how many are due, when the nightly job of the sidecars last ran and how many it removed; rows of models are those that have files. All else (labels, products, history, checks) is kept until somebody removes it.
Example: select thing, kept, rows, due from retention();';
grant execute on function retention to taxon_reader, taxon_admin;
