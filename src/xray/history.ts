import type { Database } from '../database/connection/open.ts';
import { loadPaths } from '../database/taxonomy.ts';
import type { Path } from '../model/types.ts';
import { normalise, pathKey } from '../normalise.ts';
import { readNames } from '../train/data/dataset.ts';
import type { XrayRow } from './types.ts';

/** Fewer rows in a fifth say nothing in percent. */
const leastRows = 20;
const fifths = 5;

/** One labelled row, as memory sees it. */
interface LabelledRow {
  key: string;
  /** The row's own label. */
  path: Path;
}

/** The labelled rows in the order of time, and what memory makes of all of them. */
export interface History {
  rows: LabelledRow[];
  /** The label that memory holds for each name: what most rows say. */
  memory: ReadonlyMap<string, Path>;
  /** Where each fifth begins, and the end; fewer than five rows a fifth: null. */
  edges: number[] | null;
}

const pathText = (path: Path): string => path.join();

/** Reads the private memory, and puts each row's label in its terms. */
export async function readHistory(
  db: Database,
  labelled: readonly XrayRow[],
  signal: AbortSignal,
): Promise<History> {
  const { keys, paths } = await readNames(db, signal);
  const memory = new Map(keys.map((key, i) => [key, paths[i] as Path]));
  const byPath = new Map<string, Path>(
    (await loadPaths(db)).map(({ names, l1, l2, l3 }) => [pathKey(names), [l1, l2, l3]]),
  );
  const rows = labelled.flatMap(({ name, path }): LabelledRow[] => {
    const own = byPath.get(pathKey(path));
    const key = normalise(name);
    return own === undefined || !memory.has(key) ? [] : [{ key, path: own }];
  });
  const size = Math.floor(rows.length / fifths);
  const edges =
    size < leastRows
      ? null
      : Array.from({ length: fifths + 1 }, (_, i) => (i === fifths ? rows.length : i * size));
  return { rows, memory, edges };
}

/** A fifth of the rows, with what the exact layer does on it. */
export interface Fifth {
  rows: number;
  /** Distinct names of all rows before it. */
  known: ReadonlySet<string>;
  /** How many of its rows have a name that memory did not know when it began. */
  fresh: Map<string, number>;
  /** Rows whose name an earlier row had, in this fifth or before, and those of them whose label is another than memory's. */
  exact: number;
  exactWrong: number;
  /** Of the exact ones those whose name memory knew when the fifth began, and the wrong ones. */
  knownRows: number;
  knownWrong: number;
}

/** What rows said of a name so far: the most frequent label, the newest among equals, is what memory says. */
class Votes {
  readonly #votes = new Map<string, Map<string, number>>();

  /** What memory says of a name; undefined where it does not know it. */
  say(key: string): string | undefined {
    let best: string | undefined;
    let most = 0;
    for (const [path, votes] of this.#votes.get(key) ?? []) {
      if (votes < most) continue;
      best = path;
      most = votes;
    }
    return best;
  }

  add(key: string, path: string): void {
    const votes = this.#votes.get(key) ?? new Map<string, number>();
    const before = votes.get(path) ?? 0;
    // the newest goes to the end
    votes.delete(path);
    votes.set(path, before + 1);
    this.#votes.set(key, votes);
  }
}

/** Walks the rows in their order through the exact layer, fifth by fifth. */
export function walkExact({ rows, edges }: History): Fifth[] {
  if (edges === null) return [];
  const votes = new Votes();
  const known = new Set<string>();
  return edges.slice(0, -1).map((from, f): Fifth => {
    const before = new Set(known);
    const fifth: Fifth = {
      ...{ rows: 0, exact: 0, exactWrong: 0, knownRows: 0, knownWrong: 0 },
      known: before,
      fresh: new Map(),
    };
    for (const { key, path } of rows.slice(from, edges[f + 1])) {
      const said = votes.say(key);
      const wrong = said !== undefined && said !== pathText(path) ? 1 : 0;
      fifth.rows++;
      if (said !== undefined) {
        fifth.exact++;
        fifth.exactWrong += wrong;
      }
      if (before.has(key)) {
        fifth.knownRows++;
        fifth.knownWrong += wrong;
      } else fifth.fresh.set(key, (fifth.fresh.get(key) ?? 0) + 1);
      votes.add(key, pathText(path));
      known.add(key);
    }
    return fifth;
  });
}
