import { describe, expect, it } from 'vitest';
import { discordant, mcnemar, meanAndInterval } from '../../bench/accuracy/statistics.ts';

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

it('counts the names that one of two methods alone has right', () => {
  const bits = (...bytes: number[]) => Buffer.from(bytes).toString('base64');
  expect(discordant(bits(0b1011, 0b1), bits(0b0110, 0b0))).toEqual({ first: 3, second: 1 });
  expect(() => discordant(bits(1), bits(1, 1))).toThrow('same names');
});

it("gives the mean and half of Student's 95% interval", () => {
  expect(meanAndInterval([0.5])).toEqual({ mean: 0.5, half: null });
  const { mean, half } = meanAndInterval([1, 2, 3, 4, 5]);
  expect(mean).toBe(3);
  // 2.776 × sqrt(2.5 / 5)
  expect(half).toBeCloseTo(1.963, 3);
  expect(meanAndInterval([2, 2, 2]).half).toBe(0);
});
