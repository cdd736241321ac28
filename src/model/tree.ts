import type { Path } from './types.ts';

/**
 * The paths of a model as a tree. Each node's children ("the path stops here" is one of them) are its outputs, numbered
 * one after the other, node by node.
 */
export interface Tree {
  /** How many outputs all nodes have together. */
  outputs: number;
  /** Node k has the outputs nodeStarts[k] … nodeStarts[k + 1] - 1; the root first, then the l1 nodes, then the l2 nodes. */
  nodeStarts: Int32Array;
  /** First node of each level, and the number of nodes. */
  levelStarts: readonly [0, number, number, number];
  /** The node below each output; -1 where paths end. */
  nodeBelow: Int32Array;
  /** The node of each output. */
  nodeOf: Int32Array;
  /** Three outputs a path, one for each level; -1 below a path's end. */
  pathOutputs: Int32Array;
}

/** The category that a path ends in. */
export function deepest([l1, l2, l3]: Path): number {
  return l3 ?? l2 ?? l1;
}

/** Numbers the nodes and outputs of some distinct paths; the same paths in the same order give the same numbers. */
export function buildTree(paths: readonly Path[]): Tree {
  const nodes = new Map<string, Map<number | null, number>>();
  const steps = paths.map((path) => {
    const found: { node: string; child: number | null }[] = [];
    let node = '';
    for (const child of path) {
      let children = nodes.get(node);
      if (children === undefined) {
        children = new Map();
        nodes.set(node, children);
      }
      if (!children.has(child)) children.set(child, children.size);
      found.push({ node, child });
      if (child === null) break;
      node += `/${child}`;
    }
    return found;
  });
  const depth = (name: string) => name.split('/').length - 1;
  const names = [...nodes.keys()].sort((a, b) => depth(a) - depth(b));
  const first = (level: number) => {
    const found = names.findIndex((name) => depth(name) >= level);
    return found < 0 ? names.length : found;
  };
  const place = new Map(names.map((name, k) => [name, k]));
  const nodeStarts = new Int32Array(names.length + 1);
  names.forEach((name, k) => {
    nodeStarts[k + 1] = (nodeStarts[k] as number) + (nodes.get(name)?.size ?? 0);
  });
  const outputs = nodeStarts[names.length] as number;
  const nodeOf = new Int32Array(outputs);
  for (let k = 0; k < names.length; k++) nodeOf.fill(k, nodeStarts[k], nodeStarts[k + 1]);
  const nodeBelow = new Int32Array(outputs).fill(-1);
  const pathOutputs = new Int32Array(paths.length * 3).fill(-1);
  steps.forEach((found, p) => {
    found.forEach(({ node, child }, level) => {
      const start = nodeStarts[place.get(node) as number] as number;
      const output = start + (nodes.get(node)?.get(child) as number);
      pathOutputs[p * 3 + level] = output;
      nodeBelow[output] = place.get(`${node}/${child}`) ?? -1;
    });
  });
  return {
    outputs,
    nodeStarts,
    nodeOf,
    nodeBelow,
    levelStarts: [0, first(1), first(2), names.length],
    pathOutputs,
  };
}
