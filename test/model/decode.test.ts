import { describe, expect, it } from 'vitest';
import { buildDecoder, marginOf } from '../../src/model/decode.ts';
import { buildJoin } from '../../src/model/join.ts';
import { buildTree } from '../../src/model/tree.ts';
import type { Path } from '../../src/model/types.ts';

const logs = (...rows: number[][]) =>
  rows.map((row) => Float32Array.from(row, Math.log)) as unknown as [
    Float32Array,
    Float32Array,
    Float32Array,
  ];

const paths: Path[] = [
  [1, 11, 111],
  [1, 11, 112],
  [1, 11, null],
  [1, null, null],
  [2, 21, 211],
];
const classes = [
  [1, 2],
  [null, 11, 21],
  [null, 111, 112, 211],
] as const;
const join = buildJoin(buildTree(paths), classes, paths);
const one = [1, 1, 1] as const;
const none = [0, 0, 0] as const;
/** The heads alone, each with its full weight. */
const decode = (meaning: ReturnType<typeof logs>) =>
  join({ letters: null, meaning, memory: null }, { letters: none, meaning: one, memory: none });

describe('buildJoin', () => {
  /** Log-probabilities of the tree's outputs: the root's two, then those of the l1 nodes, then those of the l2 nodes. */
  const tree = (...values: number[]) => Float64Array.from(values, Math.log);
  const letters = tree(0.7, 0.3, 0.9, 0.1, 1, 0.5, 0.3, 0.2, 1);
  const memory = tree(0.5, 0.5, 0.2, 0.8, 1, 0.1, 0.1, 0.8, 1);

  it('multiplies what the voices say of each step, to the power of their weights', () => {
    const meaning = logs([0.6, 0.4], [0.2, 0.5, 0.3], [0.1, 0.4, 0.2, 0.3]);
    const weights = { letters: [1, 1, 2], meaning: [0.5, 0, 1], memory: [1, 0.5, 0] } as const;
    const { candidates } = join({ letters, meaning, memory }, weights);
    const scores = [
      0.7 * 0.9 * 0.5 ** 2 * 0.6 ** 0.5 * 0.4 * 0.5 * 0.2 ** 0.5,
      0.7 * 0.9 * 0.3 ** 2 * 0.6 ** 0.5 * 0.2 * 0.5 * 0.2 ** 0.5,
      0.7 * 0.9 * 0.2 ** 2 * 0.6 ** 0.5 * 0.1 * 0.5 * 0.2 ** 0.5,
      0.7 * 0.1 * 0.6 ** 0.5 * 0.1 * 0.5 * 0.8 ** 0.5,
      0.3 * 0.4 ** 0.5 * 0.3 * 0.5,
    ];
    const total = scores.reduce((a, b) => a + b);
    for (const { path, probability } of candidates)
      expect(probability).toBeCloseTo((scores[paths.indexOf(path)] as number) / total, 5);
  });

  it('does not ask the heads at a level where they do not count, however certain they are there', () => {
    const meaning = logs([0, 1], [0.2, 0.5, 0.3], [0, 1, 0, 0]);
    const weights = { letters: one, meaning: [0, 1, 0], memory: none } as const;
    const { candidates, confidence } = join({ letters, meaning, memory: null }, weights);
    const scores = [
      0.7 * 0.9 * 0.5 * 0.5,
      0.7 * 0.9 * 0.3 * 0.5,
      0.7 * 0.9 * 0.2 * 0.5,
      0.7 * 0.1 * 0.2,
      0.3 * 0.3,
    ];
    expect(confidence[2]).toBeCloseTo((scores[0] as number) / scores.reduce((a, b) => a + b), 6);
    expect(candidates).toHaveLength(5);
  });

  it('counts the voices that alone give the answer', () => {
    // meaning [1, 11, 112], memory (weighing little) [1, null, null], letters [1, 11, 111]
    const meaning = logs([0.9, 0.1], [0.1, 0.8, 0.1], [0.1, 0.2, 0.6, 0.1]);
    const weights = { letters: one, meaning: one, memory: [0.1, 0.1, 0.1] } as const;
    const all = join({ letters, meaning, memory }, weights);
    expect([all.path, all.voices]).toEqual([[1, 11, 112], 1]);
    const two = join(
      { letters, meaning: logs([0.9, 0.1], [0.1, 0.8, 0.1], [0, 0.9, 0.1, 0]), memory },
      weights,
    );
    expect([two.path, two.voices]).toEqual([[1, 11, 111], 2]);
    // what each voice has as its second choice
    const [left, right] = [
      tree(0.9, 0.1, 0.9, 0.1, 1, 0.5, 0.1, 0.4, 1),
      tree(0.9, 0.1, 0.9, 0.1, 1, 0.1, 0.5, 0.4, 1),
    ];
    const between = join({ letters: left, meaning: null, memory: right }, { ...weights, memory: one });
    expect([between.path, between.voices]).toEqual([[1, 11, null], 0]);
  });

  it('leaves out a voice that was not asked', () => {
    const weights = { letters: one, meaning: one, memory: one };
    const alone = join({ letters, meaning: null, memory: null }, weights);
    const { voices: _, ...silent } = join({ letters, meaning: null, memory }, { ...weights, memory: none });
    expect(alone).toEqual({ ...silent, voices: 1 });
    expect(alone.confidence[2]).toBeCloseTo(0.7 * 0.9 * 0.5, 6);
  });
});

