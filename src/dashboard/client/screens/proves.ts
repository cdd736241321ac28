import { percent } from '../words.ts';

/** So many names are drawn, one step after the other: none unmarked, they prove 22, 10 and 5 %. */
export const steps = [12, 29, 59] as const;

/** The largest share of the others that may be wrong, at 95 %, where so many were drawn at random and all belong. */
export const atMostWrong = (seen: number): number => (seen === 0 ? 1 : 1 - 0.05 ** (1 / seen));

/** What the names on the screen prove of the whole kind, as they are marked. */
export function proves(seen: number, names: number, unmarked: number): string {
  if (unmarked > 0)
    return `${unmarked} unmarked: what is left of those shown is decided, and the rest is split into smaller kinds.`;
  if (seen >= names) return 'You see all of them.';
  return `${seen} drawn at random, none unmarked: at most ${percent(atMostWrong(seen), 0)} of the others are wrong, at 95 %.`;
}
