import { type Gate, onLine } from '../../model/gate.ts';
import type { Answer, Path, Prediction } from '../../model/types.ts';
import { fitLine } from './line.ts';
import { seenByAll } from './stated.ts';

/** What it costs that letters answer alone, beside all voices asked of every name. */
export interface GateCost {
  /** Share of the names that may be answered with `errors` of wrong ones, less. */
  coverage: [number, number, number];
  /** Right answers less, of all names, at l1, l2 and the whole path. */
  right: [number, number, number];
}

/**
 * Errors at which coverage is looked at, as labels tell them. Of a teacher's mistakes models share some, so that labels do
 * not show them: on cache misses of the real titles 4.8 % are wrong where labels tell 2.5 %, and 8 % where they tell 5 %.
 */
export const errors = [0.025, 0.05, 0.1] as const;

/** Where all voices are asked of every name. */
export const noCost: GateCost = { coverage: [0, 0, 0], right: [0, 0, 0] };

/** What stopping may cost: .5 % of the names in coverage, one answer in a thousand at each level. */
const most = { coverage: 0.005, right: 0.001 };
/** Confidences tried, as the voices state them, from the highest down. */
const [highest, lowest, step] = [0.995, 0.5, 0.005];

/** Whether an answer's whole path is the label's. */
export const agrees = ({ path }: Answer, label: Path | undefined) => path.join() === label?.join();
const agreed = (answers: readonly Answer[], labels: readonly Path[]) =>
  answers.map((answer, i) => agrees(answer, labels[i]));

/** What a gate was chosen to be, the share of the names that it settles, and what that costs. */
export interface ChosenGate {
  from: number | null;
  share: number;
  cost: GateCost;
}

/**
 * The least confidence from which on some voices may answer without the others: stopping there, and at any higher one, costs at
 * most .005 of the coverage at each of `errors` and .001 of the right answers at each level, and they do not disagree with more
 * labels than all voices by over two standard errors.
 *
 * Who is right is taken from all voices, as labels err too often to tell 5 % of errors: what all voices give a path is how
 * often it is right, once it is on the line on which they agree with the labels.
 *
 * @param early what the voices say of each name
 * @param lines how sure they say they are
 * @param settled what an earlier gate answers already, as it states it; null: it leaves the name
 */
export function chooseGate(
  early: readonly Answer[],
  joined: readonly Prediction[],
  labels: readonly Path[],
  { offsets, slopes }: Pick<Gate, 'offsets' | 'slopes'>,
  settled: readonly (Answer | null)[] = early.map(() => null),
): ChosenGate {
  const right = rightOf(joined, labels);
  const names = early.map((answer, i): Name => {
    const all = joined[i] as Prediction;
    const before = settled[i] ?? null;
    return {
      said: before === null ? onLine(answer.confidence[2], offsets[2], slopes[2]) : Number.NEGATIVE_INFINITY,
      early: right(seenByAll(answer, all, 2)),
      sure: (before ?? all).confidence[2],
      late: right(before === null ? all.confidence[2] : seenByAll(before, all, 2)),
      lost: three((level) => all.confidence[level] - seenByAll(answer, all, level)),
      won: Number(agrees(answer, labels[i])) - Number(agrees(all, labels[i])),
    };
  });
  const never = coverages(names, Number.POSITIVE_INFINITY);
  let found: ChosenGate = { from: null, share: 0, cost: noCost };
  for (let n = 0; highest - n * step >= lowest - 1e-9; n++) {
    const from = Number((highest - n * step).toFixed(3));
    const passed = names.filter(({ said }) => said >= from);
    const at = coverages(names, from);
    const cost: GateCost = {
      coverage: three((k) => (never[k] as number) - (at[k] as number)),
      right: three((level) => sum(passed, ({ lost }) => lost[level] as number) / names.length),
    };
    const difference = sum(passed, ({ won }) => won);
    const changed = sum(passed, ({ won }) => Math.abs(won));
    if (
      Math.max(...cost.coverage) > most.coverage ||
      Math.max(...cost.right) > most.right ||
      -difference > 2 * Math.sqrt(changed)
    )
      break;
    if (passed.length > 0) found = { from, share: passed.length / names.length, cost };
  }
  return found;
}

/** A name as the early voices, and as later ones would answer it. */
interface Name {
  /** How sure the early voices say they are. */
  said: number;
  /** How likely their path is right. */
  early: number;
  /** How sure who answers without them is, and how likely that is right. */
  sure: number;
  late: number;
  /** What all voices think their answer is likelier to be right by, at each level. */
  lost: [number, number, number];
  /** 1: only the early voices agree with the label; -1: only all voices do. */
  won: number;
}

const three = (of: (i: 0 | 1 | 2) => number): [number, number, number] => [of(0), of(1), of(2)];
const sum = <T>(all: readonly T[], of: (each: T) => number) =>
  all.reduce((total, each) => total + of(each), 0);

/** The line from what all voices say to how often they are right; the surest fifth of them disagrees with wrong labels alone. */
function rightOf(joined: readonly Prediction[], labels: readonly Path[]): (said: number) => number {
  const said = joined.map(({ confidence }) => confidence[2]);
  const agree = agreed(joined, labels).map(Number);
  const order = [...said.keys()].sort((a, b) => (said[b] as number) - (said[a] as number));
  const fifth = order.slice(0, Math.ceil(order.length / 5));
  const judge = Math.min(sum(fifth, (i) => agree[i] as number) / fifth.length, 0.999);
  const { offset, slope } = fitLine(said, agree, judge);
  return (confidence) => onLine(confidence, offset, slope);
}

/** The largest shares of the surest names with at most `errors` of expected wrong ones, where the early voices answer from `from` on. */
function coverages(names: readonly Name[], from: number): [number, number, number] {
  const asked = names.map(({ said, early, sure, late }) =>
    said >= from ? { rank: said, right: early } : { rank: sure, right: late },
  );
  asked.sort((a, b) => b.rank - a.rank);
  const covered: [number, number, number] = [0, 0, 0];
  let wrong = 0;
  for (const [i, { right }] of asked.entries()) {
    wrong += 1 - right;
    for (const [k, error] of errors.entries()) if (wrong <= error * (i + 1)) covered[k] = i + 1;
  }
  return three((k) => covered[k] / names.length);
}