describe('marginOf', () => {
  it('is how much the best path is ahead, all of it where there is one path', () => {
    const probabilities = logs([1, 1e-9], [0.25, 0.75, 1e-9], [0.2, 0.7, 0.1, 1e-9]);
    const { candidates } = decode(probabilities);
    expect(marginOf(decode(probabilities))).toBeCloseTo(
      (candidates[0]?.probability as number) - (candidates[1]?.probability as number),
      12,
    );
    expect(marginOf({ candidates: [{ path: [1, null, null], probability: 1 }] } as never)).toBe(1);
  });
});

describe('buildDecoder', () => {
  it('gives each path the product of its classes, over the sum of all paths', () => {
    const { path, candidates, confidence } = decode(logs([0.8, 0.2], [0.1, 0.6, 0.3], [0.2, 0.5, 0.2, 0.1]));
    const products = [0.8 * 0.6 * 0.5, 0.8 * 0.6 * 0.2, 0.8 * 0.6 * 0.2, 0.8 * 0.1 * 0.2, 0.2 * 0.3 * 0.1];
    const total = products.reduce((a, b) => a + b);
    expect(path).toEqual([1, 11, 111]);
    for (const { path: each, probability } of candidates)
      expect(probability).toBeCloseTo((products[paths.indexOf(each)] as number) / total, 6);
    expect(candidates.map((c) => c.probability)).toEqual(
      candidates.map((c) => c.probability).sort((a, b) => b - a),
    );
    const [p0, p1, p2, p3] = products as [number, number, number, number];
    expect(confidence[0]).toBeCloseTo((p0 + p1 + p2 + p3) / total, 6);
    expect(confidence[1]).toBeCloseTo((p0 + p1 + p2) / total, 6);
    expect(confidence[2]).toBeCloseTo(p0 / total, 6);
  });

  it('answers only what exists, whatever the heads say one by one', () => {
    // l1 says 2, l2 says 11, l3 says 112: no such path.
    const { path } = decode(logs([0.4, 0.6], [0.05, 0.9, 0.05], [0.1, 0.1, 0.7, 0.1]));
    expect(path).toEqual([1, 11, 112]);
  });

  it("is as sure of stopping as the heads are, beyond a path's end", () => {
    const { path, confidence, ranked } = decode(logs([0.9, 0.1], [0.9, 0.05, 0.05], [0.9, 0.04, 0.03, 0.03]));
    expect(path).toEqual([1, null, null]);
    expect(confidence[1]).toBe(confidence[2]);
    expect(confidence[1]).toBeGreaterThan(0.9);
    expect(confidence[0]).toBeGreaterThan(confidence[1]);
    expect(ranked[2]).toEqual([111, 112, 211]);
  });

  it('ranks the answer first, then the likeliest, never "stops"', () => {
    const { ranked } = decode(logs([0.7, 0.3], [0.3, 0.4, 0.3], [0.3, 0.2, 0.4, 0.1]));
    expect(ranked[0]).toEqual([1, 2]);
    expect(ranked[1]).toEqual([11, 21]);
    expect(ranked[2]).toEqual([112, 111, 211]);
  });

  it('survives certainty', () => {
    const { confidence, path } = decode(logs([1, 0], [0, 1, 0], [0, 1, 0, 0]));
    expect(path).toEqual([1, 11, 111]);
    expect(confidence).toEqual([1, 1, 1]);
  });

  it('keeps 40 candidates and five of a level', () => {
    const many = Array.from({ length: 50 }, (_, i): Path => [1, 2, 100 + i]);
    const head = Array.from({ length: 50 }, (_, i) => (i + 1) / 1275);
    const { candidates, ranked } = buildDecoder(many)(Float64Array.from(head, Math.log));
    expect(candidates.map((c) => c.path[2])).toEqual(Array.from({ length: 40 }, (_, i) => 149 - i));
    expect(ranked[2]).toEqual([149, 148, 147, 146, 145]);
  });

  it('refuses a path that no head knows', () => {
    const strange: Path[] = [[1, 2, 4]];
    expect(() => buildJoin(buildTree(strange), [[1], [2], [3]], strange)).toThrow('1, 2, 4');
  });
});
