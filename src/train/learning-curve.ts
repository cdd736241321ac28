import { buildJoin, type Classes } from '../model/join.ts';
import { Letters } from '../model/letters/letters.ts';
import { layOut } from '../model/letters/tables.ts';
import type { Path, Prediction } from '../model/types.ts';
import type { LearningPoint } from '../report/model-report.ts';
import { foldOf } from './data/split.ts';
import { evaluatePredictions, type Truth } from './evaluation/evaluate.ts';
import { fitLettersOf, type TrainingSet, temperature } from './voices.ts';

/**
 * Eighths of the names that the curve is measured at, beside all of them. Letters alone, as they are the cheapest voice and
 * the strongest: on 57,029 real titles the curve takes 17 CPU seconds (2.6, 4.9 and 9.5), 22 on busy cores.
 */
const eighths = [1, 2, 4] as const;
/** A smaller part says nothing. */
const fewestNames = 100;

const [none, full] = [[0, 0, 0] as const, [1, 1, 1] as const];
const lettersOnly = { letters: full, meaning: none, memory: none };

/** Held-out names, and what they are compared with. */
export interface Asked {
  keys: readonly string[];
  truth: readonly Truth[];
}

function pointOf(names: number, predictions: readonly Prediction[], truth: readonly Truth[]): LearningPoint {
  const { levels, path } = evaluatePredictions(predictions, truth, { l1: 0, l2: 0, l3: 0 });
  return { names, l1: levels.l1.top1, l2: levels.l2.top1, l3: levels.l3.top1, path };
}

/** What the letters voice says of the asked names when it has learnt from some rows only. */
async function lettersFrom(
  set: Pick<TrainingSet, 'keys' | 'paths'>,
  rows: Int32Array,
  keys: readonly string[],
  options: { seed: number; signal?: AbortSignal | undefined },
): Promise<Prediction[]> {
  const { paths, tree, letters } = await fitLettersOf(set, rows, options);
  const classes = ([0, 1, 2] as const).map((level) => [...new Set(paths.map((path: Path) => path[level]))]);
  const join = buildJoin(tree, classes as unknown as Classes, paths);
  const voice = new Letters(layOut(letters, tree), tree, temperature);
  const said = new Float64Array(tree.outputs);
  return keys.map((key) => {
    voice.score(key, said);
    return join({ letters: said, meaning: null, memory: null }, lettersOnly);
  });
}

/**
 * How often the letters voice is right about held-out names when it learns from an eighth, a quarter, half and all of the
 * rows. The parts follow the names' hashes, each holds the smaller ones.
 *
 * @param rows  what the model learnt from
 * @param whole what the model's letters say of the asked names: the last point costs no training
 * @returns nothing where there are too few names for two points
 */
export async function learningCurve(
  set: Pick<TrainingSet, 'keys' | 'paths'>,
  rows: Int32Array,
  { keys, truth }: Asked,
  whole: readonly Prediction[],
  options: { seed: number; signal?: AbortSignal | undefined },
): Promise<LearningPoint[]> {
  const points: LearningPoint[] = [];
  const eighth = Int8Array.from(set.keys, (key) => foldOf(key, 8));
  for (const share of eighths) {
    const part = rows.filter((row) => (eighth[row] as number) < share);
    if (part.length < fewestNames) continue;
    points.push(pointOf(part.length, await lettersFrom(set, part, keys, options), truth));
  }
  return points.length === 0 ? [] : [...points, pointOf(rows.length, whole, truth)];
}
