import type { Usage } from './types.ts';

/** The model name of `taxon simulate-llm`; no real server has it. */
export const simulatedModel = 'simulated-llm';

/**
 * US dollars for a million tokens, from a day on: as `llmPrice()` reads it from the database's table llm_prices, the only
 * source of prices, and as the ledger keeps it beside each call.
 */
export interface Price {
  in: number;
  /** Input that the provider had in its prompt cache. */
  cached: number;
  out: number;
  /** The first day of this price (UTC). */
  since: string;
  /** True for the simulator: money that nobody pays. */
  simulated: boolean;
  /** Whether these are the batch API's. */
  batch: boolean;
}

/** US dollars of a call. */
export function costOf(usage: Usage, price: Price): number {
  const fresh = usage.tokensIn - usage.tokensCached;
  return (fresh * price.in + usage.tokensCached * price.cached + usage.tokensOut * price.out) / 1e6;
}
