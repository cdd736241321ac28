import { beforeAll, describe, expect, test } from 'vitest';
import { Letters } from '../../../src/model/letters/letters.ts';
import { layOut } from '../../../src/model/letters/tables.ts';
import { type LettersWeights, readLetters, writeLetters } from '../../../src/model/letters/weights.ts';
import { buildTree, type Tree } from '../../../src/model/tree.ts';
import type { Path } from '../../../src/model/types.ts';
import { fitLetters } from '../../../src/train/letters/fit.ts';
import { seededRandom } from '../../../src/train/random.ts';

const paths: Path[] = [
  [1, 11, 111],
  [1, 11, 112],
  [1, 12, null],
  [2, null, null],
  [3, 31, 311],
];
const words = ['kettle', 'toaster', 'lamp', 'sandal', 'bread'];
const random = seededRandom(4);
const keys = Array.from(
  { length: 600 },
  (_, i) => `${words[i % 5]} ${Math.floor(random.next() * 90)} ${'abcdef'[i % 6]}x`,
);
const right = Int32Array.from(keys, (_, i) => i % 5);
/** A fifth of the labels is drawn at random. */
const noisy = right.map((path) => (random.next() < 0.2 ? Math.floor(random.next() * 5) : path));
const rows = Int32Array.from(keys.keys());
let tree: Tree;
let weights: LettersWeights;
let letters: Letters;

beforeAll(async () => {
  tree = buildTree(paths);
  weights = await fitLetters(keys, rows, noisy, tree, { seed: 1 });
  letters = new Letters(layOut(weights, tree), tree, 4);
});

/** The log-probability of a path: the sum of those of its steps. */
const total = (scores: Float64Array, p: number) =>
  [0, 1, 2].reduce((sum, level) => sum + (scores[tree.pathOutputs[p * 3 + level] as number] ?? 0), 0);

function best(scores: Float64Array): number {
  const totals = paths.map((_, p) => total(scores, p));
  return totals.indexOf(Math.max(...totals));
}

describe('the letters voice', () => {
  test('numbers the tree level by level, "stops here" among the children', () => {
    expect([...tree.nodeStarts]).toEqual([0, 3, 5, 6, 7, 9, 10, 11]);
    expect(tree.levelStarts).toEqual([0, 1, 4, 7]);
    expect([...tree.pathOutputs.subarray(9, 12)]).toEqual([1, 5, -1]);
    expect(tree.nodeBelow[tree.pathOutputs[0] as number]).toBe(1);
  });

  test('learns through wrong labels', () => {
    const scores = new Float64Array(tree.outputs);
    const correct = words.filter((word, i) => {
      letters.score(`${word} 95 zx`, scores);
      return best(scores) === i;
    });
    expect(correct).toEqual(words);
  });

  test('scores as the sum of weights times values says, among siblings', () => {
    const name = 'kettle toaster 17';
    const scores = new Float64Array(tree.outputs);
    letters.score(name, scores);
    const { indices, values } = weights.vocabulary.features(name);
    const dense = Array.from(weights.biases);
    for (const [i, gram] of indices.entries())
      for (let e = weights.starts[gram] as number; e < (weights.starts[gram + 1] as number); e++) {
        const output = weights.outputs[e] as number;
        dense[output] =
          (dense[output] as number) +
          (values[i] as number) * (weights.weights[e] as number) * (weights.scales[output] as number);
      }
    for (let k = 0; k + 1 < tree.nodeStarts.length; k++) {
      const node = dense
        .slice(tree.nodeStarts[k], tree.nodeStarts[k + 1])
        .map((margin) => Math.exp(4 * margin));
      const total = node.reduce((a, b) => a + b);
      node.forEach((share, i) => {
        expect(scores[(tree.nodeStarts[k] as number) + i]).toBeCloseTo(Math.log(share / total), 5);
      });
    }
  });

  test('looks only into likely nodes when it is asked alone, and agrees there', () => {
    const [full, likely] = [new Float64Array(tree.outputs), new Float64Array(tree.outputs)];
    let left = 0;
    for (const name of [...keys.slice(0, 50), 'nothing known', 'kettle bread']) {
      letters.score(name, full);
      letters.scoreLikely(name, likely);
      for (let k = 0; k + 1 < tree.nodeStarts.length; k++) {
        const [from, to] = [tree.nodeStarts[k] as number, tree.nodeStarts[k + 1] as number];
        const same = [...likely.subarray(from, to)].every(
          (x, i) => Math.abs(x - (full[from + i] as number)) < 1e-9,
        );
        if (same) continue;
        left++;
        for (const value of likely.subarray(from, to)) expect(value).toBeCloseTo(-Math.log(to - from), 9);
      }
      expect(best(likely)).toBe(best(full));
      // the paths share the whole probability, whoever is asked
      for (const scores of [full, likely])
        expect(paths.reduce((sum, _, p) => sum + Math.exp(total(scores, p)), 0)).toBeCloseTo(1, 9);
    }
    expect(left).toBeGreaterThan(10);
  });

  test('looks into every node that is a twentieth as likely as the likeliest of its level', () => {
    const [full, likely] = [new Float64Array(tree.outputs), new Float64Array(tree.outputs)];
    const [first, second] = tree.levelStarts.slice(1) as [number, number, number];
    let others = 0;
    for (const a of words)
      for (const b of words) {
        const name = `${a} ${b} 12`;
        letters.score(name, full);
        letters.scoreLikely(name, likely);
        const reached = new Map([[0, 1]]);
        for (let o = 0; o < tree.outputs; o++)
          reached.set(
            tree.nodeBelow[o] as number,
            (reached.get(tree.nodeOf[o] as number) as number) * Math.exp(full[o] as number),
          );
        for (const [from, to] of [
          [0, first],
          [first, second],
          [second, tree.nodeStarts.length - 1],
        ] as const) {
          const nodes = Array.from({ length: to - from }, (_, i) => from + i);
          const highest = Math.max(...nodes.map((node) => reached.get(node) as number));
          for (const node of nodes) {
            const share = (reached.get(node) as number) / highest;
            if (share < 0.05) continue;
            if (share < 0.9) others++;
            for (let o = tree.nodeStarts[node] as number; o < (tree.nodeStarts[node + 1] as number); o++)
              expect(likely[o]).toBeCloseTo(full[o] as number, 9);
          }
        }
      }
    expect(others).toBeGreaterThan(10);
  });

  test('is the same from the same seed, and read as it was written', async () => {
    const file = writeLetters(weights);
    expect(writeLetters(await fitLetters(keys, rows, noisy, tree, { seed: 1 }))).toEqual(file);
    const read = readLetters(file);
    expect(read.outputs).toEqual(weights.outputs);
    expect(read.weights).toEqual(weights.weights);
    expect(writeLetters(read)).toEqual(file);
    for (const bytes of [file.slice(4), file.slice(0, 40), new Uint8Array(), file.with(0, 0)])
      expect(() => readLetters(bytes)).toThrow('letters.bin of the model is damaged');
    expect(() => layOut(read, buildTree(paths.slice(1)))).toThrow('damaged');
  });

  test('stops when it is told to', async () => {
    const given = AbortSignal.abort(new Error('enough'));
    await expect(fitLetters(keys, rows, noisy, tree, { seed: 1, signal: given })).rejects.toThrow('enough');
  });
});
