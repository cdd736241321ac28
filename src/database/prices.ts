import type { Database } from './connection/open.ts';

/** US dollars for a million tokens, as the ledger keeps them beside a call. */
interface LlmPrice {
  in: number;
  cached: number;
  written: number | null;
  out: number;
  since: string;
  simulated: boolean;
  batch: boolean;
}

/**
 * The price of a model on a day, from the table llm_prices; null when it is not known (a server of one's own, a model not in
 * the table, a day before its first price).
 */
export async function llmPrice(
  db: Database,
  provider: 'openai' | 'anthropic',
  model: string,
  options: { at?: Date; batch?: boolean } = {},
): Promise<LlmPrice | null> {
  const { price } = await db.row<{ price: LlmPrice | null }>(
    `select ${db.internal}llm_price($1, $2, $3, $4) as price`,
    [provider, model, options.at ?? new Date(), options.batch ?? false],
  );
  return price;
}
