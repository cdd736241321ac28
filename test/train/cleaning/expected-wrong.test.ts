import { describe, expect, it } from 'vitest';
import type { Path, Prediction } from '../../../src/model/types.ts';
import { agreesDownTo, proposeChanges } from '../../../src/train/cleaning/clean-rules.ts';
import { expectedWrong } from '../../../src/train/cleaning/expected-wrong.ts';
import { withChanges } from '../../../src/train/cleaning/gain.ts';
import { seededRandom } from '../../../src/train/random.ts';

const leaf = (n: number): Path => [1 + Math.floor(n / 100), 1000 + Math.floor(n / 10), 10_000 + n];

/** A teacher that is wrong on a share of the leaves; predictions that are right as often as they are sure. */
function make(count: number, wrong: number) {
  const random = seededRandom(5);
  const any = () => leaf(Math.floor(random.next() * 400));
  const truth = Array.from({ length: count }, any);
  const labels = truth.map((path) => (random.next() < wrong ? any() : path));
  const predictions = truth.map((path): Prediction => {
    const sure = random.next();
    const right = random.next() < Math.min(0.999, 0.3 + sure);
    return {
      path: right ? path : any(),
      confidence: [sure, sure, sure],
      candidates: [],
      ranked: [[], [], []],
    };
  });
  return { truth, labels, predictions };
}

describe('expectedWrong', () => {
  const { truth, labels, predictions } = make(20_000, 0.2);
  const { changes, levels } = proposeChanges(labels, predictions);
  const cleaned = withChanges(labels, changes);

  it.each([0, 1, 2] as const)('knows from the labels alone how many are wrong down to level %i', (level) => {
    const wrong = (paths: readonly Path[]) =>
      paths.filter((path, i) => !agreesDownTo(path, truth[i] as Path, level)).length / paths.length;
    const expected = expectedWrong(labels, predictions, changes, level, levels[level].agreement);
    expect(expected.before).toBeCloseTo(wrong(labels), 1);
    expect(Math.abs(expected.after - wrong(cleaned))).toBeLessThan(0.02);
    expect(wrong(cleaned)).toBeLessThan(wrong(labels) * 0.7);
  });

  it('expects nothing to change where nothing is changed', () => {
    const { before, after } = expectedWrong(labels, predictions, [], 2, 0.8);
    expect(before).toBeCloseTo(0.2, 12);
    expect(after).toBe(before);
  });

  it('stays a share where the predictions agree with every label', () => {
    const sure = labels.map((path): Prediction => ({ ...(predictions[0] as Prediction), path }));
    expect(expectedWrong(labels, sure, [], 1, 1)).toEqual({ before: 0, after: 0 });
  });
});
