import type { Taxonomy } from './types.ts';

/** Longer category names are cut: a name is a few words, and each costs tokens in every prompt. */
const longestName = 100;

/**
 * A category's name as prompts show it: one line, no `|` (it divides name from id) and no `<` (it opens a delimiter).
 * Category names come from imported files, so they are no more trusted than product names.
 */
export function promptName(name: string): string {
  const line = name
    .replace(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, ' ')
    .replace(/[\p{Cf}\p{Cs}\p{Default_Ignorable_Code_Point}]/gu, '')
    .replace(/[|<]/g, '/')
    .trim();
  return [...line].slice(0, longestName).join('') || '?';
}

/** Category ids from the top of the tree to `id`. A parent that is not in the taxonomy ends the path. */
function ancestry(taxonomy: Taxonomy, id: number): number[] {
  const path: number[] = [];
  for (let node = taxonomy.nodes.get(id); node !== undefined; ) {
    if (path.length > taxonomy.nodes.size) throw new Error(`category ${id} is its own ancestor`);
    path.unshift(node.id);
    node = node.parent === null ? undefined : taxonomy.nodes.get(node.parent);
  }
  return path;
}

/** Names from the top of the tree down to `id`; empty for an id that is not there. */
export function pathNames(taxonomy: Taxonomy, id: number): string[] {
  return ancestry(taxonomy, id).map((node) => taxonomy.nodes.get(node)?.name ?? '');
}

/** "a > b > c" for people; empty for an id that is not there. */
export function pathText(taxonomy: Taxonomy, id: number): string {
  return pathNames(taxonomy, id).join(' > ');
}

const childrenOf = new WeakMap<Taxonomy, Map<number | null, number[]>>();

/** Children of each node, top nodes under null, by id: a new category then moves no line before its own. */
function children(taxonomy: Taxonomy): Map<number | null, number[]> {
  let index = childrenOf.get(taxonomy);
  if (index === undefined) {
    index = new Map();
    for (const node of taxonomy.nodes.values()) {
      const parent = node.parent !== null && taxonomy.nodes.has(node.parent) ? node.parent : null;
      const siblings = index.get(parent);
      if (siblings) siblings.push(node.id);
      else index.set(parent, [node.id]);
    }
    for (const siblings of index.values()) siblings.sort((a, b) => a - b);
    childrenOf.set(taxonomy, index);
  }
  return index;
}

/** Categories of the two upper levels. */
export function upperCategories(taxonomy: Taxonomy): Set<number> {
  const index = children(taxonomy);
  const tops = index.get(null) ?? [];
  return new Set(tops.flatMap((id) => [id, ...(index.get(id) ?? [])]));
}

/** The category of the two upper levels that one lies in. */
export function upperOf(taxonomy: Taxonomy, id: number): number {
  const path = ancestry(taxonomy, id);
  return path[Math.min(1, path.length - 1)] ?? id;
}

/** Some categories and all below them; nothing for an id that is not there. */
export function categoriesBelow(taxonomy: Taxonomy, ...ids: readonly (number | null)[]): Set<number> {
  const found = new Set(ids.filter((id) => id !== null && taxonomy.nodes.has(id)) as number[]);
  for (const each of found) for (const child of children(taxonomy).get(each) ?? []) found.add(child);
  return found;
}

/** Whether there is a category below. */
export function isInner(taxonomy: Taxonomy, id: number): boolean {
  return children(taxonomy).has(id);
}

function lineOf(taxonomy: Taxonomy, id: number, depth: number, withId: boolean): string {
  return `${' '.repeat(depth)}${promptName(taxonomy.nodes.get(id)?.name ?? '')}${withId ? `|${id}` : ''}`;
}

/** A category's line in a prompt, its line break included. */
export function categoryLine(taxonomy: Taxonomy, id: number): string {
  return `${lineOf(taxonomy, id, Math.max(0, ancestry(taxonomy, id).length - 1), true)}\n`;
}

/**
 * The tree as prompts show it: a line for each category, one space a level, `name|id`. With `only`, just those
 * categories, and the names above them without an id.
 */
export function renderTree(taxonomy: Taxonomy, only?: ReadonlySet<number>): string {
  const shown = only && new Set([...only].flatMap((id) => ancestry(taxonomy, id)));
  const index = children(taxonomy);
  const lines: string[] = [];
  const stack = (index.get(null) ?? []).map((id) => ({ id, depth: 0 })).reverse();
  for (let top = stack.pop(); top !== undefined; top = stack.pop()) {
    const { id, depth } = top;
    if (shown && !shown.has(id)) continue;
    lines.push(lineOf(taxonomy, id, depth, only === undefined || only.has(id)));
    for (const child of (index.get(id) ?? []).toReversed()) stack.push({ id: child, depth: depth + 1 });
  }
  return lines.join('\n');
}
