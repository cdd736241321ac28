/** What kinds() returns. */

/** A category that a kind may be, and how many of its names each voice gives to it. */
interface KindVote {
  category_id: number;
  path: string;
  /** How many have it now. */
  now: number;
  model: number;
  memory: number;
  llm: number;
}

/** A name of a kind as it is shown. */
export interface KindMember {
  /** Its number in the kind's random order. */
  n: number;
  name: string;
  /** The answer now; null: none. */
  path: string | null;
  source: string;
  /** False: shown because it is odd; it proves nothing. */
  at_random: boolean;
  odd: string | null;
}

export interface Kind {
  kind_id: number;
  words: string;
  /** How many. */
  names: number;
  answer: string | null;
  says: string | null;
  why: string;
  likely_wrong: number;
  /** Null: not known. */
  tokens_a_month: number | null;
  /** Open checks among its names. */
  checks: number;
  /** What speaks against the answer first. */
  votes: KindVote[];
  /** Odd ones first. */
  members: KindMember[];
}
