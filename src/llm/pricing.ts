import type { Usage } from './types.ts';

/** The model name of `taxon simulate-llm`; no real server has it. */
export const simulatedModel = 'simulated-llm';

/** US dollars for a million tokens, from a day on. */
export interface Price {
  in: number;
  /** Input that the provider had in its prompt cache. */
  cached: number;
  out: number;
  /** The first day of this price (UTC). */
  since: string;
  /** True for the simulator: money that nobody pays. */
  simulated: boolean;
}

/** Dollars per million tokens: model, first day, input, cached input, output. */
type Row = readonly [model: string, since: string, input: number, cached: number, output: number];

// Standard rates of short prompts, read on 2026-11-24 from developers.openai.com/api/docs/pricing and
// platform.claude.com/docs/en/about-claude/pricing where these were at hand, else from pages that quote them (gpt-6-luna):
// compare with your bill. Long-prompt rates (over 100,000 tokens) are far from our batches.
const table: { readonly openai: readonly Row[]; readonly anthropic: readonly Row[] } = {
  openai: [
    ['gpt-6-luna', '2026-09-22', 0.1, 0.01, 0.5],
    ['gpt-6-sol', '2026-09-22', 2, 0.2, 10],
    ['gpt-5.6-luna', '2026-07-09', 1, 0.1, 6],
    ['gpt-5.6-luna', '2026-07-30', 0.2, 0.02, 1.2],
    ['gpt-5.6-terra', '2026-07-09', 2.5, 0.25, 15],
    ['gpt-5.6-terra', '2026-07-30', 2, 0.2, 12],
    ['gpt-5.4-mini', '2026-03-17', 0.75, 0.075, 4.5],
    ['gpt-5.4-nano', '2026-03-17', 0.2, 0.02, 1.25],
  ],
  anthropic: [
    ['claude-haiku-5-5', '2026-10-07', 0.1, 0.01, 0.5],
    ['claude-haiku-4-5', '2025-10-15', 1, 0.1, 5],
  ],
};

/** The simulator is priced like gpt-6-luna, so that a demo's report can show what such traffic would cost. */
const simulatedPrice: Price = { in: 0.1, cached: 0.01, out: 0.5, since: '1970-01-01', simulated: true };

/**
 * The price of a model on a day; null when it is not known (a server of one's own, a model not in the table, a day
 * before its first price). A dated version has its model's price: `gpt-5.4-nano-2026-03-17`.
 */
export function priceOf(provider: 'openai' | 'anthropic', model: string, at: Date): Price | null {
  if (model === simulatedModel) return simulatedPrice;
  const plain = model.replace(/-(\d{8}|\d{4}-\d{2}-\d{2})$/, '');
  const day = at.toISOString().slice(0, 10);
  const rows = table[provider].filter(([name, since]) => name === plain && since <= day);
  const newest = rows.reduce<Row | null>((best, row) => (best && best[1] > row[1] ? best : row), null);
  if (newest === null) return null;
  const [, since, input, cached, output] = newest;
  return { in: input, cached, out: output, since, simulated: false };
}

/** US dollars of a call. */
export function costOf(usage: Usage, price: Price): number {
  const fresh = usage.tokensIn - usage.tokensCached;
  return (fresh * price.in + usage.tokensCached * price.cached + usage.tokensOut * price.out) / 1e6;
}
