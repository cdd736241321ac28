import { describe, expect, it } from 'vitest';
import type { Path, Prediction } from '../../../src/model/types.ts';
import { evaluatePredictions, type Truth } from '../../../src/train/judge/evaluate.ts';

const thresholds = { l1: 0.75, l2: 0.55, l3: 0.4 };

function says(
  path: Path,
  confidence: [number, number, number],
  ranked: Prediction['ranked'] = [[], [], []],
): Prediction {
  const own = path.map((id, i) => [...(id === null ? [] : [id]), ...(ranked[i] as number[])]);
  return { path, confidence, candidates: [], ranked: own as unknown as Prediction['ranked'] };
}

describe('evaluatePredictions', () => {
  const predictions = [
    says([1, 11, 111], [0.95, 0.95, 0.95]),
    says([1, 11, 112], [0.95, 0.7, 0.5], [[2], [12], [113, 111]]),
    says([2, 21, null], [0.95, 0.5, 0.5]),
    says([2, 22, 221], [0.65, 0.6, 0.5], [[1], [11, 12, 13], []]),
  ];
  const truth: Truth[] = [
    [1, 11, 111],
    [1, 11, 111],
    [2, 21, null],
    [1, 13, -1],
  ];
  const report = evaluatePredictions(predictions, truth, thresholds);

  it('scores each level over the names whose truth has it', () => {
    expect(report.names).toBe(4);
    expect(report.levels.l1).toEqual({ n: 4, majority: 3 / 4, top1: 3 / 4, top3: 1, top5: 1 });
    expect(report.levels.l2).toEqual({ n: 4, majority: 2 / 4, top1: 3 / 4, top3: 3 / 4, top5: 1 });
    // The third is not scored at l3; the fourth is, and nobody can be right about a category that is not known.
    expect(report.levels.l3).toEqual({ n: 3, majority: 2 / 3, top1: 1 / 3, top3: 2 / 3, top5: 2 / 3 });
  });

  it('counts stopping where the truth stops as right', () => {
    expect(report.path).toBe(2 / 4);
    const stopsShort = evaluatePredictions([says([1, 11, null], [1, 1, 1])], [[1, 11, 111]], thresholds);
    expect(stopsShort.path).toBe(0);
    const goesOn = evaluatePredictions([says([1, 11, 111], [1, 1, 1])], [[1, 11, null]], thresholds);
    expect(goesOn).toMatchObject({ path: 0, levels: { l3: { n: 0, top1: null, majority: null } } });
  });

  it('covers what clears all three thresholds', () => {
    expect(report.coverage).toBe(2 / 4);
    expect(report.selectiveError).toBe(1 / 2);
    expect(report.thresholds).toEqual(thresholds);
    const strict = evaluatePredictions(predictions, truth, { l1: 1, l2: 1, l3: 1 });
    expect(strict).toMatchObject({ coverage: 0, selectiveError: null });
  });

  it('measures how far confidence is from being right', () => {
    // l1: .95 three times and right three times (one bin), .65 once and wrong.
    expect(report.ece.l1).toBeCloseTo((3 * 0.05 + 0.65) / 4, 10);
    // l3: bin of .95 right; bin of .5 holds three, one of them right.
    expect(report.ece.l3).toBeCloseTo((0.05 + Math.abs(1.5 - 1)) / 4, 10);
  });

  it('has nothing to say about no names', () => {
    expect(evaluatePredictions([], [], thresholds)).toMatchObject({
      names: 0,
      path: 0,
      coverage: 0,
      selectiveError: null,
    });
  });
});
