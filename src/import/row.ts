/** Who gave a label. */
export type LabelSource = 'llm' | 'human' | 'import';

/** What a file is read as. */
export type RowKind = 'labels' | 'products';

/** One checked row on its way in. */
export interface Row {
  /** Line of the text file, or row of the parquet file or query, from 1. */
  line: number;
  name: string;
  /** Category names from the root down, as deep as the path goes; empty where products are read. */
  path: string[];
  source: LabelSource | null;
  /** The shop's own id: of the category where labels are read, of the product where products are. */
  externalId?: string | null;
  /** When the label was given, ISO in UTC; absent where the file does not say. */
  labelledAt?: string;
}

/** Where records come from, for messages. */
export interface Place {
  name: string;
  /** Whether a record's number is a line of text or a row. */
  unit: 'line' | 'row';
  /** Whether quotes mean nothing in it, as in a .tsv. */
  unquoted?: boolean;
}
