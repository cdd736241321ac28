import { describe, expect, it } from 'vitest';
import { bounds, readModelReport } from '../../../src/model/report.ts';
import type { Path, Prediction } from '../../../src/model/types.ts';
import { buildModelReport, type ModelReportInput } from '../../../src/train/judge/build-report.ts';
import { classNamesOf } from '../../../src/train/judge/class-names.ts';
import type { Truth } from '../../../src/train/judge/evaluate.ts';
import { verdictOf } from '../../../src/train/judge/verdict.ts';
import { generatedReport } from '../../report/generated.ts';

const classNames = classNamesOf([
  { category_id: 1, names: ['Home'] },
  { category_id: 2, names: ['Food'] },
  { category_id: 11, names: ['Home', 'Kitchen'] },
  { category_id: 12, names: ['Home', 'Bath'] },
  { category_id: 21, names: ['Food', 'Tea'] },
]);

function says(path: Path, sure: number): Prediction {
  const own = path.map((id) => (id === null ? [] : [id]));
  return {
    path,
    confidence: [sure, sure, sure],
    candidates: [],
    ranked: own as unknown as Prediction['ranked'],
  };
}

const generated = generatedReport();

const kitchen: Path = [1, 11, null];
const bath: Path = [1, 12, null];
const tea: Path = [2, 21, null];

function report(answers: readonly [Truth, Path, number][], more: Partial<ModelReportInput> = {}) {
  return buildModelReport({
    names: answers.map((_, i) => `name ${i}`),
    truth: answers.map(([truth]) => truth),
    against: 'truth',
    methods: { joined: answers.map(([, path, sure]) => says(path, sure)) },
    classNames,
    thresholds: { l1: 0.75, l2: 0.55, l3: 0.4 },
    ...more,
  });
}

describe('confusion', () => {
  const { confusion, matrix, classes, classCounts } = report([
    [tea, kitchen, 0.9],
    [tea, kitchen, 0.8],
    [tea, tea, 0.7],
    [kitchen, bath, 0.6],
    [kitchen, kitchen, 0.5],
    [[2, -1, null], kitchen, 0.4],
    [[2, 21, null], [2, null, null], 0.3],
    [[1, null, null], bath, 0.2],
  ]);

  it('names the class that most wrong answers leak into, against its share of the names', () => {
    expect(confusion.l1).toMatchObject({ names: 8, errors: 3 });
    expect(confusion.l1.blackHole).toEqual({ name: 'Home', wrong: 3, shareOfErrors: 1, shareOfNames: 3 / 8 });
    // the last name has no l2: what is said there is not scored at l2
    expect(confusion.l2).toMatchObject({ names: 7, errors: 5 });
    expect(confusion.l2.blackHole).toEqual({
      name: 'Home > Kitchen',
      wrong: 3,
      shareOfErrors: 3 / 5,
      shareOfNames: 2 / 7,
    });
    expect(confusion.l3).toEqual({ names: 0, errors: 0, blackHole: null, pairs: [] });
  });

  it('lists the confusions, the most frequent first; unknown categories and stopping have names', () => {
    expect(confusion.l2.pairs).toEqual([
      { truth: 'Food > Tea', answer: 'Home > Kitchen', n: 2 },
      { truth: 'Home > Kitchen', answer: 'Home > Bath', n: 1 },
      { truth: '(not in the taxonomy)', answer: 'Home > Kitchen', n: 1 },
      { truth: 'Food > Tea', answer: '(stops here)', n: 1 },
    ]);
    expect(matrix).toEqual({
      classes: ['Food', 'Home'],
      counts: [
        [2, 3],
        [0, 3],
      ],
    });
  });

  it('gives precision over all that was answered and recall over all that belongs', () => {
    const of = (name: string) => classes.find((row) => row.name === name);
    expect(of('Home > Kitchen')).toMatchObject({ support: 2, answered: 4, precision: 1 / 4, recall: 1 / 2 });
    expect(of('Home > Bath')).toMatchObject({ support: 0, answered: 2, precision: 0, recall: null });
    expect(of('(not in the taxonomy)')).toMatchObject({
      support: 1,
      answered: 0,
      precision: null,
      recall: 0,
    });
    expect(classCounts).toEqual({ l1: 2, l2: 4, l3: 0 });
  });

  it('puts the smallest classes together beyond the largest, losing no name', () => {
    const many = Array.from({ length: 60 }, (_, i): [Truth, Path, number] => [
      [100 + (i % 30), null, null],
      [100 + (i % 29), null, null],
      0.5,
    ]);
    const { matrix: large } = report(many);
    expect(large.classes).toHaveLength(bounds.matrix);
    expect(large.classes.at(-1)).toBe('(others)');
    expect(large.counts.flat().reduce((sum, n) => sum + n)).toBe(60);
  });
});

