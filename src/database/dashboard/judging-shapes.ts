/** What the screens thresholds and review are made of, as JSON; as in shapes.ts. */

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
