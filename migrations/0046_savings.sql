-- What savings() compares with: the same names in full batches, and nothing that nobody measured.

delete from all_settings where key = 'llm_naive_tokens';
insert into all_settings (key, value, description) values
  ('llm_full_batch', '20', 'Names of a full batch of the LLM, for savings(): what TAXON_LLM_BATCH is. Where the ledger has larger batches, the largest counts.');

-- it returns other columns now
drop function if exists savings(interval);
