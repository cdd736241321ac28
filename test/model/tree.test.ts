import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { buildTree } from '../../src/model/tree.ts';
import type { Path } from '../../src/model/types.ts';

/** Distinct paths of few categories, so that they share branches; some stop early. */
const somePaths = fc
  .uniqueArray(
    fc.tuple(
      fc.integer({ min: 1, max: 4 }),
      fc.option(fc.integer({ min: 1, max: 4 })),
      fc.option(fc.integer({ min: 1, max: 4 })),
    ),
    { minLength: 1, maxLength: 60, selector: (path) => String(path[1] === null ? path[0] : path) },
  )
  .map((all) =>
    all.map(([a, b, c]): Path => {
      const l2 = b === null ? null : 10 * a + b;
      return [a, l2, l2 === null || c === null ? null : 10 * l2 + c];
    }),
  );

describe('the tree of paths', () => {
  test('numbers the nodes level by level, and their children one after the other', () => {
    const tree = buildTree([
      [1, 11, 111],
      [2, null, null],
      [1, 12, null],
      [1, 11, 112],
    ]);
    // the root {1, 2}; 1 {11, 12}; 2 {stops}; 11 {111, 112}; 12 {stops}
    expect([...tree.nodeStarts]).toEqual([0, 2, 4, 5, 7, 8]);
    expect(tree.levelStarts).toEqual([0, 1, 3, 5]);
    expect(tree.outputs).toBe(8);
    expect([...tree.nodeOf]).toEqual([0, 0, 1, 1, 2, 3, 3, 4]);
    expect([...tree.nodeBelow]).toEqual([1, 2, 3, 4, -1, -1, -1, -1]);
    expect([...tree.pathOutputs]).toEqual([0, 2, 5, 1, 4, -1, 0, 3, 7, 0, 2, 6]);
  });

  test('has every step of every path once, below the step above it', () => {
    fc.assert(
      fc.property(somePaths, (paths) => {
        const tree = buildTree(paths);
        const steps = new Map<number, string>();
        for (const [p, path] of paths.entries()) {
          let node = 0;
          for (let level = 0; level < 3; level++) {
            const output = tree.pathOutputs[p * 3 + level] as number;
            if (level > 0 && path[level - 1] === null) {
              expect(output).toBe(-1);
              continue;
            }
            expect(tree.nodeOf[output]).toBe(node);
            expect(output).toBeGreaterThanOrEqual(tree.nodeStarts[node] as number);
            expect(output).toBeLessThan(tree.nodeStarts[node + 1] as number);
            expect(node).toBeGreaterThanOrEqual(tree.levelStarts[level] as number);
            expect(node).toBeLessThan(tree.levelStarts[level + 1] as number);
            const step = path.slice(0, level + 1).join();
            expect(steps.get(output) ?? step).toBe(step);
            steps.set(output, step);
            node = tree.nodeBelow[output] as number;
            expect(node === -1).toBe(level === 2 || path[level] === null);
          }
        }
        expect(steps.size).toBe(tree.outputs);
        expect(new Set(steps.values()).size).toBe(tree.outputs);
      }),
    );
  });

  test('of a flat taxonomy and of one path', () => {
    const flat = buildTree([
      [5, null, null],
      [6, null, null],
    ]);
    expect([flat.outputs, flat.levelStarts]).toEqual([4, [0, 1, 3, 3]]);
    const one = buildTree([[1, 2, 3]]);
    expect([[...one.nodeStarts], [...one.pathOutputs]]).toEqual([
      [0, 1, 2, 3],
      [0, 1, 2],
    ]);
  });
});
