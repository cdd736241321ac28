import { generateCatalogue } from '../../src/demo/catalogue/generate.ts';
import type { Path } from '../../src/model/types.ts';
import { normalise } from '../../src/normalise.ts';
import { seededRandom, shuffle } from '../../src/train/random.ts';
import { readTitles } from '../accuracy/data.ts';

/** A name that arrives: what the noisy teacher says of it, and the truth, each as names from the top. */
export interface Arrival {
  key: string;
  teacher: string[];
  truth: string[];
}

/** A shop's year: what memory holds at the start, and what arrives week by week, in a fixed order. */
export interface World {
  set: 'titles' | 'demo';
  /** Every category, above before below. */
  categories: string[][];
  start: Arrival[];
  weeks: Arrival[][];
}

function split(all: readonly Arrival[], labels: number, weeks: number): Pick<World, 'start' | 'weeks'> {
  const rest = all.slice(labels);
  const size = rest.length / weeks;
  return {
    start: all.slice(0, labels),
    weeks: Array.from({ length: weeks }, (_, week) =>
      rest.slice(Math.floor(week * size), Math.floor((week + 1) * size)),
    ),
  };
}

/** The real titles with the noisy teacher's labels, in an order that the seed gives; null where they are not. */
export async function titlesWorld(
  file: string,
  options: { labels: number; weeks: number; names: number; seed: number },
): Promise<World | null> {
  const source = await readTitles(file);
  if (source === null) return null;
  const namesOf = (path: Path) =>
    source.categories[(path.findLast((id) => id !== null) as number) - 1] as string[];
  const all = [source.train, source.valid].flatMap(({ keys, paths, truth }) =>
    keys.map((key, i) => ({
      key,
      teacher: namesOf(paths[i] as Path),
      truth: namesOf(truth[i] as Path),
    })),
  );
  const order = Int32Array.from(all.keys());
  shuffle(order, seededRandom(options.seed));
  const chosen = Array.from(order, (at) => all[at] as Arrival).slice(
    0,
    options.labels + options.weeks * options.names,
  );
  return {
    set: 'titles',
    categories: source.categories.map((names) => [...names]),
    ...split(chosen, options.labels, options.weeks),
  };
}

/** The demo's generator: invented names, near repeats among them; the teacher of the arrivals errs as that of the labels. */
export function demoWorld(options: { labels: number; weeks: number; names: number; seed: number }): World {
  const { labels, weeks, names, seed } = options;
  // the catalogue's own arrivals are few kinds of repeats; a second half of its labelled names arrives instead
  const { labelled } = generateCatalogue({ seed, labelled: labels + weeks * names, arriving: 100 });
  const all = labelled.map(({ name, path, truth }) => ({
    key: normalise(name),
    teacher: [...path],
    truth: [...truth],
  }));
  const paths = new Map(
    all
      .flatMap(({ teacher, truth }) => [teacher, truth])
      .flatMap((path) => path.map((_, i) => path.slice(0, i + 1)))
      .map((path) => [path.join('\n'), path]),
  );
  const categories = [...paths.values()].sort((a, b) => a.length - b.length);
  return { set: 'demo', categories, ...split(all, labels, weeks) };
}