describe('coverage', () => {
  it('answers the surest first, and finds the largest share within an error', () => {
    const answers = Array.from({ length: 40 }, (_, i): [Truth, Path, number] => [
      tea,
      // the 15th, 31st, 32nd and later are wrong
      i === 14 || i >= 30 ? kitchen : tea,
      1 - i / 100,
    ]);
    const { at5, at10, points } = report(answers).coverage;
    // 30 answered: 1 / 30 wrong; 31: 2 / 31 = .065; 33: 4 / 33 = .12; 32: 3 / 32 = .094
    expect(at5.share).toBe(30 / 40);
    expect(at5.confidence).toBeCloseTo(0.71, 10);
    expect(at10.share).toBe(32 / 40);
    expect(points.at(-1)).toMatchObject({ share: 1, error: 11 / 40 });
  });

  it('cannot part names of equal confidence, and may cover nothing', () => {
    const { at5, at10, points } = report([
      [tea, tea, 0.9],
      [tea, kitchen, 0.9],
    ]).coverage;
    expect(points).toEqual([{ share: 1, error: 0.5, confidence: 0.9 }]);
    expect([at5, at10]).toEqual([
      { share: 0, confidence: null },
      { share: 0, confidence: null },
    ]);
  });
});

describe('verdict', () => {
  const score = (top1: number, top3: number, n = 1000) => ({ n, majority: 0.2, top1, top3, top5: 1 });

  it('blames the head where the right class is within reach, as the article has it', () => {
    const verdict = verdictOf('l1', score(0.72, 0.92), 12);
    expect(verdict).toMatchObject({ bottleneck: 'head' });
    expect(verdict.gap).toBeCloseTo(0.2, 10);
    expect(verdict.withinReach).toBeCloseTo(0.2 / 0.28, 10);
    expect(verdict.reason).toMatch(/72\.0 %.*92\.0 %.*20\.0 points.*280 wrong answers 71\.4 %.*the head/);
  });

  it('blames the encoder where not even three guesses hold it, and both between', () => {
    expect(verdictOf('l3', score(0.5, 0.6), 400).bottleneck).toBe('encoder');
    expect(verdictOf('l3', score(0.5, 0.75), 400).bottleneck).toBe('both');
  });

  it('is silent where it cannot know', () => {
    const bottlenecks = [
      verdictOf('l1', score(0.7, 0.99), 3),
      verdictOf('l1', score(0.9, 0.95, 100), 12),
      verdictOf('l1', { n: 0, majority: null, top1: null, top3: null, top5: null }, 12),
      verdictOf('l1', score(0.99, 1), 12),
    ].map(({ bottleneck }) => bottleneck);
    expect(bottlenecks).toEqual(['unknown', 'unknown', 'unknown', 'neither']);
  });

  it('brings what a larger head on the same embeddings changed', () => {
    const heads = { smaller: 'logistic regression', larger: 'seed heads' };
    const more = verdictOf('l1', score(0.72, 0.92), 12, { ...heads, top1: 0.07, top3: 0.03 });
    expect(more.reason).toMatch(
      /top 1 moved by \+7\.0 and top 3 by \+3\.0 points: the larger head draws more/,
    );
    const none = verdictOf('l1', score(0.72, 0.92), 12, { ...heads, top1: -0.01, top3: 0 });
    expect(none.reason).toMatch(/by -1\.0 and top 3 by \+0\.0 points: a larger head found no more/);
    // the generated heads differ by 7 points at l1
    expect(generated.verdicts.l1.reason).toContain('From "logistic regression" to "seed heads"');
  });
});

