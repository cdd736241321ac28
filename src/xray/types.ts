import type { CategoryNode } from '../database/taxonomy.ts';

/** A row that has a name, as it came. */
export interface XrayRow {
  /** Line of a file, row of a query, key of a table: for people to find it. */
  where: string;
  name: string;
  /** Category names from the root down; empty: no label. */
  path: string[];
  /** The shop's own id of the category; null where it is not known. */
  category: string | null;
  /** When it arrived, milliseconds since 1970; null where nothing says so. */
  at: number | null;
}

/** Something that is wrong in the input: how often, and where it was met first. */
export interface Fault {
  what: string;
  times: number;
  /** Up to five places, e.g. `line 3: &quot;Bosch&quot;`. */
  places: string[];
}

/** Everything that was read. */
export interface Input {
  source: { kind: 'file' | 'query' | 'table'; name: string };
  /** All rows, those without a name too. */
  read: number;
  /** Rows with a name, in the order of time. */
  rows: XrayRow[];
  /** What gave the order: a column of times, or the order in which rows came. */
  ordered: 'time' | 'as read';
  faults: Fault[];
  /** Every category, used or not; null where only paths of rows tell. */
  categories: CategoryNode[] | null;
  /** What was taken for what, a sentence each. */
  notes: string[];
}

/** A share that was counted, and the interval that holds the true one at 95 % (Clopper-Pearson). */
export interface Counted {
  share: number;
  low: number;
  high: number;
  /** How many were looked at. */
  of: number;
}

export interface NamesPart {
  rows: number;
  distinct: number;
  empty: number;
  /** Rows whose name an earlier row has, but for case, spaces and invisible characters. */
  repeats: number;
  /** Of these, rows that spell it in another way. */
  respelt: number;
  /** Distinct names that another one is near to (trigram similarity of .6 or more). */
  near: Counted;
  examples: { name: string; near: string; similarity: number }[];
}

export interface LanguagesPart {
  scripts: { script: string; names: number; share: number }[];
  /** Rough: by letters and frequent words. */
  languages: { language: string; names: number; share: number }[];
  /** Names with a word of both Latin and Cyrillic letters: looks right, sorts and matches wrong. */
  mixedWords: { names: number; examples: string[] };
}

/** One fifth of the history, in the order of time. */
export interface HistoryPart {
  rows: number;
  /** Distinct names that memory held when it began. */
  memory: number;
  /** Rows whose name an earlier row had. */
  exact: number;
  /** Share of those whose own label is not what memory says. */
  exactWrong: Counted | null;
  /** Of the names that memory did not know and similar was asked about, those that it answers; null: memory was empty. */
  similar: Counted | null;
  /** Share of these answers that are not the name's label. */
  similarWrong: Counted | null;
}

export interface LabelsPart {
  labelled: number;
  unlabelled: number;
  /** Names that rows give more than one category. */
  conflicting: { names: number; examples: { name: string; paths: string[] }[] };
  /**
   * Estimated share of wrong labels, by letters that have not seen them; null where there are too few. `rough`: of few names, and
   * then it may be several points too high or too low.
   */
  noise: (Counted & { judged: number; rough: boolean }) | null;
  suspects: { name: string; label: string; letters: string; confidence: number }[];
}

export interface TaxonomyPart {
  categories: number;
  depth: number;
  levels: number[];
  /** Leaves that no name has; null where only the categories of rows are known. */
  without: Hole | null;
  single: Hole;
  /** The same name under different parents. */
  repeated: Hole;
  /** Siblings that differ only by case, apostrophe, spaces or invisible characters. */
  twins: Hole;
  /** Names that are filed under a category with others below it. */
  inner: { names: number; categories: number };
}

export interface Hole {
  count: number;
  examples: string[];
}

/** What letters answer of the names that exact and similar leave, for at most so much error against the labels. */
export interface LocalShare {
  /** 0.05 or 0.1. */
  error: number;
  /** Of the cache misses. */
  answered: Counted;
  /** Of the answers. */
  wrong: Counted;
  /** Checks by people that would prove it, in all; null where none would. */
  checks: number | null;
}

export interface LocalPart {
  /** Names that it learnt from, and cache misses that it was asked about. */
  learnt: number;
  asked: number;
  /** Against the labels, errors in these included. */
  shares: LocalShare[];
}

export interface SavingsPart {
  /** Rows of the newest fifth that the estimate rests on, and distinct new names that were routed. */
  rows: number;
  routed: number;
  shares: { exact: number; similar: number; local: number; llm: Counted };
  /** Share of the answers that are not the row's own label. */
  wrong: { exact: number | null; similar: number | null; local: number | null; all: number | null };
  month: { names: number; from: 'own times' | 'assumed' | 'given' };
  now: Spent;
  then: Spent;
  /** Share of tokens that is saved; `oneByOne`: where names come alone, so that a call asks about one. */
  saved: number;
  oneByOne: number;
  /** Names that are taken to arrive together. */
  atOnce: number;
  model: string | null;
  price: { in: number; out: number } | null;
}

/** A month's tokens, and US dollars where a price is known. */
export interface Spent {
  tokensIn: number;
  tokensOut: number;
  tokensARow: number;
  dollars: number | null;
}

export interface XrayReport {
  source: Input['source'];
  made: string;
  names: NamesPart;
  languages: LanguagesPart;
  faults: Fault[];
  ordered: Input['ordered'];
  history: HistoryPart[];
  labels: LabelsPart | null;
  taxonomy: TaxonomyPart | null;
  local: LocalPart | null;
  savings: SavingsPart | null;
  /** What was assumed, a sentence each. */
  assumed: string[];
  /** What would let it say more, a sentence each. */
  missing: string[];
  seconds: number;
}

/** Rows that the layers are tried on, unless it is said otherwise: the newest. */
export const usualSample = 50_000;

export interface XrayOptions {
  sample?: number | undefined;
  keep?: boolean | undefined;
  namesPerMonth?: number | undefined;
  namesPerCall?: number | undefined;
  namesAtOnce?: number | undefined;
  /** US dollars for a million tokens, by hand; or whose list price counts. */
  prices?: { in: number; out: number } | undefined;
  llmModel?: string | undefined;
  signal: AbortSignal;
}
