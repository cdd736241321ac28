import { describe, expect, it } from 'vitest';
import { readDemo } from '../../bench/accuracy/data.ts';
import { clusterOf, errorRates, firstWrong, teach } from '../../bench/accuracy/teachers.ts';
import type { Source } from '../../bench/accuracy/types.ts';
import type { Path } from '../../src/model/types.ts';

const demo = readDemo({ seed: 3, labelled: 12_000, arriving: 10 });
const truth = [...demo.train.truth, ...demo.valid.truth];
const keys = [...demo.train.keys, ...demo.valid.keys];
const original = [...demo.train.paths, ...demo.valid.paths];

function labels(teacher: 'original' | 'random' | 'systematic', seed: number): Path[] {
  const { train, valid } = teach(demo, teacher, seed);
  expect(train.keys).toEqual(demo.train.keys);
  expect(valid.keys).toEqual(demo.valid.keys);
  return [...train.paths, ...valid.paths];
}

/** Names by cluster, only clusters of several names. */
function clusters(): number[][] {
  const found = new Map<string, number[]>();
  for (const [i, key] of keys.entries()) {
    const cluster = clusterOf(key, truth[i] as Path);
    found.set(cluster, [...(found.get(cluster) ?? []), i]);
  }
  return [...found.values()].filter((rows) => rows.length > 1);
}

it('measures errors at a level or above it', () => {
  const right: Path = [1, 2, 3];
  expect(firstWrong(right, [1, 2, 3])).toBeNull();
  expect(firstWrong(right, [9, 2, 3])).toBe(0);
  expect(firstWrong(right, [1, 2, null])).toBe(2);
  const said: Path[] = [
    [1, 2, 3],
    [9, 8, 7],
    [1, 8, 7],
    [1, 2, null],
  ];
  expect(
    errorRates(
      said.map(() => right),
      said,
    ),
  ).toEqual([0.25, 0.5, 0.75]);
});

it('clusters names by their first word of three letters or more and their true path', () => {
  expect(clusterOf('5x2 карамель мягкая', [1, 2, 3])).toBe(clusterOf('карамель клаус 160г', [1, 2, 3]));
  expect(clusterOf('карамель', [1, 2, 3])).not.toBe(clusterOf('карамель', [1, 2, null]));
  expect(clusterOf('карамель', [1, 2, 3])).not.toBe(clusterOf('шоколад', [1, 2, 3]));
  expect(clusterOf('a1 22', [1, 2, 3])).toBe(' 1,2,3');
});

it('leaves the labels of the original teacher as they are', () => {
  expect(labels('original', 1)).toEqual(original);
});

describe.each(['random', 'systematic'] as const)('the simulated %s teacher', (teacher) => {
  const said = labels(teacher, 1);

  it('errs as often at each level as the original', () => {
    const rates = errorRates(truth, said);
    for (const [level, rate] of errorRates(truth, original).entries())
      expect(Math.abs((rates[level] as number) - rate)).toBeLessThan(0.002);
  });

  it('is the same for the same seed and another for another', () => {
    expect(labels(teacher, 1)).toEqual(said);
    expect(labels(teacher, 2)).not.toEqual(said);
  });

  it('answers with paths that the original teacher gave, and confuses what that confused', () => {
    const given = new Set(original.map(String));
    expect(said.filter((path, i) => path !== truth[i] && !given.has(String(path)))).toEqual([]);
    const pairs = (paths: readonly Path[]) =>
      paths.flatMap((path, i) => {
        const wanted = truth[i] as Path;
        return firstWrong(wanted, path) === null ? [] : [`${wanted} > ${path}`];
      });
    const known = new Set(pairs(original));
    const made = pairs(said);
    expect(made.filter((pair) => known.has(pair)).length / made.length).toBeGreaterThan(0.85);
  });
});

/** Share of the wrong names whose whole cluster is wrong in the same way, of those in clusters. */
function wrongAlike(said: readonly Path[]): number {
  const touched = clusters().filter((rows) =>
    rows.some((i) => firstWrong(truth[i] as Path, said[i] as Path) !== null),
  );
  const alike = touched.filter((rows) => new Set(rows.map((i) => String(said[i]))).size === 1);
  return alike.length / touched.length;
}

it('makes clusters wrong as a whole and alike, systematically; at random hardly ever', () => {
  expect(wrongAlike(labels('systematic', 1))).toBe(1);
  expect(wrongAlike(labels('random', 1))).toBeLessThan(0.2);
});

it('keeps a name right where no wrong answer is known at all', () => {
  const alone: Pick<Source, 'train' | 'valid'> = {
    train: {
      keys: ['one', 'two'],
      paths: [
        [1, null, null],
        [1, null, null],
      ],
      truth: [
        [1, null, null],
        [1, null, null],
      ],
    },
    valid: { keys: [], paths: [], truth: [] },
  };
  expect(teach(alone, 'random', 1).train.paths).toEqual(alone.train.truth);
});
