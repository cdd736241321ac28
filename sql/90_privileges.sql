-- Roles of the cluster (they may exist before, and several schemas share them), and what each may do here.

do $$
declare
  role_name text;
begin
  foreach role_name in array array['taxon_reader', 'taxon_writer', 'taxon_admin', 'taxon_sidecar'] loop
    if not exists (select from pg_roles r where r.rolname = role_name) then
      begin
        execute format('create role %I nologin', role_name);
      exception when duplicate_object or unique_violation then null;  -- another database of the cluster made it this moment
      end;
    end if;
  end loop;
end $$;

do $$
declare
  here text := quote_ident(current_schema());
  reading text := 'look_up(text), wait_for(bigint, interval), routing(interval), health(), normalise(text), name_hash(text), category_path(bigint), setting(text), thresholds_in_force(bigint), champion(), exact(text), similar_label(text), similar_matches(text, integer), blocking_word(text, text, bigint), words(text)';
  admin text := 'set_setting(text, jsonb), set_tree_levels(text), make_category(text[], text), learn_guard(), import_labels(integer), finish_import(bigint), set_thresholds(real, real, real, text, bigint), promote(bigint), requeue(bigint), retry_dead(text), register_encoder(text, integer), save_embeddings(integer, text[], halfvec[]), save_model(integer, bigint, jsonb), save_model_file(bigint, text, bytea, bytea), start_run(jsonb), end_run(bigint, jsonb, text), unencoded_labels(integer, bytea, integer), count_labels(integer), training_rows(integer, bytea, integer), embeddings_of(integer, text[])';
  sidecar text := 'claim(text, integer, interval), claim_llm(text, integer, interval, interval), renew(text, interval), give_back(text, text[], text, text, boolean, interval), settle_from_memory(text, text[], integer), settle_local(text, bigint, jsonb), start_call(text, text, text, text, text, boolean, integer, integer, integer, numeric, jsonb, interval), settle_llm(text, bigint, jsonb, jsonb, integer, integer, integer, numeric, text, text), fail_call(text, bigint, text[], text, boolean, boolean, interval), close_lost_calls(), register_encoder(text, integer), save_embeddings(integer, text[], halfvec[]), heartbeat(text, text, integer, text, bigint, text, boolean, boolean, text), leave(text), forget_dead_sidecars(), normalise(text), name_hash(text), category_path(bigint), setting(text), champion(), thresholds_in_force(bigint), exact(text), similar_label(text), similar_matches(text, integer), blocking_word(text, text, bigint), words(text)';
begin
  execute format('revoke all on all tables in schema %s from public', here);
  execute format('revoke all on all functions in schema %s from public', here);
  execute format('grant usage on schema %s to taxon_reader, taxon_writer, taxon_admin, taxon_sidecar', here);

  execute format('grant select on all tables in schema %s to taxon_reader, taxon_admin', here);
  execute format('grant execute on function %s to taxon_reader, taxon_admin', reading);
  execute format('grant execute on function %s to taxon_admin', admin);
  grant insert, update, delete on labels, products to taxon_admin;
  grant insert, delete on import_rows to taxon_admin;

  -- an application: gives names, reads answers; which layer answers is not its to write
  grant select on products, products_readable, categories to taxon_writer;
  grant insert (external_id, name), update (external_id, name) on products to taxon_writer;
  grant execute on function normalise(text), name_hash(text), category_path(bigint), wait_for(bigint, interval), look_up(text) to taxon_writer;

  execute format('grant execute on function %s to taxon_sidecar', sidecar);
  grant select on categories, models, model_files, encoders, embeddings, settings, thresholds, labels, guard_tokens, sidecars to taxon_sidecar;
end $$;
