/** What the screen of kinds is made of, as JSON; as in shapes.ts. */

interface KindVoteRow {
  category_id: number;
  path: string;
  /** How many names of the kind have it now, and how many each voice gives to it. */
  now: number;
  model: number;
  memory: number;
  llm: number;
}

interface KindMemberRow {
  n: number;
  name: string;
  name_length: number;
  path: string | null;
  source: string;
  at_random: boolean;
  odd: string | null;
}

export interface KindRow {
  kind_id: number;
  words: string;
  names: number;
  answer: string | null;
  says: string | null;
  why: string;
  likely_wrong: number;
  tokens_a_month: number | null;
  checks: number;
  votes: KindVoteRow[];
  members: KindMemberRow[];
}

export interface SaidKindRow {
  kind_id: number;
  words: string;
  state: string;
  path: string | null;
  names: number;
  run_id: number | null;
  at: string;
}

export interface KindsScreen {
  list: KindRow[];
  /** What whoever asks said last of kinds, the newest first. */
  recent: SaidKindRow[];
  /** When kinds were last found; null: never. */
  found_at: string | null;
}
