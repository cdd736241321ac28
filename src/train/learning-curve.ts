import { buildJoin, type Classes } from '../model/join.ts';
import { Letters } from '../model/letters/letters.ts';
import { layOut } from '../model/letters/tables.ts';
import type { LearningPoint } from '../model/report.ts';
import type { Path, Prediction } from '../model/types.ts';
import { foldOf } from './data/split.ts';
import { errorAt, fitTrust, type Judged, passedOn } from './join/passed-on.ts';
import { type FittedLetters, fitLettersOf, type TrainingSet, temperature } from './join/voices.ts';
import { evaluatePredictions, rightDownTo, type Truth } from './judge/evaluate.ts';

/**
 * Sixteenths of the names that the curve is measured at, beside all of them. Letters alone, as they are the cheapest voice
 * and the strongest: what they gain from more names, all voices gain alike (docs/concepts/learning-curve.md).
 */
const sixteenths = [1, 2, 4, 8] as const;
/** More of them where they cost little: a curve is drawn on from four points at least, and the first may say nothing. */
const closer = [1, 2, 4, 6, 8, 12] as const;
const closerUpTo = 20_000;
/** A smaller part says nothing. */
const fewestNames = 100;
/** Beyond these shares passed on, a cut through the held-out names says little. */
const [leastPassed, mostPassed] = [0.1, 0.9] as const;

const [none, full] = [[0, 0, 0] as const, [1, 1, 1] as const];
const lettersOnly = { letters: full, meaning: none, memory: none };

/** Held-out names, and what they are compared with. */
export interface Asked {
  keys: readonly string[];
  truth: readonly Truth[];
}

/** The curve, and what its `passedOn` rests on. */
export interface Curve {
  /** Held-out names that were asked. */
  heldOut: number;
  /** Of the answers that are not passed on, the share that is expected to be wrong; the same for every point. */
  error: number;
  /** Of right answers, the share that the labels agree with. */
  ceiling: number;
  points: LearningPoint[];
}

/**
 * The letters voice, learnt from some rows only.
 *
 * @returns what it says of name keys
 */
export async function lettersFrom(
  set: Pick<TrainingSet, 'keys' | 'paths'>,
  rows: Int32Array,
  options: { seed: number; signal?: AbortSignal | undefined },
): Promise<(keys: readonly string[]) => Prediction[]> {
  return asks(await fitLettersOf(set, rows, options));
}

function asks({ paths, tree, letters }: FittedLetters): (keys: readonly string[]) => Prediction[] {
  const classes = ([0, 1, 2] as const).map((level) => [...new Set(paths.map((path: Path) => path[level]))]);
  const join = buildJoin(tree, classes as unknown as Classes, paths);
  const voice = new Letters(layOut(letters, tree), tree, temperature);
  const said = new Float64Array(tree.outputs);
  return (keys) =>
    keys.map((key) => {
      voice.score(key, said);
      return join({ letters: said, meaning: null, memory: null }, lettersOnly);
    });
}

/** Shares of the names, by their hashes: each holds the smaller ones. */
function parts(keys: readonly string[], rows: Int32Array): Int32Array[] {
  const sixteenth = Int8Array.from(keys, (key) => foldOf(key, 16));
  const shares = rows.length > closerUpTo ? sixteenths : closer;
  const smaller = shares.map((share) => rows.filter((row) => (sixteenth[row] as number) < share));
  return [...smaller.filter((part) => part.length >= fewestNames), rows];
}

/**
 * How often the letters voice is right about held-out names, and how many of them it would pass on, when it learns from a
 * sixteenth, an eighth, … and all of the rows.
 *
 * @param rows   names to learn from; none of them is asked
 * @param passes the share of held-out names that the model itself passes on now: the curve's last point passes on as many, and
 *               the others what leaves the same error
 * @param options.whole letters that were fitted on all of the rows already: half of the curve's work
 * @returns null where there are too few names for two points
 */
export async function learningCurve(
  set: Pick<TrainingSet, 'keys' | 'paths'>,
  rows: Int32Array,
  { keys, truth }: Asked,
  passes: number,
  options: { seed: number; signal?: AbortSignal | undefined; whole?: FittedLetters | undefined },
): Promise<Curve | null> {
  const learnt = parts(set.keys, rows);
  if (learnt.length < 2 || keys.length === 0) return null;
  const asked: { names: number; judged: Judged; right: Omit<LearningPoint, 'names' | 'passedOn'> }[] = [];
  for (const part of learnt) {
    const ask =
      part === rows && options.whole !== undefined
        ? asks(options.whole)
        : await lettersFrom(set, part, options);
    const predictions = ask(keys);
    const { levels, path } = evaluatePredictions(predictions, truth, { l1: 0, l2: 0, l3: 0 });
    asked.push({
      names: part.length,
      judged: {
        said: predictions.map(({ confidence }) => confidence[2]),
        right: predictions.map((said, i) => Number(rightDownTo(said.path, truth[i] as Truth, 2))),
      },
      right: { l1: levels.l1.top1, l2: levels.l2.top1, l3: levels.l3.top1, path },
    });
  }
  const whole = (asked.at(-1) as (typeof asked)[number]).judged;
  const trust = fitTrust(whole);
  const error = errorAt(whole.said, trust, Math.min(mostPassed, Math.max(leastPassed, passes)));
  return {
    ...{ heldOut: keys.length, error, ceiling: trust.ceiling },
    points: asked.map(({ names, judged, right }) => ({
      ...{ names, ...right },
      passedOn: passedOn(judged.said, fitTrust(judged, trust.ceiling), error),
    })),
  };
}
