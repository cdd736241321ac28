import { type InferenceSession, Tensor } from 'onnxruntime-node';
import { openSession } from '../open-session.ts';
import { type Random, seededRandom } from '../random.ts';
import {
  adamW,
  type HeadShape,
  parameterNames,
  parameterShapes,
  type Standard,
  stepGraph,
  validationGraph,
} from './step-graph.ts';

/** Rows of the matrix of embeddings and the class of each. */
export interface LabelledRows {
  rows: Int32Array;
  targets: Int32Array;
}

type Tensors = Record<string, Tensor>;

const size = (shape: readonly number[]) => shape.reduce((product, n) => product * n, 1);

/** Uniform in ±1/√inputs, weights and biases alike, as PyTorch's Linear starts. */
function initialParameters(shape: HeadShape, random: Random): Float32Array[] {
  return parameterShapes(shape).map((dims, i) => {
    const bound = 1 / Math.sqrt(i < 2 ? shape.dimension : shape.hidden);
    return Float32Array.from({ length: size(dims) }, () => (2 * random.next() - 1) * bound);
  });
}

/** Parameters and moments, named as a graph's inputs (suffix '') or outputs ('_next'). */
class State {
  readonly names: readonly string[];
  readonly inputs: Tensors = {};
  readonly outputs: Tensors = {};

  constructor(shape: HeadShape, values?: Float32Array[]) {
    this.names = parameterNames(shape);
    parameterShapes(shape).forEach((dims, i) => {
      for (const suffix of ['', '_m', '_v']) {
        const data = (suffix === '' ? values?.[i] : undefined) ?? new Float32Array(size(dims));
        const name = (this.names[i] as string) + suffix;
        this.inputs[name] = new Tensor('float32', data, dims);
        this.outputs[`${name}_next`] = this.inputs[name];
      }
    });
  }

  parameters(): Tensors {
    return Object.fromEntries(this.names.map((name) => [name, this.inputs[name] as Tensor]));
  }
}

/**
 * Trains one head, step by step. Parameters and moments live in two sets of buffers, read and written in turn:
 * onnxruntime writes its outputs straight into the other set, so that a step allocates and copies nothing in JS.
 */
export class HeadTrainer {
  private readonly batch: number;
  private readonly embeddings: Tensor;
  private readonly session: InferenceSession;
  private readonly validation: InferenceSession;
  private readonly random: Random;
  private readonly noise: Uint32Array;
  /** What is fed for dropout; nothing without a hidden layer. */
  private readonly noiseInput: Tensors;
  private readonly loss = new Tensor('float32', new Float32Array(1), []);
  private current: State;
  private other: State;
  private steps = 0;

  private constructor(
    shape: HeadShape,
    batch: number,
    embeddings: Tensor,
    seed: number,
    session: InferenceSession,
    validation: InferenceSession,
  ) {
    this.batch = batch;
    this.embeddings = embeddings;
    this.session = session;
    this.validation = validation;
    this.random = seededRandom(seed);
    this.noise = new Uint32Array(Math.ceil((batch * shape.hidden) / 4));
    const bytes = new Uint8Array(this.noise.buffer, 0, batch * shape.hidden);
    this.noiseInput = shape.hidden > 0 ? { noise: new Tensor('uint8', bytes, [batch, shape.hidden]) } : {};
    this.current = new State(shape, initialParameters(shape, this.random));
    this.other = new State(shape);
  }

  /**
   * @param embeddings n × dimension, row-major; read in place by every step
   * @param standard applied to every embedding before the first layer
   * @param batch rows of a step
   */
  static async open(
    shape: HeadShape,
    embeddings: Float32Array,
    standard: Standard,
    batch: number,
    seed: number,
  ): Promise<HeadTrainer> {
    const all = new Tensor('float32', embeddings, [embeddings.length / shape.dimension, shape.dimension]);
    return new HeadTrainer(
      shape,
      batch,
      all,
      seed,
      await openSession(stepGraph(shape, standard, batch)),
      await openSession(validationGraph(shape, standard)),
    );
  }

  /**
   * One step of AdamW on `batch` rows.
   *
   * @returns the mean smoothed cross-entropy of the batch before the step
   */
  async step({ rows, targets }: LabelledRows, rate: number, weightDecay: number): Promise<number> {
    this.steps++;
    this.random.fill(this.noise);
    const scalar = (value: number) => new Tensor('float32', Float32Array.of(value), []);
    await this.session.run(
      {
        embeddings: this.embeddings,
        rows: new Tensor('int32', rows, [this.batch]),
        targets: new Tensor('int32', targets, [this.batch, 1]),
        ...this.noiseInput,
        step: scalar(rate / (1 - adamW.beta1 ** this.steps)),
        spread: scalar(1 / Math.sqrt(1 - adamW.beta2 ** this.steps)),
        keep: scalar(1 - rate * weightDecay),
        ...this.current.inputs,
      },
      { loss: this.loss, ...this.other.outputs },
    );
    [this.current, this.other] = [this.other, this.current];
    return this.loss.data[0] as number;
  }

  /** Mean cross-entropy (not smoothed) and share of right answers, without dropout. */
  async validate({ rows, targets }: LabelledRows): Promise<{ loss: number; accuracy: number }> {
    let loss = 0;
    let right = 0;
    const at = 4096;
    for (let from = 0; from < rows.length; from += at) {
      const part = targets.subarray(from, from + at);
      const { logp, best } = await this.validation.run({
        embeddings: this.embeddings,
        rows: new Tensor('int32', rows.subarray(from, from + at), [part.length]),
        targets: new Tensor('int32', part, [part.length, 1]),
        ...this.current.parameters(),
      });
      for (const value of (logp as Tensor).data as Float32Array) loss -= value;
      for (const [i, value] of ((best as Tensor).data as Int32Array).entries())
        if (value === part[i]) right++;
    }
    return { loss: loss / rows.length, accuracy: right / rows.length };
  }

  /** A copy of w1, b1, w2, b2 (w1, b1 without a hidden layer). */
  parameters(): Float32Array[] {
    const { names, inputs } = this.current;
    return names.map((name) => (inputs[name] as Tensor).data.slice() as Float32Array);
  }

  async close(): Promise<void> {
    await this.session.release();
    await this.validation.release();
  }
}
