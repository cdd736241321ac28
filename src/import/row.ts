/** Who gave a label. */
export type LabelSource = 'llm' | 'human' | 'import';

/** What a file is read as. */
export type RowKind = 'labels' | 'products' | 'tree';

/** One checked row on its way in. */
export interface Row {
  /** Line of the text file, or row of the parquet file or query, from 1. */
  line: number;
  /** Empty where a tree is read by its paths. */
  name: string;
  /** Category names from the root down, as deep as the path goes; empty where products or nodes are read. */
  path: string[];
  source: LabelSource | null;
  /** The shop's own id: of the category where labels or a tree are read, of the product where products are. */
  externalId?: string | null;
  /** Of a node of a tree: the id of the one above it; null for a root. */
  parentId?: string | null;
  /** When the label was given, ISO in UTC; absent where the file does not say. */
  labelledAt?: string;
}

/** A row that cannot be read. */
export interface Fault {
  line: number;
  /** The shop's own id in it; null where it has none. */
  id: string | null;
  reason: string;
  fields: readonly string[];
}

/** What is done about a field that holds several paths; `one`: it is a single path all the same. */
export const severalPathsRules = ['refuse', 'first', 'deepest', 'one'] as const;
export type SeveralPaths = (typeof severalPathsRules)[number];

/** How rows are read, where it is not left to the file. */
export interface Reading {
  /** What separates the levels of a path; default: " > ", or ">" where no path has it with spaces. */
  pathSeparator?: string;
  /** Default: refuse. */
  severalPaths?: SeveralPaths;
  /** Whether &amp; and its kin stay as they are; default: they are decoded. */
  keepEntities?: boolean;
  /**
   * Called with the titles of the header, and with each row that cannot be read and is left out. Without it such rows are
   * an error that names the first 20 of them and their number.
   */
  onFault?: (fault: Fault, titles: readonly string[]) => void;
  /** What to do about rows that cannot be read, for that error. */
  faultHint?: string;
  /** Called with what is read otherwise than it stands there, a line each; default: the log. */
  onNotice?: (text: string) => void;
}

/** Where records come from, for messages. */
export interface Place {
  name: string;
  /** Whether a record's number is a line of text or a row. */
  unit: 'line' | 'row';
  /** Whether quotes mean nothing in it, as in a .tsv. */
  unquoted?: boolean;
}
