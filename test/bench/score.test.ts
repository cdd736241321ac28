import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { checkAgreement } from '../../bench/accuracy/peers.ts';
import { coverageAt, rightBits, rightBitsByLevel, type Score, score } from '../../bench/accuracy/score.ts';
import { scoreCleaning } from '../../bench/accuracy/score-cleaning.ts';
import type { Answer } from '../../bench/accuracy/types.ts';
import { packageRoot } from '../../src/config.ts';
import type { Path } from '../../src/model/types.ts';
import { seededRandom } from '../../src/train/random.ts';
import { needs } from '../support/needs.ts';

const right: Path = [1, 2, 3];
const wrong: Path = [1, 2, 4];
const says = (path: Path, confidence: number): Answer => ({ path, confidence });

it('scores a level only where the truth has it, and a path with its stop', () => {
  const truth: Path[] = [right, [1, 2, null], [1, null, null], right];
  const answers = [says(right, 0.9), says([1, 2, 3], 0.8), says([1, null, null], 0.7), says([1, 9, 3], 0.6)];
  const { l1, l2, l3, path } = score(answers, truth);
  expect({ l1, l2, l3, path }).toEqual({ l1: 1, l2: 2 / 3, l3: 1, path: 0.5 });
});

it('has no score for a level that no truth has', () => {
  expect(score([says([1, null, null], 1)], [[1, null, null]]).l3).toBeNull();
});

describe('coverage at an error', () => {
  it('is the largest share of the surest names, also behind a worse cut', () => {
    // wrong at the 1st of 20: only all 20 together are wrong in no more than 5%
    const answers = Array.from({ length: 20 }, (_, i) => says(i === 0 ? wrong : right, 1 - i / 100));
    const truth = answers.map(() => right);
    expect(coverageAt(answers, truth, 0.05)).toBe(1);
    expect(coverageAt(answers.slice(0, 19), truth, 0.05)).toBe(0);
    expect(coverageAt(answers.toReversed(), truth, 0.05)).toBe(1);
  });

  it('does not part names that are equally sure', () => {
    const answers = [says(right, 0.9), says(right, 0.5), says(wrong, 0.5)];
    expect(coverageAt(answers, [right, right, right], 0.1)).toBe(1 / 3);
    expect(coverageAt([...answers].reverse(), [right, right, right], 0.1)).toBe(1 / 3);
  });
});

it('keeps a bit for each name whose path is right', () => {
  const answers = Array.from({ length: 10 }, (_, i) => says(i === 1 || i === 9 ? right : wrong, 0));
  const bytes = Buffer.from(
    rightBits(
      answers,
      answers.map(() => right),
    ),
    'base64',
  );
  expect([...bytes]).toEqual([0b10, 0b10]);
});

/** A thousand answers with ties, stops and mistakes. */
function example(): { answers: Answer[]; truth: Path[] } {
  const random = seededRandom(5);
  const path = (): Path => {
    const l1 = Math.floor(random.next() * 3) + 1;
    const depth = random.next();
    return [l1, depth < 0.1 ? null : 10 * l1 + 1, depth < 0.3 ? null : 100 * l1 + 1];
  };
  const truth = Array.from({ length: 1000 }, path);
  const answers = truth.map((wanted) => {
    const sure = Math.round(random.next() * 200) / 200;
    return says(random.next() < 0.75 + 0.25 * sure ? wanted : path(), sure);
  });
  return { answers, truth };
}

it('agrees with the other implementation, in Python', (context) => {
  needs(
    context,
    spawnSync('python3', ['--version']).status === 0,
    'python3 is not installed: apt-get install python3',
  );
  const { answers, truth } = example();
  const ids = (path: Path) => path.map((id) => id ?? -1);
  const input = JSON.stringify({
    answers: answers.map(({ path, confidence }) => [...ids(path), confidence]),
    truth: truth.map(ids),
  });
  const run = spawnSync('python3', ['-B', join(packageRoot, 'bench/accuracy/score.py')], {
    input,
    encoding: 'utf8',
  });
  expect(run.stderr).toBe('');
  const ours = score(answers, truth);
  const theirs = JSON.parse(run.stdout) as Score;
  expect(() => checkAgreement(ours, theirs)).not.toThrow();
  // neither empty nor everything: the example can tell
  for (const share of Object.values(ours)) expect(share).toBeGreaterThan(0);
  for (const share of Object.values(ours)) expect(share).toBeLessThan(1);
  expect(() => checkAgreement(ours, { ...theirs, l3: (theirs.l3 ?? 0) + 0.001 })).toThrow(
    'do not agree on l3',
  );
});

it('marks level by level what is right, of the names whose truth has the level', () => {
  const paths: Path[] = [
    [1, 11, null],
    [1, 12, 121],
    [2, null, null],
  ];
  const answers = [paths[0], [1, 11, 121], paths[2]].map((path) => ({ path: path as Path, confidence: 1 }));
  const marks = rightBitsByLevel(answers, paths).map((bits) => Buffer.from(bits, 'base64')[0]);
  expect(marks).toEqual([0b111, 0b001, 0b010]);
});

it('scores a cleaning against the truth, level by level', () => {
  const truth: Path[] = [
    [1, 11, 111],
    [1, 11, 111],
    [1, 12, null],
    [2, 21, null],
  ];
  const given: Path[] = [
    [1, 11, 112],
    [2, 21, 211],
    [1, 12, null],
    [2, 21, 211],
  ];
  const labels: Path[] = [
    [1, 11, 111],
    [1, 12, 121],
    [1, 12, null],
    [2, 21, 211],
  ];
  const expected = { before: [0.1, 0.2, 0.3], after: [0, 0.1, 0.2] } as const;
  const [l1, l2, l3] = scoreCleaning(
    given,
    { labels, expected: { before: [...expected.before], after: [...expected.after] } },
    truth,
  );
  expect(l1).toMatchObject({ changed: 1 / 4, right: 1, wrongBefore: 1 / 4, wrongAfter: 0 });
  expect(l2).toMatchObject({ changed: 1 / 4, right: 0, wrongBefore: 1 / 4, wrongAfter: 1 / 4 });
  expect(l3).toMatchObject({ changed: 2 / 4, right: 1 / 2, wrongBefore: 3 / 4, wrongAfter: 2 / 4 });
  expect(l3).toMatchObject({ wrongPathBefore: 3 / 4, wrongPathAfter: 2 / 4, expectedBefore: 0.3 });
  expect(
    scoreCleaning(given, { labels: given, expected: { before: [0, 0, 0], after: [0, 0, 0] } }, truth)[0],
  ).toMatchObject({
    changed: 0,
    right: null,
  });
});
