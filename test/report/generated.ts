import type { ModelReport } from '../../src/model/report.ts';
import type { Path, Prediction } from '../../src/model/types.ts';
import { buildModelReport, type ModelReportInput } from '../../src/train/judge/build-report.ts';
import type { Truth } from '../../src/train/judge/evaluate.ts';
import { seededRandom } from '../../src/train/random.ts';

const tops = [
  'Home & Garden',
  'Electronics',
  'Fashion',
  'Beauty',
  'Food',
  'Toys & Games',
  'Sport',
  'Auto',
  'Books',
  'Pets',
  'Office',
  'Health',
];

/** 12 × 5 × 6 categories. Ids are those of the path: 3, 32, 324 and so on, from 1. */
const paths: Path[] = tops.flatMap((_, a) =>
  Array.from({ length: 30 }, (_, i): Path => {
    const l2 = (a + 1) * 10 + Math.floor(i / 6) + 1;
    return [a + 1, l2, l2 * 10 + (i % 6) + 1];
  }),
);

const classNames = new Map<number, string>();
for (const [l1, l2, l3] of paths) {
  const top = tops[l1 - 1] as string;
  classNames.set(l1, top);
  classNames.set(l2 as number, `${top} > Group ${l2}`);
  classNames.set(l3 as number, `${top} > Group ${l2} > Kind ${l3}`);
}

/** How good a method is: how often its l1 is right, and how often a lower level is, given those above. */
type Skill = readonly [number, number, number];
const skills: Record<string, Skill> = {
  'logistic regression': [0.72, 0.85, 0.8],
  'seed heads': [0.79, 0.88, 0.82],
  letters: [0.95, 0.95, 0.82],
  meaning: [0.9, 0.92, 0.75],
  memory: [0.9, 0.91, 0.76],
  'joined without letters': [0.92, 0.93, 0.78],
  'joined without meaning': [0.955, 0.955, 0.825],
  'joined without memory': [0.955, 0.95, 0.825],
  joined: [0.96, 0.957, 0.83],
};

/** An answer of that skill; what is wrong at l1 goes to Home & Garden every other time, and is less sure. */
function answer(truth: Path, skill: Skill, random: () => number): Prediction {
  const depth = skill.findIndex((share) => random() > share);
  const right = depth < 0 ? 3 : depth;
  const sameUntil = (path: Path) => path.slice(0, right).every((id, i) => id === truth[i]);
  const others =
    right === 3
      ? []
      : paths.filter((path) => sameUntil(path) && path[right as 0 | 1 | 2] !== truth[right as 0 | 1]);
  const pick = (from: readonly Path[]) => from[Math.floor(random() * from.length)] as Path;
  const home = others.filter(([l1]) => l1 === 1);
  const path = right === 3 ? truth : pick(right === 0 && home.length > 0 && random() < 0.5 ? home : others);
  const sure = right === 3 ? 1 - 0.7 * random() ** 2 : 0.95 * random();
  const top = Math.max(sure, 1 - (1 - sure) * 0.3);
  const ranked = path.map((id, level) => {
    const next = random() < 0.75 ? truth[level as 0 | 1 | 2] : (pick(paths)[level as 0 | 1 | 2] as number);
    return [...new Set([id, next, pick(paths)[level as 0 | 1 | 2]])];
  });
  return {
    path,
    confidence: [top, (top + sure) / 2, sure],
    candidates: [{ path, probability: sure }],
    ranked: ranked as unknown as Prediction['ranked'],
  };
}

/** What a training would hand over, from generated answers; the same for the same seed. */
export function generatedInput(count = 1500, seed = 7): ModelReportInput {
  const random = seededRandom(seed).next;
  // the first classes are the largest
  const truth: Truth[] = Array.from(
    { length: count },
    () => paths[Math.floor(random() ** 1.6 * paths.length)] as Path,
  );
  const methods = Object.fromEntries(
    Object.entries(skills).map(([method, skill]) => {
      const own = seededRandom(seed + 1).next;
      return [method, truth.map((path) => answer(path as Path, skill, own))];
    }),
  );
  return {
    names: truth.map((path, i) => `Product ${i} of kind ${path[2]}`),
    truth,
    against: 'labels',
    methods,
    classNames,
    thresholds: { l1: 0.75, l2: 0.55, l3: 0.4 },
    learningCurve: [2, 4, 8, 16, 32].map((thousands, i) => ({
      names: thousands * 1000,
      l1: 0.84 + 0.03 * i,
      l2: 0.74 + 0.045 * i,
      l3: 0.55 + 0.055 * i,
      path: 0.53 + 0.055 * i,
      passedOn: 0.9 - 0.12 * i,
    })),
    cleaning: {
      l1: { changed: 0.044, wrongBefore: 0.05, wrongAfter: 0.017 },
      l2: { changed: 0.108, wrongBefore: 0.141, wrongAfter: 0.046 },
      l3: { changed: 0.154, wrongBefore: 0.222, wrongAfter: 0.087 },
    },
    facts: {
      encoder: 'some-encoder@1, int8',
      seed: 1,
      version: '0.1.0',
      rows: { train: 32_000, valid: 1500, test: count, 'source llm': 33_000, 'source human': 2000 },
      steps: [
        { step: 'letters', seconds: 41.2 },
        { step: 'meaning', seconds: 60.5 },
        { step: 'joining', seconds: 3.1 },
      ],
      peakMemoryBytes: 1.9e9,
      artefactBytes: 48.2e6,
      loadSeconds: 0.81,
      more: { 'weight of memory': 0.5, 'settled by letters': '61.0 %' },
    },
    madeAt: new Date('2026-01-02T03:04:05Z'),
  };
}

export function generatedReport(changes: Partial<ModelReportInput> = {}, count?: number): ModelReport {
  return buildModelReport({ ...generatedInput(count), ...changes });
}
