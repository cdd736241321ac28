import type { Gain, MethodScore } from '../../model/report.ts';
import type { Prediction } from '../../model/types.ts';
import { coverageOf } from './coverage.ts';
import { evaluatePredictions, rightDownTo, type Truth } from './evaluate.ts';

/** Predictions of the whole less one voice go under this and the voice's name. */
const without = 'joined without ';
const whole = 'joined';
/** The thresholds play no part in what is used of an evaluation here. */
const none = { l1: 0, l2: 0, l3: 0 };

function share<K>(counts: ReadonlyMap<K, number>, names: number): number {
  return names === 0 ? 0 : Math.max(0, ...counts.values()) / names;
}

/** What answering the most frequent path every time reaches. It is equally sure of everything: all or nothing. */
function majorityOf(truth: readonly Truth[]): MethodScore {
  const paths = new Map<string, number>();
  for (const row of truth) if (!row.includes(-1)) paths.set(String(row), (paths.get(String(row)) ?? 0) + 1);
  const { levels } = evaluatePredictions(
    truth.map(() => ({ path: [0, null, null], confidence: [0, 0, 0], candidates: [], ranked: [[], [], []] })),
    truth,
    none,
  );
  const path = share(paths, truth.length);
  return {
    method: 'majority',
    l1: levels.l1.majority,
    l2: levels.l2.majority,
    l3: levels.l3.majority,
    path,
    coverage5: path >= 0.95 ? 1 : 0,
    coverage10: path >= 0.9 ? 1 : 0,
  };
}

/** Each method's figures side by side: the majority class first, then in the order given. */
export function scoreMethods(
  methods: Readonly<Record<string, readonly Prediction[]>>,
  truth: readonly Truth[],
): MethodScore[] {
  const scores = Object.entries(methods).map(([method, predictions]) => {
    const { levels, path } = evaluatePredictions(predictions, truth, none);
    const { at5, at10 } = coverageOf(predictions, truth);
    const [l1, l2, l3] = [levels.l1.top1, levels.l2.top1, levels.l3.top1];
    return { method, l1, l2, l3, path, coverage5: at5.share, coverage10: at10.share };
  });
  return [majorityOf(truth), ...scores];
}

/**
 * What each voice adds: "joined" less "joined without" it, and on how many names the two are not right alike. Won and
 * lost near each other mean that the difference may be chance.
 */
export function gainsOf(
  methods: Readonly<Record<string, readonly Prediction[]>>,
  truth: readonly Truth[],
  scores: readonly MethodScore[],
): Gain[] {
  const joined = scores.find(({ method }) => method === whole);
  if (joined === undefined) return [];
  const rightOnes = (method: string) =>
    (methods[method] ?? []).map(({ path }, i) => rightDownTo(path, truth[i] as Truth, 2));
  const withIt = rightOnes(whole);
  const less = (a: number | null, b: number | null) => (a === null || b === null ? null : a - b);
  return scores
    .filter(({ method }) => method.startsWith(without))
    .map((other) => {
      const withoutIt = rightOnes(other.method);
      const won = withIt.filter((right, i) => right && !withoutIt[i]).length;
      const lost = withoutIt.filter((right, i) => right && !withIt[i]).length;
      return {
        voice: other.method.slice(without.length),
        l1: less(joined.l1, other.l1),
        l2: less(joined.l2, other.l2),
        l3: less(joined.l3, other.l3),
        path: joined.path - other.path,
        coverage5: joined.coverage5 - other.coverage5,
        coverage10: joined.coverage10 - other.coverage10,
        won,
        lost,
      };
    });
}
