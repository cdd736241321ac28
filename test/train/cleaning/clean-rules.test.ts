import { describe, expect, test } from 'vitest';
import type { Path, Prediction } from '../../../src/model/types.ts';
import { proposeChanges, usualRules } from '../../../src/train/cleaning/clean-rules.ts';
import { seededRandom } from '../../../src/train/random.ts';

const leaf = (n: number): Path => [1 + Math.floor(n / 10), 100 + Math.floor(n / 5), 1000 + n];
const prediction = (path: Path, confidence: number): Prediction => ({
  path,
  confidence: [Math.min(1, confidence + 0.05), Math.min(1, confidence + 0.02), confidence],
  candidates: [],
  ranked: [[], [], []],
});

/** Labels of a teacher that errs at random; predictions that are right as often as their confidence says. */
function make(count: number, wrong: number, seed = 1) {
  const random = seededRandom(seed);
  const truth = Array.from({ length: count }, () => leaf(Math.floor(random.next() * 20)));
  const other = (path: Path) => leaf((path[2] as number) - 1000 === 19 ? 0 : (path[2] as number) - 999);
  const labels = truth.map((path) => (random.next() < wrong ? other(path) : path));
  const predictions = truth.map((path) => {
    const confidence = 0.4 + 0.6 * random.next();
    const right = random.next() < (confidence > 0.9 ? 0.995 : confidence - 0.2);
    return prediction(right ? path : leaf(Math.floor(random.next() * 20)), confidence);
  });
  return { truth, labels, predictions };
}

describe('proposeChanges', () => {
  test('changes labels where the prediction is expected to be right, and mostly it is', () => {
    const { truth, labels, predictions } = make(20_000, 0.2);
    const { changes, levels } = proposeChanges(labels, predictions);
    const right = changes.filter(({ row, after }) => String(after) === String(truth[row])).length;
    expect(changes.length).toBeGreaterThan(500);
    expect(right / changes.length).toBeGreaterThan(usualRules.precision);
    expect(levels[2].threshold).toBeGreaterThan(0.7);
    expect(levels[2].agreement).toBeCloseTo(0.8, 1);
    for (const { row, level, after } of changes) {
      const label = labels[row] as Path;
      expect(String(after)).not.toBe(String(label));
      expect(after[level]).not.toBe(label[level]);
      expect(after.slice(0, level)).toEqual(label.slice(0, level));
    }
  });

  test('asks for more where fewer wrong ones are accepted', () => {
    const { labels, predictions } = make(20_000, 0.2);
    const [careful, bold] = [0.95, 0.6].map((precision) =>
      proposeChanges(labels, predictions, () => false, { ...usualRules, precision }),
    );
    expect(careful?.levels[2].threshold ?? 1).toBeGreaterThan(bold?.levels[2].threshold as number);
    expect(careful?.changes.length).toBeLessThan(bold?.changes.length as number);
  });

  test('never touches what must not be touched, nor names without a prediction', () => {
    const { labels, predictions } = make(5000, 0.2);
    const some = predictions.map((each, row) => (row % 3 === 0 ? null : each));
    const { changes } = proposeChanges(labels, some, (row) => row % 2 === 0);
    expect(changes.length).toBeGreaterThan(50);
    expect(changes.every(({ row }) => row % 2 === 1 && row % 3 !== 0)).toBe(true);
  });

  test('stops at the caps, the surest first, and says how many it left', () => {
    const { labels, predictions } = make(10_000, 0.2);
    const caps = [1, 1, 0.02] as const;
    const { changes, levels } = proposeChanges(labels, predictions, () => false, {
      ...usualRules,
      caps,
      classCap: 1,
    });
    expect(levels[2].changed).toBe(200);
    expect(levels[2].capped).toBeGreaterThan(100);
    const all = proposeChanges(labels, predictions, () => false, {
      ...usualRules,
      caps: [1, 1, 1],
      classCap: 1,
    });
    expect(changes.map(({ row }) => row)).toEqual(all.changes.slice(0, changes.length).map(({ row }) => row));
  });

  test('lets no category lose or win more than its share', () => {
    const { labels, predictions } = make(20_000, 0.2);
    const classCap = 0.05;
    const { changes } = proposeChanges(labels, predictions, () => false, {
      ...usualRules,
      caps: [1, 1, 1],
      classCap,
    });
    const count = (paths: readonly Path[]) => {
      const counts = new Map<string, number>();
      for (const path of paths) counts.set(String(path), (counts.get(String(path)) ?? 0) + 1);
      return counts;
    };
    const sizes = count(labels);
    for (const moved of [changes.map(({ row }) => labels[row] as Path), changes.map(({ after }) => after)])
      for (const [path, n] of count(moved))
        expect(n).toBeLessThanOrEqual((sizes.get(path) as number) * classCap);
    expect(changes.length).toBeGreaterThan(500);
  });

  test('changes nothing where labels and predictions agree, or there are too few', () => {
    const { truth } = make(3000, 0);
    expect(
      proposeChanges(
        truth,
        truth.map((path) => prediction(path, 0.9)),
      ).changes,
    ).toEqual([]);
    const { labels, predictions } = make(300, 0.3);
    expect(proposeChanges(labels, predictions).changes).toEqual([]);
  });
});
