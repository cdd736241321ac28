import type { CategoryNode } from '../database/taxonomy.ts';
import { normalise, pathKey } from '../normalise.ts';
import { printable } from '../printable.ts';
import type { Hole, TaxonomyPart, XrayRow } from './types.ts';

const mostExamples = 5;

/** A category with what is filed under it. */
interface Node {
  path: string[];
  /** Distinct names filed under it itself. */
  names: Set<string>;
  children: number;
}

const hole = (texts: readonly string[]): Hole => ({
  count: texts.length,
  examples: texts.slice(0, mostExamples).map((text) => printable(text, 120)),
});

/** What is invisible is shown, so that twins can be told apart. */
const exact = (text: string) =>
  text.replace(/[\p{Cf}\p{Zs}]/gu, (sign) =>
    sign === ' ' ? sign : `<U+${sign.codePointAt(0)?.toString(16).toUpperCase().padStart(4, '0')}>`,
  );

/** The path of names of each category; parents come before children, and one whose parent is missing stands at the top. */
function pathsOf(categories: readonly CategoryNode[]): string[][] {
  const byId = new Map(categories.map((node) => [node.id, node]));
  return categories.map((node) => {
    const path = [node.name];
    const seen = new Set([node.id]);
    for (let up = node.parent; up !== null && !seen.has(up); ) {
      const parent = byId.get(up);
      if (parent === undefined) break;
      seen.add(up);
      path.unshift(parent.name);
      up = parent.parent;
    }
    return path;
  });
}

/** Every category with the names that rows file under it, by its exact path. */
function nodesOf(rows: readonly XrayRow[], categories: readonly string[][]): Map<string, Node> {
  const nodes = new Map<string, Node>();
  const keyOf = (path: readonly string[]) => path.join('\u0000');
  const node = (path: string[]): Node => {
    const key = keyOf(path);
    let found = nodes.get(key);
    if (found === undefined) {
      found = { path, names: new Set(), children: 0 };
      nodes.set(key, found);
      if (path.length > 1) node(path.slice(0, -1)).children++;
    }
    return found;
  };
  for (const path of categories) node(path);
  for (const row of rows) if (row.path.length > 0) node(row.path).names.add(normalise(row.name));
  return nodes;
}

const textOf = ({ path }: Pick<Node, 'path'>) => path.join(' > ');
const lastOf = ({ path }: Pick<Node, 'path'>) => path.at(-1) ?? '';

/** Names that different parents have below them; twins of one parent count once. */
function repeatedNames(nodes: readonly Node[]): string[] {
  const once = new Map(nodes.map((node) => [pathKey(node.path), node]));
  return [...Map.groupBy(once.values(), (node) => normalise(lastOf(node))).values()]
    .filter((group) => group.length > 1)
    .map((group) => group.map(textOf).join(' | '));
}

/** Siblings that people read as one name: what differs is case, an apostrophe or invisible, or nothing at all. */
function twins(nodes: readonly Node[], categories: readonly string[][]): string[] {
  const spelt = [...Map.groupBy(nodes, ({ path }) => pathKey(path)).values()]
    // below twins every child has a twin, whose own name is the same
    .filter((group) => new Set(group.map(lastOf)).size > 1)
    .map((group) => {
      const [first] = group as [Node];
      const names = [...new Set(group.map(lastOf))].map((name) => `"${exact(name)}"`);
      return [...first.path.slice(0, -1), names.join(' and ')].join(' > ');
    });
  const same = [...Map.groupBy(categories, (path) => path.join('\u0000')).values()]
    .filter((group) => group.length > 1)
    .map((group) => `${(group[0] as string[]).join(' > ')} (${group.length} times)`);
  return [...spelt, ...same];
}

/**
 * What is odd about a taxonomy.
 *
 * @param categories every category, where they are known; else those of the rows are all
 */
export function taxonomyOf(
  rows: readonly XrayRow[],
  categories: readonly CategoryNode[] | null,
): TaxonomyPart {
  const paths = categories === null ? [] : pathsOf(categories);
  const nodes = [...nodesOf(rows, paths).values()];
  const leaves = nodes.filter(({ children }) => children === 0);
  const levels: number[] = [];
  for (const { path } of nodes) levels[path.length - 1] = (levels[path.length - 1] ?? 0) + 1;
  const inner = nodes.filter(({ children, names }) => children > 0 && names.size > 0);
  const of = (names: number) => leaves.filter((leaf) => leaf.names.size === names).map(textOf);
  return {
    categories: Math.max(nodes.length, paths.length),
    depth: levels.length,
    levels: Array.from(levels, (count) => count ?? 0),
    without: categories === null ? null : hole(of(0)),
    single: hole(of(1)),
    repeated: hole(repeatedNames(nodes)),
    twins: hole(twins(nodes, paths)),
    inner: { names: inner.reduce((sum, { names }) => sum + names.size, 0), categories: inner.length },
  };
}
