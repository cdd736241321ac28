import { type LettersFirst, onLine } from '../model/letters-alone.ts';
import type { Answer, Classifier, NameViews, Path, Prediction, VoiceWeights } from '../model/types.ts';
import { stated } from './letters/stated.ts';

/** Names that the choice is made on at most: each weighing asks all of them again. */
export const mostNames = 4000;
/** Fewer say nothing; the usual weights then stay, and letters never answer alone. */
const fewestNames = 200;
/** Factors of a voice's usual weights that are tried. */
const factors = [0, 0.5, 2] as const;
/**
 * Confidences tried for letters alone, as they state them. Their word then stands, whatever the thresholds, so that what is
 * said of a name never depends on them. Lower ones put names among the surest that all voices would not: from .98 the
 * coverage certified at 5 % error by 2,000 checks is .36, as with all voices, from .97 .29, from .95 .24 (real titles).
 */
const gates = [0.98, 0.99];

/** Factors of the letters' log-probabilities that are tried where they answer alone. */
const aloneWeights = [1, 1.25, 1.5, 1.75, 2, 2.5, 3];

/** Names that trained no voice of `classifier`, with their labels. */
export interface HeldOut {
  views: readonly NameViews[];
  labels: readonly Path[];
}

export interface Choice {
  weights: VoiceWeights;
  lettersFirst: LettersFirst | null;
  /** What was tried: factors of meaning and memory, and the share of labels that the whole path agrees with. */
  tried: { meaning: number; memory: number; agreement: number }[];
  /** Share of the names that letters alone would answer. */
  lettersShare: number;
}

const scaled = (usual: readonly number[], factor: number) =>
  usual.map((weight) => weight * factor) as unknown as VoiceWeights['meaning'];

const agrees = ({ path }: Answer, label: Path | undefined) => path.join() === label?.join();

/**
 * Chooses how much meaning and memory count, and when letters alone may answer, on names that trained no voice.
 *
 * The labels are the teacher's and a fifth of them may be wrong, so the usual weights are left only for ones that agree
 * with more labels by over two standard errors of the difference: on the real titles the likelihood of the labels alone
 * would give memory .7 at l2 and lose .6 of a point against the truth.
 */
export async function chooseJoin(
  classifier: Classifier,
  held: HeldOut,
  usual: VoiceWeights,
): Promise<Choice> {
  const views = held.views.slice(0, mostNames);
  const labels = held.labels;
  if (views.length < fewestNames) return { weights: usual, lettersFirst: null, tried: [], lettersShare: 0 };
  const tried: Choice['tried'] = [];
  const weigh = async (meaning: number, memory: number) => {
    const weights = {
      letters: usual.letters,
      meaning: scaled(usual.meaning, meaning),
      memory: scaled(usual.memory, memory),
    };
    const predictions = await classifier.predict(views, weights);
    const right = predictions.map((prediction, i) => agrees(prediction, labels[i]));
    tried.push({ meaning, memory, agreement: right.filter(Boolean).length / right.length });
    return { meaning, memory, weights, right, predictions };
  };
  let best = await weigh(1, 1);
  const better = (other: typeof best) => {
    let won = 0;
    let lost = 0;
    other.right.forEach((right, i) => {
      if (right && !best.right[i]) won++;
      if (!right && best.right[i]) lost++;
    });
    return won - lost > 2 * Math.sqrt(won + lost);
  };
  for (const factor of factors) {
    const other = await weigh(factor, best.memory);
    if (better(other)) best = other;
  }
  for (const factor of factors) {
    const other = await weigh(best.meaning, factor);
    if (better(other)) best = other;
  }

  const keys = views.map(({ nameKey }) => nameKey);
  let alone = { weight: 1, said: [] as Answer[], distance: Number.POSITIVE_INFINITY };
  for (const weight of aloneWeights) {
    const said = classifier.readLetters(keys, weight) as Answer[];
    const distance = said.reduce(
      (sum, { confidence }, i) =>
        sum + (confidence[2] - (best.predictions[i] as Prediction).confidence[2]) ** 2,
      0,
    );
    if (distance < alone.distance) alone = { weight, said, distance };
  }
  const lines = { weight: alone.weight, ...stated(alone.said, best.predictions) };
  const { from, share } = chooseGate(alone.said, lines, best.right, labels);
  const lettersFirst = from === null ? null : { from, ...lines };
  return { weights: best.weights, lettersFirst, tried, lettersShare: share };
}

/** The lowest confidence above which letters alone disagree with no more labels than all voices do. */
function chooseGate(
  alone: readonly Answer[],
  { offsets, slopes }: Pick<LettersFirst, 'offsets' | 'slopes'>,
  joined: readonly boolean[],
  labels: readonly Path[],
): { from: number | null; share: number } {
  for (const from of gates) {
    let sure = 0;
    let difference = 0;
    alone.forEach((prediction, i) => {
      if (onLine(prediction.confidence[2], offsets[2], slopes[2]) < from) return;
      sure++;
      difference += Number(joined[i]) - Number(agrees(prediction, labels[i]));
    });
    if (sure > 0 && difference <= 0) return { from, share: sure / alone.length };
  }
  return { from: null, share: 0 };
}
