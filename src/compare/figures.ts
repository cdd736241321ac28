import type { Database } from '../database/connection/open.ts';
import { type Share, sharesOf } from '../database/teacher.ts';
import { mcnemar } from '../train/judge/paired.ts';
import type { Said } from './ask.ts';
import type { Levels, Question, Questions } from './questions.ts';

/** What a comparison says of one model. */
export interface ModelFigures {
  model: string;
  provider: string;
  simulated: boolean;
  versions: string[];
  /** Right among the names whose truth has the level; a name without an answer is not right. */
  l1: Share;
  l2: Share;
  l3: Share;
  path: Share;
  /** Names with a valid category; those told "none of these"; those without a valid answer. */
  answered: number;
  none: number;
  missing: number;
  tokensPerName: { in: number; cached: number; out: number };
  /** US dollars; null where the price is not known. */
  pricePer1000: number | null;
  calls: number;
  failedCalls: number;
  latencyMs: { median: number | null; p95: number | null };
  /** How often a second answer, given in other company, was the same path; null: asked once. */
  repeat: Share | null;
}

/** Two models on the same names. */
export interface Agreement {
  models: readonly [string, string];
  /** Names of which both say the same. */
  same: Share;
  onlyFirstRight: number;
  onlySecondRight: number;
  /** McNemar's exact p-value: how likely so uneven a split is when both are equally good. */
  p: number;
}

export interface Asked {
  model: string;
  provider: string;
  simulated: boolean;
  first: Said;
  second: Said | null;
}

const levels = [0, 1, 2] as const;

/** The levels of an answer; null: none of these, or no valid answer. */
type Given = Levels | null;

const samePath = (a: Given, b: Given) =>
  a === b || (a !== null && b !== null && levels.every((i) => a[i] === b[i]));

function quantile(values: readonly number[], share: number): number | null {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? null;
}

/** What a model gave for each name, in order. */
function givenBy(said: Said, { questions, levelsOf }: Questions): Given[] {
  return questions.map(({ nameKey }) => levelsOf.get(said.answers.get(nameKey) ?? 0) ?? null);
}

const rightPaths = (given: readonly Given[], questions: readonly Question[]) =>
  questions.map(({ truth }, i) => samePath(given[i] ?? null, truth));

/** Names of which both turns gave the same; one that had no valid answer in either is left out. */
function repeated(asked: Asked, all: Questions): { n: number; count: number } | null {
  const { first, second } = asked;
  if (second === null) return null;
  const [a, b] = [givenBy(first, all), givenBy(second, all)];
  const both = all.questions.flatMap(({ nameKey }, i) =>
    first.answers.has(nameKey) && second.answers.has(nameKey) ? [i] : [],
  );
  return { n: both.length, count: both.filter((i) => samePath(a[i] ?? null, b[i] ?? null)).length };
}

/** The figures of one model. */
export async function figuresOf(db: Database, asked: Asked, all: Questions): Promise<ModelFigures> {
  const { questions } = all;
  const { model, provider, simulated, first, second } = asked;
  const given = givenBy(first, all);
  const counts = levels.map((level) => {
    const having = questions.flatMap(({ truth }, i) => (truth[level] === null ? [] : [i]));
    return {
      n: having.length,
      count: having.filter((i) => given[i]?.[level] === questions[i]?.truth[level]).length,
    };
  });
  const paths = { n: questions.length, count: rightPaths(given, questions).filter(Boolean).length };
  const again = repeated(asked, all);
  const shares = await sharesOf(db, [...counts, paths, again ?? { n: 0, count: 0 }]);
  const [l1, l2, l3, path, repeat] = shares as [Share, Share, Share, Share, Share];
  const turns = second === null ? [first] : [first, second];
  const names = questions.length * turns.length;
  const sum = (of: (said: Said) => number) => turns.reduce((total, said) => total + of(said), 0);
  const cost = turns.some((said) => said.cost === null) ? null : sum((said) => said.cost ?? 0);
  const answers = [...first.answers.values()];
  const latencies = turns.flatMap((said) => said.latencies);
  return {
    model,
    provider,
    simulated,
    versions: [...new Set(turns.flatMap((said) => [...said.versions]))].sort(),
    l1,
    l2,
    l3,
    path,
    answered: answers.filter((id) => id !== 0).length,
    none: answers.filter((id) => id === 0).length,
    missing: questions.length - answers.length,
    tokensPerName: {
      in: sum((said) => said.usage.tokensIn) / names,
      cached: sum((said) => said.usage.tokensCached) / names,
      out: sum((said) => said.usage.tokensOut) / names,
    },
    pricePer1000: cost === null ? null : (1000 * cost) / names,
    calls: latencies.length,
    failedCalls: sum((said) => said.failed),
    latencyMs: { median: quantile(latencies, 0.5), p95: quantile(latencies, 0.95) },
    repeat: again === null ? null : repeat,
  };
}

/** Each two of the models, name by name. */
export async function agreementsOf(
  db: Database,
  asked: readonly Asked[],
  all: Questions,
): Promise<Agreement[]> {
  const pairs = asked.flatMap((a, i) => asked.slice(i + 1).map((b) => [a, b] as const));
  const counted = pairs.map(([a, b]) => {
    const [first, second] = [givenBy(a.first, all), givenBy(b.first, all)];
    const [right, alsoRight] = [rightPaths(first, all.questions), rightPaths(second, all.questions)];
    return {
      models: [a.model, b.model] as const,
      count: first.filter((one, i) => samePath(one, second[i] ?? null)).length,
      onlyFirstRight: right.filter((is, i) => is && !alsoRight[i]).length,
      onlySecondRight: alsoRight.filter((is, i) => is && !right[i]).length,
    };
  });
  const n = all.questions.length;
  const shares = await sharesOf(
    db,
    counted.map(({ count }) => ({ n, count })),
  );
  return counted.map(({ models, onlyFirstRight, onlySecondRight }, i) => ({
    models,
    same: shares[i] as Share,
    onlyFirstRight,
    onlySecondRight,
    p: mcnemar(onlyFirstRight, onlySecondRight),
  }));
}
