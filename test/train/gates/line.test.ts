import { describe, expect, it } from 'vitest';
import { onLine } from '../../../src/model/gate.ts';
import { fitLine } from '../../../src/train/gates/line.ts';
import { seededRandom } from '../../../src/train/random.ts';

const random = seededRandom(3);
const said = Array.from({ length: 5000 }, () => 0.3 + 0.699 * random.next());

describe('fitLine', () => {
  it('finds the line that probabilities lie on', () => {
    const { offset, slope } = fitLine(
      said,
      said.map((p) => onLine(p, -0.7, 1.4)),
    );
    expect(offset).toBeCloseTo(-0.7, 1);
    expect(slope).toBeCloseTo(1.4, 1);
  });

  it('finds it from rights and wrongs, and through a judge who is wrong in a fifth of all names', () => {
    for (const judge of [1, 0.8]) {
      const right = said.map((p) => Number(random.next() < judge * onLine(p, -0.7, 1.4)));
      const { offset, slope } = fitLine(said, right, judge);
      for (const p of [0.4, 0.7, 0.9, 0.99])
        expect(Math.abs(onLine(p, offset, slope) - onLine(p, -0.7, 1.4))).toBeLessThan(0.04);
    }
  });

  it('is finite and rises for names that are all right, all wrong, contrary, or none', () => {
    const some = said.slice(0, 300);
    for (const targets of [some.map(() => 1), some.map(() => 0), some.map((p) => 1 - p)]) {
      const { offset, slope } = fitLine(some, targets, 0.9);
      expect([offset, slope].every(Number.isFinite)).toBe(true);
      expect(slope).toBeGreaterThan(0);
    }
    expect(fitLine([], [])).toEqual({ offset: 0, slope: 1 });
  });
});
