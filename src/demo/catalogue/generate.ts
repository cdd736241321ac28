import { normalise } from '../../normalise.ts';
import { type Listing, listingOf } from './names.ts';
import { nearlyThe, treacherous } from './near.ts';
import { pick, pickWeighted, type Random, randomFrom, shuffled } from './random.ts';
import { teach } from './teacher.ts';
import { type Leaf, leaves } from './vocabulary.ts';

/** A made-up shop: its taxonomy, what a noisy teacher has labelled so far, and what arrives next. */
export interface Catalogue {
  /** Every category path, [l1, l2, l3]; [l1, l2] where it stops there. */
  paths: string[][];
  /** Memory: distinct names with the teacher's path; `truth` is for reports only. */
  labelled: { name: string; path: string[]; truth: string[] }[];
  /** New rows. `exact` and `near` ones repeat the labelled name `of`; the truth of a near one may be another. */
  arriving: Arriving[];
  /** As many again, of the same kind, with other names. */
  later: Arriving[];
}

export interface Arriving {
  name: string;
  truth: string[];
  kind: 'exact' | 'near' | 'new';
  of?: string;
}

/** Shares of the arriving names; the rest is new. */
const shares = { exact: 0.17, near: 0.18 };
/** Share of the near names that are an accessory of the product they resemble. */
const treachery = 0.08;
/** Every category has this many labelled names of 20,000; the rest follows Zipf's law with this power. */
const floor = 20;
const tail = 0.9;

/** How many names each leaf gets. Accessories come early: there are more cases on sale than phones. */
function frequencies(total: number, random: Random): number[] {
  const least = Math.min(floor, Math.floor(total / (4 * leaves.length)));
  const turns = leaves.map((leaf, i) => ({ i, turn: random() * (leaf.base ? 0.5 : 1) }));
  const weights = leaves.map(() => 0);
  for (const [rank, { i }] of turns.sort((a, b) => a.turn - b.turn).entries())
    weights[i] = (rank + 1) ** -tail;
  const sum = weights.reduce((a, b) => a + b, 0);
  const counts = weights.map(
    (weight) => least + Math.floor(((total - least * leaves.length) * weight) / sum),
  );
  // Rounding down leaves fewer than one name a leaf over.
  for (let i = 0, left = total - counts.reduce((a, b) => a + b, 0); i < left; i++)
    counts[i] = (counts[i] as number) + 1;
  return counts;
}

/** Calls `make` until it gives a name whose key is not yet in `keys`, and keeps that key. */
function distinct<T extends { name: string }>(keys: Set<string>, make: () => T): T {
  for (;;) {
    const made = make();
    const key = normalise(made.name);
    if (key.length < 3 || keys.has(key)) continue;
    keys.add(key);
    return made;
  }
}

/** Another case and other spacing; the name key stays. */
function repeated(name: string, random: Random): string {
  const cased = pick(random, [name.toUpperCase(), name.toLowerCase(), name]);
  const text = cased.replaceAll(' ', () => (random() < 0.25 ? pick(random, ['  ', '\u00a0', '\t']) : ' '));
  const padded = pick(random, [` ${text}`, `${text} `, `${text}\n`, text]);
  // A few letters have no way back from upper case; spacing alone changes then.
  return normalise(padded) === normalise(name) ? padded : ` ${name} `;
}

/**
 * The demo catalogue: simulated, not the data of any shop. Every word, brand and name is written or made up for it (no
 * set of real product names may be redistributed here). Names are Polish for the most part, then Ukrainian, Russian
 * and English, with the slips of scraped data: typos, abbreviations, mixed scripts, brands without a type word,
 * accessories that are named like the product they are for. The labelled part carries a simulated teacher's errors.
 * The same options give the same bytes on every machine.
 *
 * @param options.seed      another seed is another catalogue of the same kind; default 1
 * @param options.labelled  labelled names; default 20,000
 * @param options.arriving  arriving names, 17% exact and 18% near repeats; default 2,000
 */
export function generateCatalogue(
  options: { seed?: number; labelled?: number; arriving?: number } = {},
): Catalogue {
  const { seed = 1, labelled = 20_000, arriving = 2_000 } = options;
  const random = randomFrom(seed);
  const keys = new Set<string>();
  const counts = frequencies(labelled, random);
  const listings = shuffled(
    random,
    leaves.flatMap((leaf, i) =>
      Array.from({ length: counts[i] as number }, () => distinct(keys, () => listingOf(leaf, random))),
    ),
  );
  const paths = teach(listings, random);
  const next = () => arrivals(arriving, listings, counts, keys, random);
  return {
    paths: leaves.map((leaf) => leaf.path),
    labelled: listings.map(({ name, leaf }, i) => ({ name, path: paths[i] as string[], truth: leaf.path })),
    arriving: next(),
    later: next(),
  };
}

function arrivals(
  total: number,
  listings: readonly Listing[],
  counts: readonly number[],
  keys: Set<string>,
  random: Random,
): Arriving[] {
  const exact = Math.round(total * shares.exact);
  const near = Math.round(total * shares.near);
  const known = shuffled(random, listings);

  const arriving: Arriving[] = [];
  for (let i = 0; i < exact; i++) {
    const { name, leaf } = known[i % known.length] as Listing;
    arriving.push({ name: repeated(name, random), truth: leaf.path, kind: 'exact', of: name });
  }
  const accessories = leaves.filter((leaf) => leaf.base !== undefined);
  const sold = accessories.map((leaf) => counts[leaves.indexOf(leaf)] as number);
  for (let i = 0; i < near; i++) {
    const isTrap = i < Math.round(near * treachery);
    arriving.push(
      distinct(keys, () => {
        const accessory = isTrap ? (accessories[pickWeighted(random, sold)] as Leaf) : undefined;
        const listing = pick(random, accessory ? known.filter(({ leaf }) => leaf === accessory.base) : known);
        const name = accessory ? treacherous(listing, accessory, random) : nearlyThe(listing, random);
        return { name, truth: (accessory ?? listing.leaf).path, kind: 'near' as const, of: listing.name };
      }),
    );
  }
  for (let i = exact + near; i < total; i++)
    arriving.push(
      distinct(keys, () => {
        const { name, leaf } = listingOf(leaves[pickWeighted(random, counts)] as Leaf, random);
        return { name, truth: leaf.path, kind: 'new' as const };
      }),
    );
  return shuffled(random, arriving);
}
