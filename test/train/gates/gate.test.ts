import { describe, expect, it } from 'vitest';
import { onLine } from '../../../src/model/gate.ts';
import type { Answer, Path, Prediction } from '../../../src/model/types.ts';
import { chooseGate, errors } from '../../../src/train/gates/gate.ts';
import { stated } from '../../../src/train/gates/stated.ts';
import { type Random, seededRandom } from '../../../src/train/random.ts';

const [right, other]: [Path, Path] = [
  [1, 2, 3],
  [1, 2, 4],
];

function answer(path: Path, sure: number): Prediction {
  const rest = path === right ? other : right;
  const candidates = [
    { path, probability: sure },
    { path: rest, probability: 1 - sure },
  ];
  return { path, confidence: [0.999, 0.999, sure], candidates, ranked: [[1], [2], [3, 4]] };
}

/** About normal, mean 0, deviation 1. */
const noise = (random: Random) => (random.next() + random.next() + random.next() - 1.5) * 2;

/** Names whose path all voices give the chance that it has; letters see less of it. */
function names(count: number, blur: number, labelsWrong: number) {
  const random = seededRandom(5);
  const [alone, joined, labels, truth]: [Answer[], Prediction[], Path[], Path[]] = [[], [], [], []];
  for (let i = 0; i < count; i++) {
    const chance = onLine(0.5, 2 + 2 * noise(random), 1);
    joined.push(chance >= 0.5 ? answer(right, chance) : answer(other, 1 - chance));
    const seen = onLine(chance, blur * noise(random), 1);
    alone.push(seen >= 0.5 ? answer(right, seen) : answer(other, 1 - seen));
    truth.push(random.next() < chance ? right : other);
    labels.push(random.next() < labelsWrong ? [9, 9, 9] : (truth[i] as Path));
  }
  return { alone, joined, labels, truth };
}

/** The largest share of the surest answers that is wrong at most so often. */
function coverage(said: { sure: number; right: boolean }[], error: number): number {
  let [wrong, covered] = [0, 0];
  for (const [i, each] of said.toSorted((a, b) => b.sure - a.sure).entries()) {
    if (!each.right) wrong++;
    if (wrong <= error * (i + 1)) covered = i + 1;
  }
  return covered / said.length;
}

describe('chooseGate', () => {
  it('costs of the truth what it says, and stops before .005 of coverage are lost', () => {
    const { alone, joined, labels, truth } = names(20_000, 1, 0);
    const lines = stated(alone, joined);
    const { from, share, cost } = chooseGate(alone, joined, labels, lines);
    const states = ({ confidence }: Answer) => onLine(confidence[2], lines.offsets[2], lines.slopes[2]);
    const isRight = ({ path }: Answer, i: number) => path === truth[i];
    const all = joined.map((said, i) => ({ sure: said.confidence[2], right: isRight(said, i) }));
    const served = (gate: number) =>
      alone.map((said, i) =>
        states(said) >= gate ? { sure: states(said), right: isRight(said, i) } : (all[i] as (typeof all)[0]),
      );
    expect(share).toBeGreaterThan(0.1);
    expect(share).toBeCloseTo(alone.filter((said) => states(said) >= (from as number)).length / 20_000, 9);
    const lost = (gate: number) =>
      errors.map((error) => coverage(all, error) - coverage(served(gate), error));
    for (const [k, loss] of lost(from as number).entries())
      expect(Math.abs(loss - (cost.coverage[k] as number))).toBeLessThan(0.02);
    expect(Math.max(...cost.coverage)).toBeLessThanOrEqual(0.005);
    // it is no timid gate: a lower one would lose more than that
    expect(Math.max(...lost((from as number) - 0.2))).toBeGreaterThan(0.02);
  });

  it('settles more names the more letters see, and all that may be where they see all', () => {
    const share = (blur: number) => {
      const { alone, joined, labels } = names(4000, blur, 0);
      return chooseGate(alone, joined, labels, stated(alone, joined)).share;
    };
    const [little, some, all] = [share(2), share(0.7), share(0)];
    expect(little).toBeLessThan(some);
    expect(some).toBeLessThan(all);
    expect(all).toBeCloseTo(
      names(4000, 0, 0).alone.filter((said) => said.confidence[2] >= 0.5).length / 4000,
      1,
    );
  });

  it('is little moved by labels of which a fifth is wrong', () => {
    const [clean, noisy] = [0, 0.2].map((wrong) => {
      const { alone, joined, labels } = names(4000, 1, wrong);
      return chooseGate(alone, joined, labels, stated(alone, joined)).from as number;
    }) as [number, number];
    expect(Math.abs(clean - noisy)).toBeLessThanOrEqual(0.03);
  });

  it('stays shut where labels know more names that letters alone have wrong than chance explains', () => {
    const { alone, joined, labels } = names(4000, 1, 0);
    // all voices give both paths the same chance, and are right
    const sure = alone.map(({ confidence }) => confidence[2] > 0.9);
    const known = joined.map((said, i) => (sure[i] ? answer(labels[i] as Path, 0.5) : said));
    const mistaken = alone.map((said, i) => (sure[i] ? answer(other, said.confidence[2]) : said));
    const lines = { offsets: [0, 0, 0], slopes: [1, 1, 1] } as Parameters<typeof chooseGate>[3];
    expect(chooseGate(alone, joined, labels, lines).from).not.toBeNull();
    expect(chooseGate(mistaken, known, labels, lines)).toEqual({
      from: null,
      share: 0,
      cost: { coverage: [0, 0, 0], right: [0, 0, 0] },
    });
  });

  it('leaves to an earlier gate what that has settled, and counts only what it costs beside', () => {
    const { alone, joined, labels } = names(4000, 1, 0);
    const lines = stated(alone, joined);
    const settled = alone.map((said) => (said.confidence[2] > 0.9 ? said : null));
    const { from, share, cost } = chooseGate(alone, joined, labels, lines, settled);
    const left = alone.filter(
      ({ confidence }, i) =>
        settled[i] === null && onLine(confidence[2], lines.offsets[2], lines.slopes[2]) >= (from ?? 1),
    );
    expect(share).toBeCloseTo(left.length / 4000, 9);
    expect(Math.max(...cost.coverage)).toBeLessThanOrEqual(0.005);
    const all = alone.map((said) => said as Answer | null);
    expect(chooseGate(alone, joined, labels, lines, all)).toMatchObject({ from: null, share: 0 });
  });
});
