import { misuse } from '../../errors.ts';
import type { Path } from '../../model/types.ts';
import { normalise, pathKey } from '../../normalise.ts';

/** A row of a labelled file. */
export interface LabelledRow {
  line: number;
  name: string;
  /** Category names from the root down. */
  path: readonly string[];
  source: string | null;
  embedding?: ArrayLike<number> | null;
}

/** A labelled file as training sees it: one row a name key. */
export interface Collected {
  keys: string[];
  paths: Path[];
  /** keys.length × dimension; null when the file has none. */
  embeddings: Float32Array | null;
  dimension: number;
  sources: Record<string, number>;
  /** Path of names of each category id. */
  categories: Map<number, string[]>;
  /** Names that came with more than one category. */
  conflicts: number;
  /** Rows left out because they have no embedding while others have. */
  unencoded: number;
}

/** What the rows of one name say of one category. */
interface Vote {
  path: number;
  source: string;
  rows: number;
  humans: number;
  last: number;
}

/** As an import decides: people first, then what most rows say, then the last. */
function winner(votes: readonly Vote[]): Vote {
  const strength = (v: Vote) => [Number(v.humans > 0), v.humans || v.rows, v.last] as const;
  return votes.reduce((best, vote) => {
    const [a, b] = [strength(best), strength(vote)];
    const at = a.findIndex((x, i) => x !== b[i]);
    return at >= 0 && (b[at] as number) > (a[at] as number) ? vote : best;
  });
}

/** Ids from 1 by the order of the paths' names, so that the same categories have the same ids whatever the rows' order. */
function numberCategories(paths: readonly string[]): {
  ids: Map<string, number>;
  names: Map<number, string[]>;
} {
  const nodes = new Set<string>();
  for (const path of paths) {
    const names = path.split('\n');
    for (let depth = 1; depth <= names.length; depth++) nodes.add(names.slice(0, depth).join('\n'));
  }
  const sorted = [...nodes].sort();
  return {
    ids: new Map(sorted.map((node, i) => [node, i + 1])),
    names: new Map(sorted.map((node, i) => [i + 1, node.split('\n')])),
  };
}

/** l1, l2 and the deepest below: the default of tree_levels. */
function levelsOf(path: string, ids: ReadonlyMap<string, number>): Path {
  const names = path.split('\n');
  const id = (depth: number) => ids.get(names.slice(0, depth).join('\n')) as number;
  return [id(1), names.length > 1 ? id(2) : null, names.length > 2 ? id(names.length) : null];
}

/** Numbers paths as they come; names that differ only by case, apostrophe or what nobody sees are spelt as the first was. */
function oneSpelling(): { paths: string[]; idOf: (path: readonly string[]) => number } {
  const paths: string[] = [];
  const given = new Map<string, number>();
  const ids = new Map<string, number>();
  const spelt = new Map<string, string>();
  const idOf = (path: readonly string[]): number => {
    const text = path.join('\n');
    const known = given.get(text);
    if (known !== undefined) return known;
    let spelling = '';
    for (const [i, name] of path.entries()) {
      const key = pathKey(path.slice(0, i + 1));
      const written = i === 0 ? name : `${spelling}\n${name}`;
      spelling = spelt.get(key) ?? written;
      spelt.set(key, spelling);
    }
    const id = ids.get(spelling) ?? paths.length;
    if (id === paths.length) paths.push(spelling);
    ids.set(spelling, id);
    given.set(text, id);
    return id;
  };
  return { paths, idOf };
}

/** Puts a row's vector into the matrix, checked. */
function put(
  vector: ArrayLike<number>,
  matrix: Float32Array,
  row: number,
  dimension: number,
  at: string,
): void {
  if (vector.length !== dimension)
    throw misuse(`${at}: the embedding has ${vector.length} numbers, the first of the file ${dimension}`);
  for (let j = 0; j < dimension; j++) {
    const x = vector[j] as number;
    if (!Number.isFinite(x)) throw misuse(`${at}: the embedding holds ${x}`);
    matrix[row * dimension + j] = x;
  }
}

/**
 * Reads labelled rows into one row a name key, with ids of its own for the categories.
 *
 * @param file  its name, for messages
 * @param count how many rows there are, when they have embeddings: the matrix is made once
 */
export async function collect(
  file: string,
  rows: AsyncIterable<LabelledRow>,
  count: number | null,
): Promise<Collected> {
  const at = new Map<string, number>();
  const votes: Vote[][] = [];
  const { paths, idOf } = oneSpelling();
  let matrix: Float32Array | null = null;
  let dimension = 0;
  let unencoded = 0;
  for await (const { line, name, path, source, embedding } of rows) {
    if (count !== null && (embedding ?? null) === null) {
      unencoded++;
      continue;
    }
    const key = normalise(name);
    const id = idOf(path);
    let row = at.get(key);
    if (row === undefined) {
      row = at.size;
      at.set(key, row);
      votes.push([]);
      if (count !== null && embedding) {
        dimension ||= embedding.length;
        matrix ??= new Float32Array(count * dimension);
        put(embedding, matrix, row, dimension, `${file}, row ${line}`);
      }
    }
    const said = votes[row] as Vote[];
    let vote = said.find((each) => each.path === id);
    if (vote === undefined) {
      vote = { path: id, source: '', rows: 0, humans: 0, last: 0 };
      said.push(vote);
    }
    vote.rows++;
    vote.last = line;
    if (source === 'human') vote.humans++;
    vote.source = vote.humans > 0 ? 'human' : (source ?? 'import');
  }
  const won = votes.map(winner);
  const { ids, names } = numberCategories(paths);
  const levels = paths.map((path) => levelsOf(path, ids));
  const sources: Record<string, number> = {};
  for (const { source } of won) sources[source] = (sources[source] ?? 0) + 1;
  return {
    keys: [...at.keys()],
    paths: won.map(({ path }) => levels[path] as Path),
    embeddings: matrix?.subarray(0, at.size * dimension) ?? null,
    dimension,
    sources,
    categories: names,
    conflicts: votes.filter((said) => said.length > 1).length,
    unencoded,
  };
}
