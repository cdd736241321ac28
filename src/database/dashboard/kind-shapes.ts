import type { Kind, KindMember } from '../kind-types.ts';

/** What the screen of kinds is made of, as JSON; as in shapes.ts. */

interface KindMemberRow extends KindMember {
  name_length: number;
}

export interface KindRow extends Kind {
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
