import { type Price, priceOf } from '../llm/pricing.ts';
import type { Provider } from '../llm/types.ts';

/** What the batch API asks of the price. */
const batchFactor = 0.5;

/** The price of today; null where it is not known. */
export function priceFor(provider: Provider, model: string, batch: boolean): Price | null {
  const price = priceOf(provider.name, model, new Date());
  if (price === null || !batch) return price;
  const { in: input, cached, out } = price;
  return { ...price, in: input * batchFactor, cached: cached * batchFactor, out: out * batchFactor };
}
