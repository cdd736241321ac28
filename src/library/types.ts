/**
 * What `import { openTaxon } from 'pgtaxon'` gives. This file imports nothing but the settings, so that the types of a program
 * that uses it need no types of others. Results have the fields that the commands print with `--json`.
 */
import type { Config } from '../config.ts';

/** The layers that may be asked without an LLM. */
export type CheapLayer = 'exact' | 'similar' | 'local';

export interface ClassifyOptions {
  /** Which layers are asked; default: all three. */
  layers?: readonly CheapLayer[];
  /** Ask the LLM for what is left: it costs money, has a ledger row, and its answers become memory. Default: false. */
  llm?: boolean;
}

/** What the layers say of one name. */
export interface Classified {
  name: string;
  /** Null where none of those asked answers. */
  layer: CheapLayer | 'llm' | null;
  category_id: number | null;
  /** Category names from the root down, " > " between them. */
  path: string | null;
  /** Trigram similarity to `matched_key`, 0 to 1: of the exact and the similar layer. */
  similarity: number | null;
  matched_key: string | null;
  /** The local model's, of l1, of l1 and l2, and of all three; null where it was not asked. */
  confidence: readonly [number, number, number] | null;
}

/** What memory has for a name. */
export interface LookedUp {
  layer: 'exact' | 'similar';
  category_id: number;
  path: string;
  similarity: number;
  matched_key: string;
  /** The word for which the guard refuses it; null: it may answer. */
  blocked_by: string | null;
}

/** A row to import. */
export interface ImportRow {
  name: string | null;
  /** Of labels: category names from the root down, or one text with " > " between them. */
  path?: string | readonly string[];
  /** Who gave the label; default: that of the options. */
  source?: 'llm' | 'human' | 'import';
  /** Your own id: of the category with labels, of the product with products. */
  externalId?: string | number | null;
  /** When the label was given. */
  labelledAt?: Date | string | null;
}

/** A .csv, .tsv (each also .gz) or .parquet file; a SELECT in the same database; or rows. */
export type ImportSource = string | { query: string } | Iterable<ImportRow> | AsyncIterable<ImportRow>;

export interface ImportOptions {
  /** Who gave labels whose row does not say it; default: import. */
  source?: 'llm' | 'human' | 'import';
  /** Which depths of the tree become l1, l2 and l3, e.g. `1,2,deepest`. */
  treeLevels?: string;
  /** Ends the import; nothing of it stays. */
  signal?: AbortSignal;
}

/** What an import of labels did. */
export interface ImportedLabels {
  rows: number;
  names: number;
  added: number;
  changed: number;
  unchanged: number;
  /** Categories made. */
  categories: number;
  /** Answers that were not kept: memory, or more of the rows, said otherwise. */
  lost: number;
  /** Names that waited and are answered now. */
  settled: number;
}

/** What an import of products did. */
export interface ImportedProducts {
  rows: number;
  /** Answered from memory at once. */
  done: number;
  /** Wait for a sidecar. */
  pending: number;
  /** Have no name. */
  failed: number;
}

export interface TrainOptions {
  /** The same seed and memory give the same model; default: 1. */
  seed?: number;
  /** At most so many passes over the names. */
  epochs?: number;
  /** Correct labels first that models which never saw them are sure to be wrong; default: true. */
  clean?: boolean;
  /** Why the model is promoted although the gate refuses it; default: it is not then. */
  promote?: string;
  /** Ends the training; what is encoded stays. */
  signal?: AbortSignal;
}

/** What a training made. */
export interface Trained {
  model_id: number;
  labels: number;
  /** Names that were encoded for it. */
  encoded: number;
  seconds: number;
  gate: {
    /** Whether it is the champion now. */
    promoted: boolean;
    passed: boolean;
    /** The champion that it was compared with; null: there was none. */
    before: number | null;
    reasons: string[];
  };
}

/** A sidecar of this process. */
export interface RunningSidecar {
  /** Its name in `taxon.health()`. */
  readonly worker: string;
  /** Stops claiming, finishes what is in hand within `shutdownSeconds`, gives the rest back. Safe to call twice. */
  stop(): Promise<void>;
}

export interface SidecarOptions {
  /** Whether it trains when the autopilot asks for it, in a process of its own; default: the setting `retrain`. */
  retrain?: boolean;
}

/** A line of `taxon.health()`. */
export interface HealthItem {
  item: string;
  status: 'ok' | 'warn';
  value: string;
  /** In words, and what to do where it warns. */
  detail: string;
}

/**
 * Every setting of docs/reference/configuration.md; what is left out is taken from `TAXON_*` variables, `DATABASE_URL` and
 * taxon.config.json, as the commands do.
 */
export interface OpenOptions extends Partial<Config> {
  /** Make or change the schemas first, as `taxon migrate`; default: false. */
  migrate?: boolean;
}

/** An open pgtaxon. */
export interface Taxon {
  /** The database that it works on: the one given, or a private cluster. */
  readonly databaseUrl: string;
  /**
   * Says what the layers would answer, in the order of the names, without inserting a product. Writes nothing, unless the LLM
   * is asked.
   *
   * @throws TaxonError when the LLM is to be asked and no provider is configured
   */
  classify(names: readonly string[], options?: ClassifyOptions): Promise<Classified[]>;
  /** The same for any number of names, read as they come; few answers are in memory at a time. */
  classifyEach(
    names: Iterable<string> | AsyncIterable<string>,
    options?: ClassifyOptions,
  ): AsyncIterable<Classified>;
  /** What memory has for a name, the best first; writes nothing. */
  lookUp(name: string): Promise<LookedUp[]>;
  /**
   * Labels into memory, all or nothing. Which of conflicting labels wins: docs/guide/import-export.md.
   *
   * @throws TaxonError naming the bad row
   */
  importLabels(source: ImportSource, options?: ImportOptions): Promise<ImportedLabels>;
  /**
   * Products to classify, all or nothing, routed as any INSERT is.
   *
   * @throws TaxonError naming the bad row
   */
  importProducts(source: ImportSource, options?: Pick<ImportOptions, 'signal'>): Promise<ImportedProducts>;
  /**
   * Trains a model from memory in this process; where the gate finds it no worse than the champion, it takes over.
   *
   * @throws TaxonError when memory is too small to learn from, or another training runs
   */
  train(options?: TrainOptions): Promise<Trained>;
  /**
   * Starts a worker in this process, which answers names until it is stopped.
   *
   * @throws TaxonError when the database is not migrated
   */
  startSidecar(options?: SidecarOptions): Promise<RunningSidecar>;
  /** Whether everything is well, a line a check. */
  health(): Promise<HealthItem[]>;
  /** Stops its sidecars and closes all connections; a private cluster that it has started ends. Safe to call twice. */
  close(): Promise<void>;
}
