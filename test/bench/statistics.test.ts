import { expect, it } from 'vitest';
import { discordant, meanAndInterval } from '../../bench/accuracy/statistics.ts';

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
