import { mcnemar } from '../../src/train/judge/paired.ts';
import { identityOf, type Result } from './results.ts';
import { discordant, meanAndInterval } from './statistics.ts';

export const metrics = ['l1', 'l2', 'l3', 'path', 'coverage5', 'coverage10'] as const;
export type Metric = (typeof metrics)[number];
export type Figure = { mean: number; half: number | null };

/** A method on a set by a teacher, over its seeds. */
export interface Summary {
  set: Result['set'];
  teacher: Result['teacher'];
  sample: Result['sample'];
  method: string;
  kind: Result['kind'];
  seeds: number[];
  figures: Record<Metric, Figure>;
  trainSeconds: number;
  trainCpuSeconds: number;
  peakBytes: number;
  namesPerSecond: number;
  /** The same with the encoding of the name, where the method needs it. */
  endToEndPerSecond: number;
  /** Ours against the peer whose path is right most often: the highest p-value of all seeds. Null for a peer. */
  against: { peer: string; p: number; ahead: number; seeds: number } | null;
  rows: Result[];
}

function grouped<T>(items: readonly T[], key: (item: T) => string): T[][] {
  const groups = new Map<string, T[]>();
  for (const item of items) groups.set(key(item), [...(groups.get(key(item)) ?? []), item]);
  return [...groups.values()];
}

/** The newest row of each seed, of the code that made the newest of all: code that is gone is never averaged in. */
function current(rows: readonly Result[]): Result[] {
  const code = rows.at(-1)?.code;
  const bySeed = new Map<number, Result>();
  for (const row of rows) if (row.code === code) bySeed.set(row.seed, row);
  return [...bySeed.values()].sort((a, b) => a.seed - b.seed);
}

const mean = (values: readonly number[]) => meanAndInterval(values).mean;

function summary(rows: Result[]): Summary {
  const { set, teacher, sample, method, kind } = rows[0] as Result;
  const figures = metrics.map((metric): [Metric, Figure] => [
    metric,
    meanAndInterval(rows.map((row) => row[metric] ?? 0)),
  ]);
  return {
    ...{ set, teacher, sample, method, kind },
    seeds: rows.map(({ seed }) => seed),
    figures: Object.fromEntries(figures) as Record<Metric, Figure>,
    trainSeconds: mean(rows.map((row) => row.trainSeconds)),
    trainCpuSeconds: mean(rows.map((row) => row.trainCpuSeconds)),
    peakBytes: Math.max(...rows.map((row) => row.peakBytes)),
    namesPerSecond: mean(rows.map((row) => row.namesPerSecond)),
    endToEndPerSecond: mean(
      rows.map(({ namesPerSecond, embeds, encodedPerSecond }) =>
        embeds ? 1 / (1 / namesPerSecond + 1 / encodedPerSecond) : namesPerSecond,
      ),
    ),
    against: null,
    rows,
  };
}

/** Each of ours against the best peer, seed by seed on the same names. */
function pair(ours: Summary, peer: Summary): Summary['against'] {
  const tests = ours.rows.flatMap((row) => {
    const other = peer.rows.find(({ seed, data }) => seed === row.seed && data === row.data);
    return other === undefined ? [] : [discordant(row.right, other.right)];
  });
  if (tests.length === 0) return null;
  return {
    peer: peer.method,
    p: Math.max(...tests.map(({ first, second }) => mcnemar(first, second))),
    ahead: tests.filter(({ first, second }) => first > second).length,
    seeds: tests.length,
  };
}

/** All results as one row a set, teacher and method, in the order in which they were first run. */
export function summarise(results: readonly Result[]): Summary[] {
  const distinct = new Map(results.map((row) => [identityOf(row), row]));
  const summaries = grouped([...distinct.values()], ({ set, teacher, method, sample }) =>
    [set, teacher, method, sample].join(),
  ).map((rows) => summary(current(rows)));
  for (const ours of summaries) {
    if (ours.kind === 'peer') continue;
    const best = summaries
      .filter(
        ({ set, teacher, sample, kind }) =>
          kind === 'peer' && set === ours.set && teacher === ours.teacher && sample === ours.sample,
      )
      .sort((a, b) => b.figures.path.mean - a.figures.path.mean)[0];
    if (best !== undefined) ours.against = pair(ours, best);
  }
  return summaries;
}
