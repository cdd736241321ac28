-- taxon: The models, with what made them and the thresholds in force.

create or replace view models_readable with (security_invoker) as
  select m.model_id, m.state, m.created_at, m.promoted_at, e.identity as encoder, (m.data ->> 'labels')::bigint as labels,
         m.metrics, m.data, m.code_version, m.seed, m.settings, m.run_id,
         -- octet_length() reads no content: the size stands beside the pointer to it
         (select count(*) from model_files f where f.model_id = m.model_id) as files,
         (select coalesce(sum(octet_length(f.content)), 0)::bigint from model_files f where f.model_id = m.model_id) as bytes,
         m.forgotten, t.l1, t.l2, t.l3, array[s.l1_said, s.l2_said, s.l3_said] as said, t.certified, t.reason
    from models m
    left join encoders e using (encoder_id)
    cross join lateral thresholds_in_force(m.model_id) t
    cross join lateral thresholds_said(m.model_id) s
    order by m.model_id desc;
comment on view models_readable is 'Every model, newest first: what it is, what made it, how large it is, and the thresholds in force.';
comment on column models_readable.model_id is 'Id of the model.';
comment on column models_readable.state is 'candidate, shadow, canary, champion (at most one) or retired.';
comment on column models_readable.created_at is 'When it was stored.';
comment on column models_readable.promoted_at is 'When it last became champion.';
comment on column models_readable.encoder is 'The encoder whose embeddings it reads; NULL: none, it is of letters alone.';
comment on column models_readable.labels is 'How many labels it was trained on.';
comment on column models_readable.metrics is 'What its training measured.';
comment on column models_readable.data is 'What it was trained on; see models.';
comment on column models_readable.code_version is 'The pgtaxon that trained it.';
comment on column models_readable.seed is 'Seed of everything random in its training.';
comment on column models_readable.settings is 'What the training was asked for.';
comment on column models_readable.run_id is 'The training run that made it; NULL for one from another database.';
comment on column models_readable.files is 'How many files it has; 0: they are past their days, it cannot be promoted.';
comment on column models_readable.bytes is 'Their bytes together.';
comment on column models_readable.forgotten is 'Names forgotten since that it may have learnt from; see models.';
comment on column models_readable.l1 is 'Lowest l1 confidence at which the local layer answers, but for branches that have their own thresholds.';
comment on column models_readable.l2 is 'Lowest l2 confidence.';
comment on column models_readable.l3 is 'Lowest l3 confidence.';
comment on column models_readable.said is 'The same three in terms of what the model says, before calibration.';
comment on column models_readable.certified is 'Whether a promise on the error was proved for these thresholds.';
comment on column models_readable.reason is 'Why they were set.';
grant select on models_readable to taxon_reader, taxon_admin;
