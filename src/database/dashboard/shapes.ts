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

export interface CurvePoint {
  coverage: number;
  l1: number;
  l2: number;
  l3: number;
  names: number;
  expected_error: number | null;
  checked: number;
  wrong: number;
  measured_error: number | null;
  lower: number | null;
  upper: number | null;
}

export interface ThresholdsScreen {
  now: { model_id: number; l1: number; l2: number; l3: number; certified: boolean; reason: string } | null;
  mode: string;
  /** Share of the names that memory did not know which today's thresholds answer; null: nothing is known. */
  share_now: number | null;
  promise: {
    promise_id: number;
    max_error: number;
    confidence: number;
    reason: string;
    made_at: string;
  } | null;
  curve: CurvePoint[];
  trust: {
    layer: string;
    promised: number | null;
    answered: number;
    sample: number;
    measured: number | null;
    lower: number | null;
    upper: number | null;
    verdict: string;
  }[];
  suggestion: Suggestion;
  history: {
    threshold_id: number;
    l1: number;
    l2: number;
    l3: number;
    reason: string;
    set_by: string;
    set_at: string;
    branch_path: string | null;
    certified: boolean;
    undone_at: string | null;
  }[];
}

export interface Suggestion {
  max_error: number;
  confidence: number;
  feasible: boolean;
  l1: number | null;
  l2: number | null;
  l3: number | null;
  coverage: number | null;
  checked: number;
  wrong: number;
  upper_bound: number | null;
  verdict: string;
  checks_missing: number | null;
}

export interface Simulated {
  names: number;
  newly_answered: number;
  newly_passed: number;
  share_before: number | null;
  share_after: number | null;
  expected_error: number | null;
  checked: number;
  wrong: number;
  measured_error: number | null;
  lower: number | null;
  upper: number | null;
  llm_tokens_more_a_day: number | null;
  llm_cost_more_a_day: number | null;
  examples: unknown;
}

export interface OpenCheckRow {
  check_id: number;
  product_id: number;
  name: string;
  name_length: number;
  path: string;
  l1_confidence: number | null;
  l2_confidence: number | null;
  l3_confidence: number | null;
  similarity: number | null;
  layer: string;
  strategy: string;
  category_id: number;
}

export interface Candidate {
  category_id: number;
  path: string;
  says: string;
}

export interface DecisionRow {
  check_id: number;
  product_id: number | null;
  name: string;
  path: string;
  category_id: number;
  verdict: boolean;
  truth: string | null;
  by: string;
  at: string;
}

export interface ReviewScreen {
  open: { checks: number; audits: number; gone: number };
  list: OpenCheckRow[];
  /** The last ten decisions of whoever asks, the newest first. */
  recent: DecisionRow[];
}

export interface MistakeRow {
  name: string;
  name_length: number;
  label: string;
  label_id: number | null;
  predicted: string;
  predicted_id: number | null;
  level: string;
  confidence: number | null;
  source: string;
  /** A row of products with the name; null: memory alone has it. */
  product_id: number | null;
}

export interface CategoryChoice {
  category_id: number;
  path: string;
}

export interface Met {
  names: number | null;
  l1: number | null;
  l2: number | null;
  l3: number | null;
}

export interface ModelRow {
  model_id: number;
  state: string;
  created_at: string;
  promoted_at: string | null;
  encoder: string | null;
  labels: number | null;
  files: number;
  bytes: number;
  l1: number;
  l2: number;
  l3: number;
  certified: boolean;
  code_version: string | null;
  /** How often all its voices together met the labels of its own held-out names; null: not measured. */
  whole: Met;
  /** The same of its heads alone, one voice of three, each level by itself. */
  heads: Met;
  passed: boolean | null;
  reasons: string[] | null;
  judged_at: string | null;
}

export interface ModelsScreen {
  models: ModelRow[];
  rollout: {
    model_id: number;
    champion: number | null;
    stage: string;
    stage_at: string;
    seen: number;
    of: number | null;
  } | null;
  autopilot: { item: string; state: string; detail: string | null }[];
  ahead: { labels_trained: number | null; labels_now: number; labels_then: number; verdict: string };
  points: { names: number; all_right: number; passed_on: number; llm_share: number | null }[];
}

export interface TreeRow {
  category_id: number;
  parent_id: number | null;
  name: string;
  level: number;
  external_id: string | null;
  labels: number;
  products: number;
  checked: number;
  wrong: number;
}

export interface TaxonomyScreen {
  tree: TreeRow[];
  history: {
    taxonomy_change_id: number;
    kind: string;
    path: string | null;
    path_now: string | null;
    labels: number;
    products: number;
    note: string | null;
    reason: string | null;
    changed_by: string;
    changed_at: string;
    undone_at: string | null;
    undo_of: number | null;
  }[];
  progress: {
    taxonomy_change_id: number;
    path: string | null;
    waiting: number;
    asked: number;
    moved: number;
    kept: number;
    tokens: number;
    max_tokens: number;
    state: string;
  }[];
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
