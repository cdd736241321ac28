/** What imports report. */

/** An answer that was not kept. */
interface Loser {
  name: string;
  kept: string;
  lost: string;
  reason: string;
  /** How many rows said it; 0: memory did. */
  times: number;
  /** The first 20 of them. */
  lines: number[];
}

/** A path that is spelt otherwise than the category that it was taken for. */
interface Spelling {
  given: string;
  kept: string;
  /** How many rows have it; `line` is the first of them. */
  times: number;
  line: number;
}

/** A path that leads to a category which the database knows by the shop's id, and under another path. */
interface ReadById {
  external_id: string;
  given: string;
  kept: string;
  times: number;
  line: number;
}

/** What became of the tree. */
interface ImportedCategories {
  /** The run, by which `undo_run()` takes the import back. */
  run_id: number;
  /** Categories made. */
  categories: number;
  /** Categories that got another name or place. */
  renamed: number;
  /** Categories named that are deeper than three levels; `folds` shows the first of them. */
  folded: number;
  folds: { path: string; l1: string; l2: string | null; l3: string | null }[];
  /** Which depths are l1, l2 and l3. */
  tree_levels: string;
  /** Rows whose path is not that of the category with their id; the first of those paths, the most frequent first. */
  elsewhere?: number;
  by_id?: ReadById[];
}

export interface ImportedTree extends ImportedCategories {
  /** Nodes, or distinct paths. */
  nodes: number;
  /** Those that the database knew, of nodes. */
  known?: number;
  /** The depth of the deepest. */
  depth: number;
}

export interface ImportedLabels extends ImportedCategories {
  rows: number;
  names: number;
  added: number;
  changed: number;
  unchanged: number;
  /** Of those the ones whose `labelled_at` is known now, or known to be earlier. */
  dated: number;
  /** Answers that were not kept; `losers` lists the first of them. */
  lost: number;
  losers: Loser[];
  /** Rows whose path is another spelling of their category's: case, apostrophes, invisible characters. */
  respelt: number;
  /** The first of those spellings, the most frequent first. */
  spellings: Spelling[];
  /** Queue entries that memory could answer afterwards. */
  settled: number;
  /** Words that stop the similar layer; null when they were not learnt anew. */
  blocking_words: number | null;
  /** Rows of products that got the answer of their name's new label. */
  corrected: number;
  /** Rows whose answer was taken from a label that has changed: they are decided again. */
  asked_again: number;
  /** Rows that should follow and are held by other transactions: the next import takes them along. */
  held: number;
}

export type FinishedImport = Pick<
  ImportedLabels,
  'settled' | 'blocking_words' | 'corrected' | 'asked_again' | 'held'
>;

export interface ImportedProducts {
  rows: number;
  done: number;
  pending: number;
  failed: number;
}
