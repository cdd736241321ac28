/** What the screens models and taxonomy are made of, as JSON; as in shapes.ts. */

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
