import { type Gate, throughGate } from '../../model/gate.ts';
import type { LettersFirst } from '../../model/letters-alone.ts';
import type { Answer, Classifier, NameViews, Path, Prediction, VoiceWeights } from '../../model/types.ts';
import { agrees, chooseGate, type GateCost, noCost } from '../gates/gate.ts';
import { stated } from '../gates/stated.ts';

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
  memoryLast: Gate | null;
  /** Share of the names that letters and meaning would answer of those that letters leave, and what that costs more. */
  meaningShare: number;
  meaningCost: GateCost;
}

const scaled = (usual: readonly number[], factor: number) =>
  usual.map((weight) => weight * factor) as unknown as VoiceWeights['meaning'];

/**
 * Chooses how much meaning and memory count, when letters alone may answer, and when letters and meaning may without memory, on
 * names that trained no voice.
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
    return {
      ...{ weights: usual, tried: [] },
      ...{ lettersFirst: null, lettersShare: 0, lettersCost: noCost },
      ...{ memoryLast: null, meaningShare: 0, meaningCost: noCost },
    };
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
  const first = chooseGate(alone.said, best.predictions, labels, lines);
  const lettersFirst = first.from === null ? null : { from: first.from, ...lines };
  const settled = alone.said.map((said) => (lettersFirst === null ? null : throughGate(lettersFirst, said)));
  const second = await chooseMemoryLast(classifier, views, best, labels, settled);
  return {
    ...{ weights: best.weights, tried },
    ...{ lettersFirst, lettersShare: first.share, lettersCost: first.cost },
    ...{ memoryLast: second.gate, meaningShare: second.share, meaningCost: second.cost },
  };
}

/** When letters and meaning may answer what letters leave. */
async function chooseMemoryLast(
  classifier: Classifier,
  views: readonly NameViews[],
  { weights, predictions }: { weights: VoiceWeights; predictions: readonly Prediction[] },
  labels: readonly Path[],
  settled: readonly (Answer | null)[],
): Promise<{ gate: Gate | null; share: number; cost: GateCost }> {
  // where it counts for nothing no neighbours are looked for
  if (weights.memory.every((weight) => weight === 0)) return { gate: null, share: 0, cost: noCost };
  const without = await classifier.predict(views, { ...weights, memory: [0, 0, 0] });
  const left = [...views.keys()].filter((i) => settled[i] === null);
  const lines = stated(
    left.map((i) => without[i] as Answer),
    left.map((i) => predictions[i] as Prediction),
  );
  const { from, share, cost } = chooseGate(without, predictions, labels, lines, settled);
  return { gate: from === null ? null : { from, ...lines }, share, cost };
}