describe('methods', () => {
  const truth: Truth[] = [tea, tea, tea, kitchen];
  const methods = {
    letters: [tea, tea, tea, tea].map((path) => says(path, 0.5)),
    'joined without letters': [tea, kitchen, kitchen, kitchen].map((path) => says(path, 0.5)),
    joined: [tea, tea, tea, bath].map((path) => says(path, 0.5)),
  };
  const names = truth.map(String);
  const built = buildModelReport({
    names,
    truth,
    methods,
    against: 'labels',
    classNames,
    thresholds: { l1: 0, l2: 0, l3: 0 },
  });

  it('stand side by side, the majority class first', () => {
    expect(built.methods.map(({ method, path }) => [method, path])).toEqual([
      ['majority', 3 / 4],
      ['letters', 3 / 4],
      ['joined without letters', 2 / 4],
      ['joined', 3 / 4],
    ]);
    expect(built.methods[0]).toMatchObject({ l1: 3 / 4, l3: null, coverage10: 0 });
  });

  it('says what a voice adds, and for how many names each way', () => {
    expect(built.gains).toEqual([
      {
        voice: 'letters',
        l1: 2 / 4,
        l2: 1 / 4,
        l3: null,
        path: 1 / 4,
        coverage5: 0,
        coverage10: 0,
        won: 2,
        lost: 1,
      },
    ]);
  });

  it('refuses lists that do not belong together', () => {
    const input = {
      names,
      truth,
      against: 'labels',
      classNames,
      thresholds: { l1: 0, l2: 0, l3: 0 },
    } as const;
    expect(() => buildModelReport({ ...input, methods, method: 'magic' })).toThrow(
      'no predictions by "magic"',
    );
    expect(() => buildModelReport({ ...input, methods: { joined: methods.joined.slice(1) } })).toThrow(
      '4 names, but 3 rows of "joined"',
    );
  });
});

describe('the whole report', () => {
  it('can be stored as JSON and read again, and is the same for the same answers', () => {
    expect(readModelReport(JSON.parse(JSON.stringify(generated)))).toEqual(generated);
    expect(generatedReport()).toEqual(generated);
    expect(readModelReport({ ...generated, format: 2 })).toBeNull();
    // stored before cleaning was part of it
    const { cleaning: _, ...older } = generated;
    expect(readModelReport(older)).toEqual({ ...generated, cleaning: null });
    expect(readModelReport(null)).toBeNull();
  });

  it('stays small whatever the number of names', () => {
    const whole = generatedReport({}, 3000);
    expect(whole.mistakes).toHaveLength(bounds.mistakes);
    expect(whole.classes.filter(({ level }) => level === 'l3')).toHaveLength(bounds.classesALevel);
    expect(whole.classCounts.l3).toBeGreaterThan(bounds.classesALevel);
    expect(whole.confusion.l3.pairs).toHaveLength(bounds.confusions);
    expect(whole.coverage.points.length).toBeLessThanOrEqual(bounds.curve);
    expect(JSON.stringify(whole).length).toBeLessThan(120_000);
  });

  it('finds the black hole that the generator has', () => {
    expect(generated.confusion.l1.blackHole?.name).toBe('Home & Garden');
  });

  it('lists the surest mistakes first, with both paths', () => {
    const { mistakes } = report([
      [tea, kitchen, 0.5],
      [tea, bath, 0.9],
      [tea, tea, 1],
    ]);
    expect(mistakes).toEqual([
      { name: 'name 1', truth: 'Food > Tea', answer: 'Home > Bath', confidence: 0.9 },
      { name: 'name 0', truth: 'Food > Tea', answer: 'Home > Kitchen', confidence: 0.5 },
    ]);
  });

  it('has something to say about no names and about one', () => {
    expect(report([])).toMatchObject({ names: 0, path: 0, verdicts: { l1: { bottleneck: 'unknown' } } });
    const one = report([[[1, null, null], [1, null, null], 1]]);
    expect(readModelReport(one)).toMatchObject({ path: 1, coverage: { at5: { share: 1 } } });
  });
});
