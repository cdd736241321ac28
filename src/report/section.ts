export type Cell = string | number;

/** A part of the report: sentences and a table. The page adds its charts, a terminal prints it as it is. */
export interface Section {
  id: string;
  title: string;
  says: string[];
  /** Rows of the same columns; empty where sentences are all. */
  rows: Record<string, Cell>[];
}
