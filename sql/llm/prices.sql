-- taxon_internal: What a call costs. This table of prices is the only one: the price in force when a call starts is written into its row.

-- US dollars a million tokens, standard rates of short prompts (long-prompt rates, over 100,000 tokens, are far from our
-- batches), read on 2026-11-24 from developers.openai.com/api/docs/pricing and platform.claude.com/docs/en/about-claude/pricing
-- where these were at hand, else from pages that quote them (gpt-6-luna): compare with your bill. The simulator is priced like
-- gpt-6-luna, so that a demo's report can show what such traffic would cost. Writing into a prompt cache costs 1.25 times the
-- input at Anthropic (kept for five minutes, which is what is asked for) and at OpenAI since GPT-5.6, nothing more before:
-- read on 2026-11-29 from platform.claude.com's page of Claude Haiku 5.5, learn.microsoft.com (Azure OpenAI, prompt caching)
-- and pages that quote OpenAI's.
insert into llm_prices as p (provider, model, since, dollars_in, dollars_cached, dollars_written, dollars_out, simulated) values
  ('openai', 'gpt-6-luna', '2026-09-22', 0.1, 0.01, 0.125, 0.5, false),
  ('openai', 'gpt-6-sol', '2026-09-22', 2, 0.2, 2.5, 10, false),
  ('openai', 'gpt-5.6-luna', '2026-07-09', 1, 0.1, 1.25, 6, false),
  ('openai', 'gpt-5.6-luna', '2026-07-30', 0.2, 0.02, 0.25, 1.2, false),
  ('openai', 'gpt-5.6-terra', '2026-07-09', 2.5, 0.25, 3.125, 15, false),
  ('openai', 'gpt-5.6-terra', '2026-07-30', 2, 0.2, 2.5, 12, false),
  ('openai', 'gpt-5.4-mini', '2026-03-17', 0.75, 0.075, 0.75, 4.5, false),
  ('openai', 'gpt-5.4-nano', '2026-03-17', 0.2, 0.02, 0.2, 1.25, false),
  ('anthropic', 'claude-haiku-5-5', '2026-10-07', 0.1, 0.01, 0.125, 0.5, false),
  ('anthropic', 'claude-haiku-4-5', '2025-10-15', 1, 0.1, 1.25, 5, false),
  ('openai', 'simulated-llm', '1970-01-01', 0.1, 0.01, 0.125, 0.5, true),
  ('anthropic', 'simulated-llm', '1970-01-01', 0.1, 0.01, 0.125, 0.5, true)
  on conflict (provider, model, since) do update
    set dollars_in = excluded.dollars_in, dollars_cached = excluded.dollars_cached, dollars_written = excluded.dollars_written,
        dollars_out = excluded.dollars_out, simulated = excluded.simulated, set_at = now()
    where p.set_by is null and (p.dollars_in, p.dollars_cached, p.dollars_written, p.dollars_out, p.simulated)
      is distinct from (excluded.dollars_in, excluded.dollars_cached, excluded.dollars_written, excluded.dollars_out, excluded.simulated);

create or replace function llm_price(provider text, model text, at timestamptz default now(), batch boolean default false) returns jsonb
  language sql stable security definer set search_path from current as $$
  select jsonb_build_object('in', p.dollars_in * f.factor, 'cached', p.dollars_cached * f.factor, 'written', p.dollars_written * f.factor,
                            'out', p.dollars_out * f.factor, 'since', p.since, 'simulated', p.simulated, 'batch', llm_price.batch)
    from llm_prices p, lateral (select case when llm_price.batch then p.batch_factor else 1 end as factor) f
    where p.provider = llm_price.provider
      and p.model in (llm_price.model, regexp_replace(llm_price.model, '-(\d{8}|\d{4}-\d{2}-\d{2})$', ''))
      and p.since <= (at at time zone 'UTC')::date
    -- a price of one's own beats a newer one of the program: it is what was agreed on
    order by p.model = llm_price.model desc, p.set_by is not null desc, p.since desc limit 1;
$$;
comment on function llm_price(text, text, timestamptz,
  boolean) is 'The price of a model at a moment: US dollars a million tokens in, cached, written (into the provider''s cache; null: not known) and out, with batch those of the batch API; NULL: not known. A dated version (gpt-5.4-nano-2026-03-17) without a price of its own has its model''s. Example: select llm_price(''openai'', ''gpt-6-luna'', ''2026-11-01'') ->> ''out'' as dollars;';
grant execute on function llm_price to taxon_admin, taxon_sidecar;

create or replace function llm_cost(price jsonb, tokens_in bigint, tokens_cached bigint, tokens_out bigint, tokens_written bigint default 0)
  returns numeric
  language sql immutable parallel safe
begin atomic
  select ((tokens_in - tokens_cached - tokens_written) * (price ->> 'in')::numeric + tokens_cached * (price ->> 'cached')::numeric
          + case when tokens_written = 0 then 0 else tokens_written * (price ->> 'written')::numeric end
          + tokens_out * (price ->> 'out')::numeric) / 1000000;
end;
comment on function llm_cost(jsonb, bigint, bigint, bigint,
  bigint) is 'US dollars of a call; cached and written tokens are parts of tokens_in. NULL where the price is, or where tokens were written into the cache and nothing says what that costs. Example: select llm_cost(llm_price(''openai'', ''gpt-6-luna''), 1000000, 600000, 100000);';
grant execute on function llm_cost to taxon_admin;

create or replace function settled_cost(price jsonb, tokens_in bigint, tokens_cached bigint, tokens_out bigint, tokens_written bigint,
  doubt text)
  returns numeric
  language sql immutable parallel safe
begin atomic
  -- nothing costs nothing, however many tokens it was
  select case when doubt is null or greatest((price ->> 'in')::numeric, (price ->> 'cached')::numeric, (price ->> 'out')::numeric) = 0
              then llm_cost(price, tokens_in, tokens_cached, tokens_out, tokens_written) end;
end;
comment on function settled_cost(jsonb, bigint, bigint, bigint, bigint,
  text) is 'US dollars that the ledger books for an answered call: llm_cost(), and NULL where the counts are doubted. Example: settled_cost(llm_price(''openai'', ''gpt-6-luna''), 1000, 0, 100, 0, ''the server counts no tokens'').';
