import type { Usage } from './types.ts';

/** The model name of `taxon llm simulate`; no real server has it. */
export const simulatedModel = 'simulated-llm';

/**
 * US dollars for a million tokens, from a day on: as `llmPrice()` reads it from the database's table llm_prices, the only
 * source of prices, and as the ledger keeps it beside each call.
 */
export interface Price {
  in: number;
  /** Input that the provider had in its prompt cache. */
  cached: number;
  /** Input that it wrote into its prompt cache; null where that is not known. */
  written: number | null;
  out: number;
  /** The first day of this price (UTC). */
  since: string;
  /** True for the simulator: money that nobody pays. */
  simulated: boolean;
  /** Whether these are the batch API's. */
  batch: boolean;
}

/** US dollars of a call by a price, as llm_cost() has it; null where what was written into the cache has none. */
export function costOf(usage: Usage, price: Price): number | null {
  const { tokensIn, tokensCached, tokensWritten, tokensOut } = usage;
  if (tokensWritten > 0 && price.written === null) return null;
  const fresh = tokensIn - tokensCached - tokensWritten;
  const input = fresh * price.in + tokensCached * price.cached + tokensWritten * (price.written ?? 0);
  return (input + tokensOut * price.out) / 1e6;
}

/**
 * US dollars that the ledger books for a call, as settle_llm() does: what the provider says, else by its price, and null where
 * neither is known or the counts are doubted.
 */
export function bookedCost(usage: Usage, price: Price | null): number | null {
  if (usage.cost !== undefined) return usage.cost;
  const free = price !== null && [price.in, price.cached, price.out].every((part) => part === 0);
  if (price === null || (usage.doubt !== undefined && !free)) return null;
  return costOf(usage, price);
}
