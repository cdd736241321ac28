import { InferenceSession, Tensor } from 'onnxruntime-node';
import { TaxonError } from '../errors.ts';
import { plainGraph } from './plain-graph.ts';

/** Names of the outputs of heads.onnx; each is rows × classes of that level, natural log-probabilities. */
export const headOutputs = ['l1', 'l2', 'l3'] as const;

/** How many classes each level has. */
type Classes = readonly [number, number, number];

/** Rows of one run: 1,024 × 2,000 classes are 8 MB of answers. */
const rowsAtOnce = 1024;

/** The three heads of a model: one ONNX model with the input `embedding` (rows × dimension). */
export class Heads {
  private readonly session: InferenceSession;
  private readonly dimension: number;
  private readonly classes: Classes;

  private constructor(session: InferenceSession, dimension: number, classes: Classes) {
    this.session = session;
    this.dimension = dimension;
    this.classes = classes;
  }

  static async open(onnx: Uint8Array, dimension: number, classes: Classes): Promise<Heads> {
    // One thread: a few million multiplications a batch, beside encoder threads that have the cores.
    const session = await InferenceSession.create(plainGraph(onnx), {
      intraOpNumThreads: 1,
      interOpNumThreads: 1,
    });
    return new Heads(session, dimension, classes);
  }

  /** The answers of one level, which are as many numbers as they must be. */
  private level(answers: InferenceSession.OnnxValueMapType, level: 0 | 1 | 2, rows: number): Float32Array {
    const data = answers[headOutputs[level]]?.data;
    const wanted = rows * this.classes[level];
    if (!(data instanceof Float32Array) || data.length !== wanted || data.some(Number.isNaN))
      throw new TaxonError(`heads.onnx of the model does not answer ${headOutputs[level]} as it should`, {
        hint: 'Promote another model, or train one: taxon train',
      });
    return data;
  }

  /** Calls `each` with the three rows of log-probabilities of every embedding, in order. */
  async run(
    embeddings: readonly Float32Array[],
    each: (logs: readonly [Float32Array, Float32Array, Float32Array]) => void,
  ): Promise<void> {
    for (let from = 0; from < embeddings.length; from += rowsAtOnce) {
      const part = embeddings.slice(from, from + rowsAtOnce);
      const matrix = new Float32Array(part.length * this.dimension);
      for (const [i, embedding] of part.entries()) matrix.set(embedding, i * this.dimension);
      const answers = await this.session.run({
        embedding: new Tensor('float32', matrix, [part.length, this.dimension]),
      });
      const levels = ([0, 1, 2] as const).map((level) => this.level(answers, level, part.length));
      const row = (level: 0 | 1 | 2, i: number) =>
        (levels[level] as Float32Array).subarray(i * this.classes[level], (i + 1) * this.classes[level]);
      for (let i = 0; i < part.length; i++) each([row(0, i), row(1, i), row(2, i)]);
    }
  }

  async close(): Promise<void> {
    await this.session.release();
  }
}
