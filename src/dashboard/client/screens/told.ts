/** What explain() tells of a product as JSON. */

type Facts = Record<string, unknown>;
export interface Told {
  story: {
    product: {
      product_id: number;
      name: string | null;
      name_length?: number;
      name_key: string | null;
      state: string;
      created_at: string;
      failure: string | null;
    };
    answer: { layer: string; category_id: number; path: string; at: string } | null;
    similar: { matched_key: string; similarity: number; label: string | null } | null;
    label: { path: string; source: string; confidence: number | null; since: string } | null;
    local: { model_id: number; confidence: (number | null)[] } | null;
    evidence: {
      path: string | null;
      said: number[];
      clears: boolean;
      answered: boolean;
      at: string;
      nearest: number | null;
      voices: unknown;
    } | null;
    thresholds: { then: Three | null; now: Three | null };
    alternatives: {
      similar: { name: string; path: string; similarity: number; blocked_by: string | null }[];
      nearest: { name: string; path: string; cosine: number }[];
      shortlist: string[];
    };
    llm: {
      llm_call_id: number;
      provider: string;
      model: string;
      simulated: boolean;
      tokens: number;
      cost: number | null;
      at: string | null;
    } | null;
    cost: Facts | null;
    checks: {
      check_id: number;
      strategy: string;
      judged: string;
      right: boolean | null;
      truth: string | null;
      by: string | null;
      at: string | null;
    }[];
    history: {
      what: string;
      before: string | null;
      before_source: string | null;
      after: string | null;
      after_source: string | null;
      why: string | null;
      by: string;
      at: string;
    }[];
  };
  lines: { item: string; detail: string }[];
}
export interface Three {
  l1: number;
  l2: number;
  l3: number;
  certified: boolean;
  reason: string | null;
}
