-- taxon: What a provider's tokens cost.

create or replace function set_llm_price(provider text, model text, dollars_in numeric, dollars_cached numeric, dollars_out numeric,
    since date default null, batch_factor numeric default 0.5, dollars_written numeric default null,
    reason text default null) returns jsonb
  language plpgsql security definer set search_path from current as $$
begin
  if provider is null or provider not in ('openai', 'anthropic') then
    raise exception 'the provider is openai (also for any server that speaks its protocol) or anthropic, not %', coalesce(provider, 'NULL')
      using errcode = 'invalid_parameter_value';
  elsif coalesce(model, '') = '' then
    raise exception 'which model?' using errcode = 'invalid_parameter_value';
  -- NaN is greater than every number, so each is compared by itself
  elsif not coalesce(dollars_in between 0 and 1e5 and dollars_cached between 0 and 1e5 and dollars_out between 0 and 1e5, false)
        or not coalesce(dollars_written between 0 and 1e5, true) then
    raise exception 'prices are dollars a million tokens, 0 or more and 100000 at most, not % / % / %', dollars_in, dollars_cached,
      dollars_out
      using hint = 'A server of your own may cost 0.', errcode = 'invalid_parameter_value';
  elsif batch_factor is null or batch_factor not between 0 and 1 then
    raise exception 'batch_factor must be from 0 to 1, not %', coalesce(batch_factor::text, 'NULL')
      using errcode = 'invalid_parameter_value';
  elsif not isfinite(since) then
    raise exception 'a price holds from a day on, not from %', since using errcode = 'invalid_parameter_value';
  end if;
  insert into llm_prices as p (provider, model, since, dollars_in, dollars_cached, dollars_written, dollars_out, batch_factor, set_by,
    reason)
    values (set_llm_price.provider, set_llm_price.model, coalesce(set_llm_price.since, (now() at time zone 'UTC')::date),
            set_llm_price.dollars_in, set_llm_price.dollars_cached,
            -- where all is free, that is too; Anthropic's rule is the same for all its models
            coalesce(set_llm_price.dollars_written, case when set_llm_price.dollars_in = 0 then 0 when set_llm_price.provider = 'anthropic'
              then 1.25 * set_llm_price.dollars_in end),
            set_llm_price.dollars_out, set_llm_price.batch_factor, session_user, set_llm_price.reason)
    on conflict on constraint llm_prices_pkey do update
      set dollars_in = excluded.dollars_in, dollars_cached = excluded.dollars_cached, dollars_written = excluded.dollars_written,
        dollars_out = excluded.dollars_out,
          batch_factor = excluded.batch_factor, set_by = excluded.set_by, reason = excluded.reason, set_at = now();
  return llm_price(set_llm_price.provider, set_llm_price.model, greatest(now(), set_llm_price.since::timestamp at time zone 'UTC'));
end $$;
comment on function set_llm_price(text, text, numeric, numeric, numeric, date, numeric, numeric, text) is
  'Sets your price of a model, which beats the program''s.
provider: openai (also any server that speaks its protocol) or anthropic.
model: the model that is asked for.
dollars_in: US dollars a million tokens in.
dollars_cached: US dollars a million tokens in that the provider had cached.
dollars_out: US dollars a million tokens out.
since: the day it holds from, in UTC; NULL (the default): today.
batch_factor: what the batch API asks of these prices, 0 to 1; .5 by default.
dollars_written: US dollars a million tokens that the provider writes into its prompt cache; NULL (the default): at Anthropic 1.25 times dollars_in, elsewhere not known.
reason: why; NULL by default.
Returns: the price in force then. Calls that are in the ledger keep the price they were made at.
Errors: 22023 where it is no price (NaN, infinity, below 0), no factor, no day, no model or another provider.
Example: select set_llm_price(''openai'', ''qwen3:8b'', 0, 0, 0, ''2026-01-01'', reason => ''our own server'') ->> ''in'' as dollars;';
grant execute on function set_llm_price to taxon_admin;
