import { seededRandom, shuffle } from '../random.ts';
import { HeadTrainer, type LabelledRows } from './head-trainer.ts';
import type { HeadShape, Standard } from './step-graph.ts';

/**
 * Chosen on 57,029 real titles, noisy labels, scored against the truth. Rates of .001 / .002 / .004 with a linear decay
 * over 10 to 12 epochs gave l1 83.3 / 86.2 / 86.3 %, l3 56.5 / 58.4 / 53.6 %: the higher ones learn the leaf level's
 * noise by heart. Weight decay 1 is no better than .3, 4 loses 5 points at l3.
 */
const usual = { rate: 2e-3, epochs: 10 };
/**
 * Of a head without a hidden layer, on the same titles: at .005 5 epochs give l1 / l2 / l3 77.3 / 74.2 / 65.0 %, 10 epochs
 * 77.4 / 74.5 / 63.0 %; at .002 5 epochs 75.9 % (l1) and 63.4 % (l3).
 */
const withoutHidden = { rate: 5e-3, epochs: 5 };
const weightDecay = 0.3;
/** The seed's hidden layer. */
export const hiddenUnits = 512;
const largestBatch = 1024;
/**
 * Steps that a small set needs all the same. On 17,000 titles, 8 / 11 / 15 / 22 epochs (112 / 154 / 210 / 308 steps): whole path right
 * 64.4 / 64.5 / 64.5 / 64.2 %, answered at 5 % of errors .24 / .26 / .26 / .19; on 4,000 and 1,500 their ends are chance.
 */
const fewestSteps = 150;

export interface HeadReport {
  classes: number;
  /** Epochs run, and the one whose parameters were kept. */
  epochs: number;
  bestEpoch: number;
  /** On the valid part: mean cross-entropy, and share that agrees with the (noisy) labels. */
  validLoss: number;
  validAccuracy: number;
  seconds: number;
}

export interface HeadOptions {
  /** At most so many epochs; default 10 (5 without a hidden layer), or more for a small set. */
  epochs?: number | undefined;
  seed: number;
  signal?: AbortSignal | undefined;
  /** Share of this head's epochs that is done, 0 to 1. */
  onProgress?: ((share: number) => void) | undefined;
}

function pick({ rows, targets }: LabelledRows, order: Int32Array): LabelledRows {
  return {
    rows: order.map((i) => rows[i] as number),
    targets: order.map((i) => targets[i] as number),
  };
}

/**
 * Trains one head: AdamW with a linearly falling rate, batches of up to 1,024 rows in an order shuffled anew each epoch
 * (what does not fill a batch waits for the next epoch). Ends early after a quarter of the epochs, at least three,
 * without a lower validation loss; the parameters with the lowest one are kept.
 *
 * @param valid rows of the valid part; when there are none, the training rows decide
 */
export async function fitHead(
  shape: HeadShape,
  embeddings: Float32Array,
  standard: Standard,
  train: LabelledRows,
  valid: LabelledRows,
  options: HeadOptions,
): Promise<{ parameters: Float32Array[]; report: HeadReport }> {
  const started = Date.now();
  const count = train.rows.length;
  const batch = Math.max(1, Math.min(largestBatch, Math.ceil(count / 8)));
  const stepsPerEpoch = Math.floor(count / batch);
  const { rate, epochs: fewest } = shape.hidden === 0 ? withoutHidden : usual;
  const epochs = options.epochs ?? Math.max(fewest, Math.ceil(fewestSteps / stepsPerEpoch));
  const patience = Math.max(3, Math.ceil(epochs / 4));
  const judged = valid.rows.length > 0 ? valid : train;

  const trainer = await HeadTrainer.open(shape, embeddings, standard, batch, options.seed);
  try {
    const random = seededRandom(options.seed);
    const order = Int32Array.from({ length: count }, (_, i) => i);
    let best = { loss: Number.POSITIVE_INFINITY, accuracy: 0, epoch: 0, parameters: trainer.parameters() };
    let epoch = 0;
    while (epoch < epochs && epoch - best.epoch < patience) {
      shuffle(order, random);
      for (let step = 0; step < stepsPerEpoch; step++) {
        options.signal?.throwIfAborted();
        const left = 1 - (epoch * stepsPerEpoch + step) / (epochs * stepsPerEpoch);
        const rows = pick(train, order.subarray(step * batch, (step + 1) * batch));
        await trainer.step(rows, rate * left, weightDecay);
        options.onProgress?.(1 - left);
      }
      epoch++;
      const { loss, accuracy } = await trainer.validate(judged);
      if (loss < best.loss) best = { loss, accuracy, epoch, parameters: trainer.parameters() };
    }
    options.onProgress?.(1);
    const report = {
      classes: shape.classes,
      epochs: epoch,
      bestEpoch: best.epoch,
      validLoss: best.loss,
      validAccuracy: best.accuracy,
      seconds: (Date.now() - started) / 1000,
    };
    return { parameters: best.parameters, report };
  } finally {
    await trainer.close();
  }
}
