import { describe, expect, it } from 'vitest';
import { buildDecoder } from '../../src/model/decode.ts';
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
const decode = buildDecoder(
  [
    [1, 2],
    [null, 11, 21],
    [null, 111, 112, 211],
  ],
  paths,
);

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

  it('keeps 20 candidates and five of a level', () => {
    const many = Array.from({ length: 50 }, (_, i): Path => [1, 2, 100 + i]);
    const head = Array.from({ length: 50 }, (_, i) => (i + 1) / 1275);
    const { candidates, ranked } = buildDecoder(
      [[1], [2], many.map((p) => p[2])],
      many,
    )(logs([1], [1], head));
    expect(candidates.map((c) => c.path[2])).toEqual(Array.from({ length: 20 }, (_, i) => 149 - i));
    expect(ranked[2]).toEqual([149, 148, 147, 146, 145]);
  });

  it('refuses a path that no head knows', () => {
    expect(() => buildDecoder([[1], [2], [3]], [[1, 2, 4]])).toThrow('1, 2, 4');
  });
});
