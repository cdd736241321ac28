import { describe, expect, test } from 'vitest';
import { Memory } from '../../src/model/memory.ts';
import { buildTree } from '../../src/model/tree.ts';
import type { Neighbour, Path } from '../../src/model/types.ts';

const paths: Path[] = [
  [1, 11, 111],
  [1, 11, 112],
  [1, 12, null],
  [2, 21, 211],
];
const tree = buildTree(paths);
const memory = new Memory(tree, paths);

function score(...neighbours: Neighbour[]): Float64Array {
  const target = new Float64Array(tree.outputs).fill(7);
  memory.score(neighbours, target);
  return target;
}
const near = (path: number, cosine: number): Neighbour => ({ path: paths[path] as Path, cosine });
/** Probability of a path's step at a level. */
const step = (scores: Float64Array, path: number, level: number) =>
  Math.exp(scores[tree.pathOutputs[path * 3 + level] as number] as number);

describe('the memory voice', () => {
  test('gives each child its share of the votes of its node, and .3 votes to nobody', () => {
    const scores = score(near(0, 0.8), near(0, 0.8), near(1, 0.8), near(3, 0.8));
    expect(step(scores, 0, 0)).toBeCloseTo((3 / 4 + 0.15) / 1.3, 9);
    expect(step(scores, 3, 0)).toBeCloseTo((1 / 4 + 0.15) / 1.3, 9);
    // three of the four voted within category 1, all for 11
    expect(step(scores, 0, 1)).toBeCloseTo((3 / 4 + 0.15) / (3 / 4 + 0.3), 9);
    expect(step(scores, 2, 1)).toBeCloseTo(0.15 / (3 / 4 + 0.3), 9);
    expect(step(scores, 0, 2)).toBeCloseTo((2 / 4 + 0.15) / (3 / 4 + 0.3), 9);
    expect(step(scores, 1, 2)).toBeCloseTo((1 / 4 + 0.15) / (3 / 4 + 0.3), 9);
    // nothing to choose between
    expect(step(scores, 2, 2)).toBeCloseTo(1, 9);
  });

  test('lets the nearer ones count more: e² times for .1 of cosine, wherever they are', () => {
    const share = Math.exp(2) / (1 + Math.exp(2));
    for (const cosine of [0.95, 0.3, -0.9])
      expect(step(score(near(0, cosine), near(3, cosine - 0.1)), 0, 0)).toBeCloseTo((share + 0.15) / 1.3, 9);
  });

  test('is a probability among the children of every node', () => {
    const scores = score(near(0, 0.99), near(1, 0.7), near(2, 0.2), near(3, 0.98));
    for (let k = 0; k + 1 < tree.nodeStarts.length; k++) {
      const children = scores.subarray(tree.nodeStarts[k], tree.nodeStarts[k + 1]);
      expect(children.reduce((sum, log) => sum + Math.exp(log), 0)).toBeCloseTo(1, 9);
      // nobody is impossible: labels may be wrong, and the model may know better
      for (const log of children) expect(log).toBeGreaterThan(Math.log(0.05));
    }
  });

  test('does not hear votes for paths that the model cannot answer', () => {
    const strange: Neighbour[] = [
      { path: [1, 11, null], cosine: 1 },
      { path: [9, 91, 911], cosine: 1 },
    ];
    const known = [near(0, 0.8), near(3, 0.7)];
    expect(score(...strange, ...known)).toEqual(score(...known));
    expect([...score(...strange)]).toEqual(Array(tree.outputs).fill(0));
  });

  test('says nothing without neighbours, whatever it said before', () => {
    score(near(0, 1));
    expect([...score()]).toEqual(Array(tree.outputs).fill(0));
  });
});
