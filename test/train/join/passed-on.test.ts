import { expect, it } from 'vitest';
import { errorAt, fitTrust, type Judged, passedOn } from '../../../src/train/join/passed-on.ts';
import { seededRandom } from '../../../src/train/random.ts';

/** Answers that are right as often as they say, and labels that agree with so many of the right ones. */
function answers(count: number, agreeing: number): Judged & { truth: number[] } {
  const random = seededRandom(7);
  const said = Array.from({ length: count }, () => random.next() ** 0.3);
  const truth = said.map((each) => Number(random.next() < each));
  return { said, truth, right: truth.map((each) => Number(each === 1 && random.next() < agreeing)) };
}

it('finds what labels hide: how many of the right answers they agree with', () => {
  expect(fitTrust(answers(4000, 0.8)).ceiling).toBeCloseTo(0.8, 1);
  expect(fitTrust(answers(4000, 1)).ceiling).toBeGreaterThan(0.94);
});

it('passes on as many by wrong labels as by the truth', () => {
  const { said, truth, right } = answers(4000, 0.8);
  const exact = fitTrust({ said, right: truth }, 1);
  const guessed = fitTrust({ said, right });
  const share = passedOn(said, guessed, 0.05);
  expect(share).toBeGreaterThan(0.1);
  expect(Math.abs(share - passedOn(said, exact, 0.05))).toBeLessThan(0.06);
});

it('errorAt and passedOn are each other back and forth', () => {
  const { said, right } = answers(1000, 0.8);
  const trust = fitTrust({ said, right });
  for (const share of [0.2, 0.5, 0.8])
    expect(passedOn(said, trust, errorAt(said, trust, share))).toBeCloseTo(share, 2);
  expect(passedOn(said, trust, 1)).toBe(0);
  expect(passedOn(said, trust, 0)).toBe(1);
});

it('is a number for few names and for ones that are all right or all wrong', () => {
  for (const right of [[1], [0], [1, 1, 1], [0, 0, 0]]) {
    const said = right.map((_, i) => [0.5, 1, 0][i] as number);
    const { offset, slope } = fitTrust({ said, right });
    expect(Number.isFinite(offset) && slope > 0).toBe(true);
  }
});
