import { describe, expect, it } from 'vitest';
import { mcnemar, pair } from '../../../src/train/judge/paired.ts';

describe("McNemar's exact test", () => {
  it('gives the binomial tail on both sides', () => {
    expect(mcnemar(0, 5)).toBeCloseTo(2 / 32, 12);
    expect(mcnemar(1, 9)).toBeCloseTo((2 * (1 + 10)) / 1024, 12);
    expect(mcnemar(9, 1)).toBe(mcnemar(1, 9));
  });

  it('is 1 for an even split and for no difference at all', () => {
    expect(mcnemar(7, 7)).toBe(1);
    expect(mcnemar(0, 0)).toBe(1);
  });

  it('holds for thousands of names, where 2^-n is no number', () => {
    // normal approximation with continuity: z = (|b - c| - 1) / sqrt(b + c) = 2.216, p = .0267
    expect(mcnemar(1950, 2090)).toBeGreaterThan(0.0287 - 0.0005);
    expect(mcnemar(1950, 2090)).toBeLessThan(0.0287 + 0.0005);
  });
});

it('pairs two methods name by name', () => {
  const of = (text: string) => [...text].map((mark) => mark === '+');
  expect(pair(of('++++----'), of('+++-++++'))).toEqual({
    before: 4 / 8,
    after: 7 / 8,
    won: 4,
    lost: 1,
    p: mcnemar(4, 1),
  });
  expect(pair([], [])).toEqual({ before: 0, after: 0, won: 0, lost: 0, p: 1 });
});
