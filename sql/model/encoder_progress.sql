-- taxon: Encoders side by side: how much of memory each has encoded, and their removal.

create or replace view encoder_progress with (security_invoker) as
  select e.encoder_id, e.identity, e.dimension, s.roles,
         (select count(*) from labels l join embeddings x on x.encoder_id = e.encoder_id and x.name_hash = l.name_hash) as labels,
         (select count(*) from labels l where not exists (select from embeddings x where x.encoder_id = e.encoder_id
           and x.name_hash = l.name_hash)) as missing,
         b.embeddings, b.bytes, array(select m.model_id from models m where m.encoder_id = e.encoder_id order by 1) as models,
         exists (select from pg_index i join pg_class c on c.oid = i.indexrelid
                   where i.indrelid = 'embeddings'::regclass and c.relname = 'embeddings_near_' || e.encoder_id) as indexed
    from encoders e
    cross join lateral (select coalesce(array_agg(v.role order by v.role), '{}') as roles from serving() v
      where v.encoder_id = e.encoder_id) s
    cross join lateral (select count(*) as embeddings, coalesce(sum(pg_column_size(x.*)), 0) as bytes from embeddings x
      where x.encoder_id = e.encoder_id) b;
comment on view encoder_progress is 'Every encoder that was used here: how far memory is encoded with it, who reads it, what it takes. Reads all embeddings.';
comment on column encoder_progress.encoder_id is 'Its short id.';
comment on column encoder_progress.identity is 'Model, revision, dtype, prefix, pooling.';
comment on column encoder_progress.dimension is 'Length of an embedding.';
comment on column encoder_progress.roles is 'What models that read it do now: champion, shadow, canary; empty: none answers with it.';
comment on column encoder_progress.labels is 'Labelled names that it has encoded.';
comment on column encoder_progress.missing is 'Labelled names that it has not: sidecars that name it encode them in the background, unless the setting fill_embeddings is false.';
comment on column encoder_progress.embeddings is 'All its embeddings, those of names without a label too.';
comment on column encoder_progress.bytes is 'What they take in the table.';
comment on column encoder_progress.models is 'Models that read it.';
comment on column encoder_progress.indexed is 'Whether it has the index of neighbour_index().';
grant select on encoder_progress to taxon_reader, taxon_admin;

create or replace function remove_encoder(encoder_id integer, most integer default 10000, preview boolean default false) returns integer
  language plpgsql security definer set search_path from current as $$
declare
  reader record;
  gone integer;
begin
  if not exists (select from encoders e where e.encoder_id = remove_encoder.encoder_id) then
    raise exception 'there is no encoder %', coalesce(encoder_id::text, 'NULL') using hint = 'select encoder_id, identity from encoders;',
      errcode = 'no_data_found';
  end if;
  -- nobody is promoted meanwhile
  perform hold_lock('models');
  select * into reader from serving() s where s.encoder_id = remove_encoder.encoder_id limit 1;
  if found then
    raise exception 'encoder % is read by model %, the % of today', encoder_id, reader.model_id, reader.role
      using hint = 'Promote a model of another encoder first: select model_id, encoder, state from models_readable;',
        errcode = 'object_not_in_prerequisite_state';
  end if;
  if preview then
    return (select count(*) from (select from embeddings x where x.encoder_id = remove_encoder.encoder_id limit most) x);
  end if;
  delete from embeddings e using (
      select x.name_hash from embeddings x where x.encoder_id = remove_encoder.encoder_id limit most for update skip locked) old
    where e.encoder_id = remove_encoder.encoder_id and e.name_hash = old.name_hash;
  get diagnostics gone = row_count;
  return gone;
end $$;
comment on function remove_encoder(integer, integer, boolean) is
  'Removes embeddings of an encoder that no champion or challenger reads.
encoder_id: the encoder, as encoder_progress numbers it.
most: at most so many embeddings a call, 10000 by default.
preview: true: counts them and changes nothing. Default false.
Returns: how many: call it again until that is 0, then VACUUM embeddings makes their space free again. The encoder''s models stay in the registry; promoted again, they have names encoded anew. taxon model encoders --remove does all of it.
Errors: P0002 where there is no such encoder; 55000 where a model in use reads it.
Example: select remove_encoder(3, preview => true);';
grant execute on function remove_encoder to taxon_admin;
