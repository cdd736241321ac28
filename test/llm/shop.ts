import type { Item, Prompt, Taxonomy } from '../../src/llm/types.ts';

/** A small shop: l1 tens apart, a path that stops early, a fourth level. */
const lines: [id: number, parent: number | null, name: string][] = [
  [1, null, 'Electronics'],
  [2, 1, 'Phones'],
  [3, 2, 'Smartphones'],
  [4, 2, 'Phone cases'],
  [5, 1, 'Kitchen electrics'],
  [6, 5, 'Kettles'],
  [7, null, 'Home'],
  [8, 7, 'Посуд'],
  [9, 8, 'Чайники'],
  [10, null, 'Gift cards'],
  [11, 3, 'Refurbished'],
];

export const shop: Taxonomy = {
  nodes: new Map(lines.map(([id, parent, name]) => [id, { id, parent, name }])),
};

/** A regular tree: `width` children on each of three levels, named by their place. */
export function regularTree(width: number): Taxonomy {
  const nodes = new Map<number, { id: number; parent: number | null; name: string }>();
  const add = (parent: number | null, name: string) => {
    const id = nodes.size + 1;
    nodes.set(id, { id, parent, name });
    return id;
  };
  for (let a = 0; a < width; a++) {
    const l1 = add(null, `Top ${a}`);
    for (let b = 0; b < width; b++) {
      const l2 = add(l1, `Middle ${a}.${b}`);
      for (let c = 0; c < width; c++) add(l2, `Leaf ${a}.${b}.${c}`);
    }
  }
  return { nodes };
}

/** Ids without children. */
export function leaves(taxonomy: Taxonomy): number[] {
  const parents = new Set([...taxonomy.nodes.values()].map((node) => node.parent));
  return [...taxonomy.nodes.keys()].filter((id) => !parents.has(id));
}

export function item(name: string, ...shortlist: number[]): Item {
  return { name, shortlist };
}

/** The lines of a prompt's block. */
export function block(prompt: Prompt, tag: 'categories' | 'names'): string[] {
  const found = new RegExp(`<${tag}>\n([\\s\\S]*)\n</${tag}>`).exec(`${prompt.system}\n${prompt.user}`);
  return found?.[1]?.split('\n') ?? [];
}
