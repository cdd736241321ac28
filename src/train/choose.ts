import type { LettersFirst } from '../model/letters-alone.ts';
import type { Answer, Classifier, NameViews, Path, Prediction, VoiceWeights } from '../model/types.ts';
import { agrees, chooseGate, type GateCost, noCost } from './letters/gate.ts';
import { stated } from './letters/stated.ts';

/** Names that the choice is made on at most: each weighing asks all of them again. */
export const mostNames = 4000;
/** Fewer say nothing; the usual weights then stay, and letters never answer alone. */
const fewestNames = 200;
/** Factors of a voice's usual weights that are tried. */
const factors = [0, 0.5, 2] as const;
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
  /** Share of the names that letters alone would answer, and what that costs. */
  lettersShare: number;
  lettersCost: GateCost;
}

const scaled = (usual: readonly number[], factor: number) =>
  usual.map((weight) => weight * factor) as unknown as VoiceWeights['meaning'];

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
  if (views.length < fewestNames)
    return { weights: usual, lettersFirst: null, tried: [], lettersShare: 0, lettersCost: noCost };
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
  const { from, share, cost } = chooseGate(alone.said, best.predictions, labels, lines);
  const lettersFirst = from === null ? null : { from, ...lines };
  return { weights: best.weights, lettersFirst, tried, lettersShare: share, lettersCost: cost };
}
