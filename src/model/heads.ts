import { InferenceSession, Tensor } from 'onnxruntime-node';

/** Names of the outputs of heads.onnx; each is rows × classes of that level, natural log-probabilities. */
export const headOutputs = ['l1', 'l2', 'l3'] as const;

/** Rows of one run: 1,024 × 2,000 classes are 8 MB of answers. */
const rowsAtOnce = 1024;

/** The three heads of a model: one ONNX model with the input `embedding` (rows × dimension). */
export class Heads {
  private readonly session: InferenceSession;
  private readonly dimension: number;

  private constructor(session: InferenceSession, dimension: number) {
    this.session = session;
    this.dimension = dimension;
  }

  static async open(onnx: Uint8Array, dimension: number): Promise<Heads> {
    // One thread: a few million multiplications a batch, beside encoder threads that have the cores.
    const session = await InferenceSession.create(onnx, { intraOpNumThreads: 1, interOpNumThreads: 1 });
    return new Heads(session, dimension);
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
      const [l1, l2, l3] = headOutputs.map((name) => answers[name]?.data as Float32Array) as [
        Float32Array,
        Float32Array,
        Float32Array,
      ];
      const row = (all: Float32Array, i: number) => {
        const classes = all.length / part.length;
        return all.subarray(i * classes, (i + 1) * classes);
      };
      for (let i = 0; i < part.length; i++) each([row(l1, i), row(l2, i), row(l3, i)]);
    }
  }

  async close(): Promise<void> {
    await this.session.release();
  }
}
