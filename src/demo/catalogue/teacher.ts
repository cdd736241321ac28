import type { Listing } from './names.ts';
import { hash, pick, type Random } from './random.ts';
import { type Leaf, leaves } from './vocabulary.ts';

/** Share of names that the teacher gets wrong at a level while all above it is right: 5 / 14 / 21 % when added up. */
const rates = [0.05, 0.09, 0.07] as const;
/** Share of clues (type words, brands) that it misreads again and again at a level, and how often it then does. */
const habitual = [0.02, 0.04, 0.035] as const;
const stubborn = 0.6;

const words = new Map(leaves.map((leaf) => [leaf, [...new Set(Object.values(leaf.words).flat())]]));

/** The wrong answers that tempt the teacher for a leaf at each level, most tempting first. */
function temptations(leaf: Leaf): [string[][], string[][], string[][]] {
  const own = new Set(words.get(leaf));
  const shared = (other: Leaf) => words.get(other)?.filter((word) => own.has(word)).length ?? 0;
  const related = (other: Leaf) => (other.base === leaf || leaf.base === other ? 3 : 0);
  const ranked = (others: Leaf[], take: number) =>
    others
      .map((other) => ({
        other,
        // Ties fall by a hash of the pair, so that each leaf has tempters of its own.
        pull: shared(other) + related(other) + hash(`${leaf.path.join()}~${other.path.join()}`) / 2 ** 32,
      }))
      .sort((a, b) => b.pull - a.pull)
      .slice(0, take)
      .map(({ other }) => other.path);
  const others = leaves.filter((other) => other !== leaf);
  const siblings = others.filter((o) => o.path[0] === leaf.path[0] && o.path[1] === leaf.path[1]);
  const level3 = ranked(siblings, 2);
  // Stopping one level too early is the easiest mistake of all.
  if (leaf.path.length === 3) level3.push(leaf.path.slice(0, 2));
  const cousins = others.filter((o) => o.path[0] === leaf.path[0] && o.path[1] !== leaf.path[1]);
  return [
    ranked(
      others.filter((o) => o.path[0] !== leaf.path[0]),
      3,
    ),
    ranked(cousins, 3),
    level3,
  ];
}

let known: ReadonlyMap<Leaf, string[][][]> | undefined;

/** By leaf, always the same; made once a process: a catalogue after the first takes .07 s and not .2. */
function allTemptations(): ReadonlyMap<Leaf, string[][][]> {
  known ??= new Map(leaves.map((leaf) => [leaf, temptations(leaf)]));
  return known;
}

/** The level at which the teacher misreads a clue again and again; undefined for most. */
function habit({ leaf, clue }: Listing): number | undefined {
  let rest = hash(`${leaf.path.join()}?${clue}`) / 2 ** 32;
  for (const [level, share] of habitual.entries()) {
    rest -= share;
    if (rest < 0) return level;
  }
  return undefined;
}

/**
 * What a language model of the cheap kind would have answered: the right path of most, and errors of about
 * 5 / 14 / 21 % at l1 / l2 / l3, partly systematic (a type word that it always misreads, always the same way) and
 * partly new at each call.
 *
 * @returns one path for each listing, in order
 */
export function teach(listings: readonly Listing[], random: Random): string[][] {
  const tempting = allTemptations();
  const can = (listing: Listing, level: number) => (tempting.get(listing.leaf)?.[level]?.length ?? 0) > 0;
  // Habits first; what they leave of each rate is spread evenly over the other calls.
  const habits = listings.map((listing) => {
    const level = habit(listing);
    return level !== undefined && can(listing, level) ? level : undefined;
  });
  const spread = rates.map((rate, level) => {
    const spent = habits.filter((at) => at === level).length * stubborn;
    const rest = listings.filter((listing, i) => habits[i] === undefined && can(listing, level)).length;
    return Math.max(0, rate * listings.length - spent) / Math.max(1, rest);
  });
  return listings.map((listing, i) => {
    const paths = tempting.get(listing.leaf) as string[][][];
    const at = habits[i];
    if (at !== undefined) return random() < stubborn ? (paths[at]?.[0] as string[]) : listing.leaf.path;
    let rest = random();
    for (const [level, share] of spread.entries()) {
      if (!can(listing, level)) continue;
      rest -= share;
      if (rest < 0) return pick(random, paths[level] as string[][]);
    }
    return listing.leaf.path;
  });
}
