/** l1, l2, l3 category ids; null where the path stops. l1 is never null. Ids are database ids (positive integers). */
export type Path = readonly [number, number | null, number | null];

/** What the local model says about one name. */
export interface Answer {
  /** The likeliest path among those that exist. */
  path: Path;
  /**
   * For each level: the probability that it and everything above it are right. Beyond the path's end it is that of
   * stopping there.
   */
  confidence: readonly [number, number, number];
  /** The likeliest paths with the probability that all of the path is right; best first, at most 40. */
  candidates: { path: Path; probability: number }[];
}

/** What all voices together say. */
export interface Prediction extends Answer {
  /** For each level at most five categories: the path's own first, then the others from the likeliest. */
  ranked: readonly [readonly number[], readonly number[], readonly number[]];
}

/** What speaks for an answer beside its confidence. */
export interface Evidence {
  /** Share of the name's n-grams that no training name had. */
  unknown: number;
  /** Cosine of the nearest labelled name; null where memory was not asked or has none. */
  nearest: number | null;
  /** How many of the voices, each alone, give the same path; null where memory was not asked. */
  voices: number | null;
}

/** A labelled name near another one by embedding. */
export interface Neighbour {
  path: Path;
  /** Cosine of the two embeddings, at most 1. */
  cosine: number;
}

/** What all voices together read of a name. */
export interface NameViews {
  nameKey: string;
  /** By the model's encoder, L2-normalised. */
  embedding: Float32Array;
  /** The nearest labelled names without the name itself, as many as `Classifier.neighbours`; may be fewer or none. */
  neighbours: readonly Neighbour[];
}

/** letters, meaning, memory: how much each counts at each level, as factors of its log-probability. */
export interface VoiceWeights {
  letters: readonly [number, number, number];
  meaning: readonly [number, number, number];
  memory: readonly [number, number, number];
}

/** A loaded model. Answers are always paths of `paths`. */
export interface Classifier {
  /** Identity of the encoder whose embeddings it was trained on; no other's may be given to `predict`. Null: letters alone. */
  readonly encoder: string | null;
  /** Length of an embedding; 0 where letters are the only voice. */
  readonly dimension: number;
  /** Every path that it can answer. */
  readonly paths: readonly Path[];
  /** How many neighbours `predict` wants. */
  readonly neighbours: number;
  /** How the voices are joined. */
  readonly weights: VoiceWeights;
  /**
   * What letters alone say of each name key, in order; null where they are not sure enough to do without the other
   * voices, which cost an encoding. Where they are the only voice they answer every name.
   *
   * @param even give what they say of every name, their log-probabilities multiplied with this
   */
  readLetters(nameKeys: readonly string[], even?: number): ((Answer & Evidence) | null)[];
  /** As `readLetters`; many names are spread over worker threads, which end when they are not asked for a while. */
  readManyLetters(nameKeys: readonly string[]): Promise<((Answer & Evidence) | null)[]>;
  /**
   * An answer to each name, in order: of letters and meaning where they are sure enough to do without memory, which costs a
   * search, else of all voices.
   *
   * @param near the neighbours of names by their places in `names`, in order; called at most once
   */
  answer(
    names: readonly Pick<NameViews, 'nameKey' | 'embedding'>[],
    near: (left: readonly number[]) => Promise<readonly (readonly Neighbour[])[]>,
  ): Promise<(Answer & Evidence)[]>;
  /**
   * One prediction of all voices for each name, in order.
   *
   * @param weights how the voices count instead of the model's own; a voice with 0 everywhere is left out
   */
  predict(names: readonly NameViews[], weights?: VoiceWeights): Promise<(Prediction & Evidence)[]>;
  close(): Promise<void>;
}

/** An artefact: file name → bytes (manifest.json, letters.bin, and heads.onnx unless letters are the only voice), stored as rows of `model_files`. */
export type ModelFiles = Map<string, Uint8Array>;
