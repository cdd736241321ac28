import type { Random } from '../../src/train/random.ts';
import type { Arrival } from './drift-world.ts';

/** How the world changes: names that arrive from then on, a share of all. */
export interface Change {
  name: string;
  /** A name of those that changed. */
  draw(random: Random): Arrival;
}

/**
 * How names of a top category that the model never saw lie among the tenths of all others, by what it says of them plus twice the
 * cosine of the nearest name, the lowest tenth first: means over three top categories of the real titles, each held out in turn
 * (votes of the 30 nearest names by embedding; 5,000 names asked).
 */
const heldOut = [0.34, 0.22, 0.15, 0.1, 0.07, 0.06, 0.03, 0.02, 0.01, 0];

const pick = <T>(values: readonly T[], random: Random): T =>
  values[Math.floor(random.next() * values.length)] as T;

/** The three changes, made of names with a known truth. */
export function changesOf(names: readonly Arrival[]): Change[] {
  const familiarity = ({ said, nearest }: Arrival) => said[2] + 2 * (nearest ?? 1);
  const byFamiliarity = [...names].sort((a, b) => familiarity(a) - familiarity(b));
  const tenth = (i: number) => byFamiliarity.slice((i * names.length) / 10, ((i + 1) * names.length) / 10);
  // a hundred places, as many of each tenth as it has percents
  const places = heldOut.flatMap((share, i) => Array<Arrival[]>(Math.round(100 * share)).fill(tenth(i)));
  const middle = [...names].map(({ said }) => said[2]).sort((a, b) => a - b)[names.length >> 1] as number;
  const mostNew = [...names].sort((a, b) => b.unknown - a.unknown).slice(0, names.length / 4);
  const strange = mostNew.filter(({ said }) => said[2] < middle);
  return [
    {
      name: 'a branch is added',
      draw: (random) => ({ ...pick(pick(places, random), random), right: false }),
    },
    { name: 'words shift', draw: (random) => pick(strange, random) },
    { name: 'the teacher changes', draw: (random) => ({ ...pick(names, random), right: false }) },
  ];
}

/** Names as they always came, or with a share of changed ones. */
export function arrivals(
  names: readonly Arrival[],
  count: number,
  random: Random,
  change?: Change,
  share = 0,
): Arrival[] {
  return Array.from({ length: count }, () =>
    change !== undefined && random.next() < share ? change.draw(random) : pick(names, random),
  );
}
