import type { Path } from '../../src/model/types.ts';

/** Names (keys) with a path each, in the same order. */
export interface Labelled {
  keys: readonly string[];
  paths: readonly Path[];
}

/** A set as it comes: what the noisy teacher said of the names to learn from, and their truth beside it. */
export interface Source {
  set: 'titles' | 'demo';
  /** The path of names of each category; its id is its place here, plus one. */
  categories: readonly string[][];
  /** Only a simulated teacher may look at `truth`; no method sees it. */
  train: Labelled & { truth: readonly Path[] };
  valid: Labelled & { truth: readonly Path[] };
  /** Paths are the truth. */
  test: Labelled;
}

export const teachers = ['original', 'random', 'systematic'] as const;
/** `original`: as the set has it. The other two are simulated. */
export type Teacher = (typeof teachers)[number];

/** What a method is given: labels of one teacher to learn from, names to answer, and the truth to be scored by. */
export interface BenchSet {
  set: Source['set'];
  teacher: Teacher;
  seed: number;
  categories: readonly string[][];
  train: Labelled;
  valid: Labelled;
  test: Labelled;
  /** Rows of train, valid and test, one after the other, × dimension; L2-normalised. */
  embeddings: Float32Array;
  dimension: number;
  /** Identity of the encoder that made them. */
  encoder: string;
}

/** A method's answer to one name, and how sure it is that all of the path is right (only the order counts). */
export interface Answer {
  path: Path;
  confidence: number;
}

/** A figure for each level. */
export type Three = [number, number, number];

/** What a method did on one set. */
export interface MethodResult {
  /** One for each test name, in order. */
  answers: Answer[];
  /** Wall and processor time of training, encoding left out. */
  trainSeconds: number;
  trainCpuSeconds: number;
  /** Highest resident memory of the process while the method ran, its data included. */
  peakBytes: number;
  /** Test names answered a second, encoding left out. */
  namesPerSecond: number;
  /** Whether it needs an embedding of every name, whose cost comes on top. */
  embeds: boolean;
  /** The settings that a reader needs to repeat it. */
  settings: string;
  /** Of a method that cleans first: the labels of the training names that it learnt from, and what it expects of them. */
  cleaning?: {
    labels: readonly Path[];
    /** Shares of the labels expected to be wrong down to l1, l2, l3, before and after, from the labels alone. */
    expected: { before: Three; after: Three };
  };
}
