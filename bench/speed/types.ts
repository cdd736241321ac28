/** A row as a bench prints it with --json. */
export type Printed = Record<string, string | number | boolean | null>;

/** A bench that prints what it measured beside a peer in one run, and the figure in it that counts. */
export interface Bench {
  readonly id: string;
  /** What is measured, as a person says it. */
  readonly what: string;
  readonly peer: string;
  readonly unit: string;
  /** What a small ratio of ours to the peer's means. */
  readonly better: 'smaller' | 'larger';
  /** What issue or promise asks of the ratio, e.g. .25. */
  readonly bar: number;
  /** The command after `node`; --json is added. */
  readonly full: readonly string[];
  /** The same on less, in about a minute; left out where that says nothing. */
  readonly quick?: readonly string[];
  /** The two figures in what it printed. */
  pick(rows: readonly Printed[]): { ours: number; peers: number };
}

/** One measurement of one bench, as bench/speed/measured.json keeps it. */
export interface Measured {
  readonly ours: number;
  readonly peers: number;
  readonly ratio: number;
  readonly date: string;
  readonly machine: string;
}

/** The last measurement of each bench, in each of its forms. */
export type Stored = Record<string, { full?: Measured; quick?: Measured }>;
