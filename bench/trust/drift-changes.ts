import type { Random } from '../../src/train/random.ts';
import type { Arrival } from './drift-world.ts';

/** How the world changes. */
export interface Change {
  name: string;
  /** A name as it arrives when about such a share of all is changed. */
  draw(share: number, random: Random): Arrival;
}

/**
 * How names of a top category that the model never saw lie among the tenths of all others, by what it says of them plus twice the
 * cosine of the nearest name, the lowest tenth first: means over three top categories of the real titles, each held out in turn
 * (votes of the 30 nearest names by embedding; 5,000 names asked).
 */
const heldOut = [0.34, 0.22, 0.15, 0.1, 0.07, 0.06, 0.03, 0.02, 0.01, 0];

const pick = <T>(values: readonly T[], random: Random): T =>
  values[Math.floor(random.next() * values.length)] as T;

/** The changes, made of names with a known truth. */
export function changesOf(names: readonly Arrival[]): Change[] {
  const familiarity = ({ said, nearest }: Arrival) => said[2] + 2 * (nearest ?? 1);
  const byFamiliarity = [...names].sort((a, b) => familiarity(a) - familiarity(b));
  const tenth = (i: number) => byFamiliarity.slice((i * names.length) / 10, ((i + 1) * names.length) / 10);
  // a hundred places, as many of each tenth as it has percents
  const places = heldOut.flatMap((share, i) => Array<Arrival[]>(Math.round(100 * share)).fill(tenth(i)));
  const middle = [...names].map(({ said }) => said[2]).sort((a, b) => a - b)[names.length >> 1] as number;
  const mostNew = [...names].sort((a, b) => b.unknown - a.unknown).slice(0, names.length / 4);
  const strange = mostNew.filter(({ said }) => said[2] < middle);
  const byBranch = [...names].sort((a, b) => a.branch.localeCompare(b.branch, 'en', { numeric: true }));

  /** A share of the names is changed, whichever they are. */
  const some = (name: string, changed: (random: Random) => Arrival): Change => ({
    name,
    draw: (share, random) => (random.next() < share ? changed(random) : pick(names, random)),
  });
  /** The first branches of the tree, until they have a share of the names, are filed elsewhere. */
  const elsewhere = (name: string, more: Partial<Arrival>): Change => ({
    name,
    draw(share, random) {
      const place = Math.floor(random.next() * names.length);
      const arrival = byBranch[place] as Arrival;
      return place < share * names.length ? { ...arrival, levels: 1, ...more } : arrival;
    },
  });
  return [
    some('a branch is added', (random) => ({
      ...pick(pick(places, random), random),
      ...{ right: false, levels: 0 },
    })),
    some('words shift', (random) => pick(strange, random)),
    elsewhere('the teacher files a branch elsewhere', {}),
    elsewhere('the teacher does, and the truth is with it', { right: false }),
    some('the teacher errs more often', (random) => ({
      ...pick(names, random),
      levels: Math.floor(3 * random.next()),
    })),
    some('the truth of any name turns', (random) => ({
      ...pick(names, random),
      ...{ right: false, levels: Math.floor(3 * random.next()) },
    })),
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
  return Array.from({ length: count }, () => change?.draw(share, random) ?? pick(names, random));
}
