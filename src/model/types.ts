/** l1, l2, l3 category ids; null where the path stops. l1 is never null. Ids are database ids (positive integers). */
export type Path = readonly [number, number | null, number | null];

/** What the local model says about one name. */
export interface Prediction {
  /** The likeliest path among those that exist. */
  path: Path;
  /**
   * For each level: the probability that it and everything above it are right. Beyond the path's end it is that of
   * stopping there.
   */
  confidence: readonly [number, number, number];
  /** The likeliest paths with the probability that all of the path is right; best first, at most 20. */
  candidates: { path: Path; probability: number }[];
  /** For each level at most five categories: the path's own first, then the others from the likeliest. */
  ranked: readonly [readonly number[], readonly number[], readonly number[]];
}

/** A loaded model. Answers are always paths of `paths`. */
export interface Classifier {
  /** Identity of the encoder whose embeddings it was trained on; no other's may be given to `predict`. */
  readonly encoder: string;
  /** Length of an embedding. */
  readonly dimension: number;
  /** Every path that it can answer. */
  readonly paths: readonly Path[];
  /** One prediction for each embedding, in order. */
  predict(embeddings: Float32Array[]): Promise<Prediction[]>;
  close(): Promise<void>;
}

/** An artefact: file name → bytes (manifest.json, heads.onnx), stored as rows of `model_files`. */
export type ModelFiles = Map<string, Uint8Array>;
