/** What the page's screens are made of, as JSON. Moments are ISO texts; names are cut, with their whole length beside. */

import type { Action } from './actions.ts';

/** Who asks, and what he may do. */

export interface Me {
  /** Null on the machine itself. */
  name: string | null;
  /** Null: the rights of the connection. */
  role: string | null;
  schema: string;
  version: string;
  allowed: Action[];
}

export interface Layer {
  layer: string;
  products: number;
  /** 0 to 1; null of none. */
  share: number | null;
  tokens: number;
  /** US dollars; null where a price is not known. */
  cost: number | null;
}

export interface Overview {
  at: string;
  /** Since midnight of the server. */
  today: Layer[];
  /** The last 24 hours, an entry for each hour and layer that has names. */
  hours: { hour: string; layer: string; names: number }[];
  /** Name keys before the local stage (at most `counted`), and before the LLM. */
  waiting: { local: number; llm: number; people: number; dead: number };
  /** Products that are answered, and all of them, by the planner's estimate where there are many. */
  products: number;
  newest: NewestProduct[];
}

export interface NewestProduct {
  product_id: number;
  name: string;
  name_length: number;
  layer: string;
  path: string | null;
}

export interface Health {
  health: { item: string; status: 'ok' | 'warn'; value: string; detail: string }[];
  autopilot: { item: string; state: string; detail: string | null }[];
  saved: {
    assumption: string;
    tokens_then: number | null;
    tokens_spent: number;
    tokens_saved: number | null;
    share_saved: number | null;
    cost_then: number | null;
    cost_spent: number | null;
    simulated: boolean;
  };
  budgets: Budget[];
}

export interface Budget {
  budget: string;
  most: number;
  spent: number;
  share: number | null;
  ends: string;
}

export interface SpendRow {
  what: string;
  calls: number;
  names: number;
  tokens_in: number;
  tokens_cached: number;
  tokens_out: number;
  cost: number | null;
  unknown_calls: number;
  unknown_tokens: number;
  products: number | null;
  tokens_a_product: number | null;
  simulated: boolean | null;
}

export interface LedgerScreen {
  by: string;
  rows: SpendRow[];
  days: SpendRow[];
  budgets: Budget[];
}

export interface FoundProduct {
  product_id: number;
  external_id: string | null;
  name: string;
  name_length: number;
  state: string;
  source: string | null;
  path: string | null;
}
