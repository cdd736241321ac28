import { InferenceSession, Tensor } from 'onnxruntime-node';
import { describe, expect, it } from 'vitest';
import {
  adamW,
  type HeadShape,
  parameterNames,
  parameterShapes,
  type Standard,
  smoothing,
  stepGraph,
} from '../../../src/train/meaning/step-graph.ts';
import { seededRandom } from '../../../src/train/random.ts';

const batch = 5;
const standard: Standard = { mean: Float32Array.of(0.1, -0.2, 0.3, 0), scale: 1.5 };
const random = seededRandom(7);
const numbers = (count: number) => Float64Array.from({ length: count }, () => 2 * random.next() - 1);
const size = (dims: number[]) => dims.reduce((product, n) => product * n, 1);

interface State {
  w: Float64Array[];
  m: Float64Array[];
  v: Float64Array[];
}
describe.each<HeadShape>([
  { dimension: 4, hidden: 6, classes: 3 },
  { dimension: 4, hidden: 0, classes: 3 },
])('the training step of $dimension-$hidden-$classes', (shape) => {
  const shapes = parameterShapes(shape);
  const names = parameterNames(shape);
  const parameters = shapes.map((dims) => numbers(size(dims)));
  const embeddings = numbers(8 * shape.dimension);
  const rows = Int32Array.of(6, 0, 3, 3, 7);
  const targets = Int32Array.of(2, 0, 1, 1, 2);
  const noise = Uint8Array.from({ length: batch * shape.hidden }, () => Math.floor(random.next() * 256));

  const zeros = () => shapes.map((dims) => new Float64Array(size(dims)));
  const session = InferenceSession.create(stepGraph(shape, standard, batch, 'double'));

  /** One run of the graph in double precision. */
  async function run(state: State, rate = 0.01, decay = 0, t = 1): Promise<State & { loss: number }> {
    const scalar = (value: number) => new Tensor('float64', Float64Array.of(value), []);
    const feeds: Record<string, Tensor> = {
      embeddings: new Tensor('float64', embeddings, [8, shape.dimension]),
      rows: new Tensor('int32', rows, [batch]),
      targets: new Tensor('int32', targets, [batch, 1]),
      ...(shape.hidden > 0 ? { noise: new Tensor('uint8', noise, [batch, shape.hidden]) } : {}),
      step: scalar(rate / (1 - adamW.beta1 ** t)),
      spread: scalar(1 / Math.sqrt(1 - adamW.beta2 ** t)),
      keep: scalar(1 - rate * decay),
    };
    names.forEach((name, i) => {
      const dims = shapes[i] as number[];
      feeds[name] = new Tensor('float64', state.w[i] as Float64Array, dims);
      feeds[`${name}_m`] = new Tensor('float64', state.m[i] as Float64Array, dims);
      feeds[`${name}_v`] = new Tensor('float64', state.v[i] as Float64Array, dims);
    });
    const out = await (await session).run(feeds);
    const read = (suffix: string) => names.map((name) => out[`${name}${suffix}_next`]?.data as Float64Array);
    return {
      loss: ((out.loss as Tensor).data as Float64Array)[0] as number,
      w: read(''),
      m: read('_m'),
      v: read('_v'),
    };
  }

  const start = (): State => ({ w: parameters, m: zeros(), v: zeros() });

  /** The gradients that the graph computed: from zero moments the first moment is (1 - beta1) times them. */
  async function gradients(): Promise<Float64Array[]> {
    return (await run(start())).m.map((moment) => moment.map((x) => x / (1 - adamW.beta1)));
  }

  it('has the loss of the same network written out by hand', async () => {
    const [w1, b1] = parameters as [Float64Array, Float64Array];
    const [w2, b2] = parameters.slice(-2) as [Float64Array, Float64Array];
    const { dimension, hidden, classes } = shape;
    let loss = 0;
    for (let i = 0; i < batch; i++) {
      const x = Array.from({ length: dimension }, (_, j) => {
        const value = embeddings[(rows[i] as number) * dimension + j] as number;
        return (value - (standard.mean[j] as number)) * standard.scale;
      });
      const shown = Array.from({ length: hidden }, (_, k) => {
        const linear = x.reduce(
          (sum, value, j) => sum + value * (w1[j * hidden + k] as number),
          b1[k] as number,
        );
        return (noise[i * hidden + k] as number) >= 51 ? (Math.max(0, linear) * 256) / 205 : 0;
      });
      const h = hidden === 0 ? x : shown;
      const z = Array.from({ length: classes }, (_, c) =>
        h.reduce((sum, value, k) => sum + value * (w2[k * classes + c] as number), b2[c] as number),
      );
      const total = Math.log(z.reduce((sum, value) => sum + Math.exp(value), 0));
      z.forEach((value, c) => {
        const target = (c === targets[i] ? 1 - smoothing : 0) + smoothing / classes;
        loss -= (target * (value - total)) / batch;
      });
    }
    expect((await run(start())).loss).toBeCloseTo(loss, 10);
  });

  it('has gradients that agree with finite differences, for every parameter', async () => {
    const computed = await gradients();
    const epsilon = 1e-5;
    for (const [i, values] of parameters.entries()) {
      for (let j = 0; j < values.length; j++) {
        const lossAt = async (change: number) => {
          const moved = parameters.map((each) => each.slice());
          const list = moved[i] as Float64Array;
          list[j] = (list[j] as number) + change;
          return (await run({ ...start(), w: moved })).loss;
        };
        const numeric = ((await lossAt(epsilon)) - (await lossAt(-epsilon))) / (2 * epsilon);
        expect(computed[i]?.[j], `${names[i]}[${j}]`).toBeCloseTo(numeric, 8);
      }
    }
    // Something must have flowed: dropout and ReLU leave most of the network open.
    expect(computed[0]?.filter((g) => g !== 0).length).toBeGreaterThan(8);
  });

  it('moves as AdamW does, over several steps', async () => {
    const [rate, decay] = [0.05, 0.4];
    let state: State = start();
    const expected = { w: parameters.map((w) => w.slice()), m: zeros(), v: zeros() };
    for (let t = 1; t <= 4; t++) {
      const next = await run(state, rate, decay, t);
      for (const [i, w] of expected.w.entries()) {
        const m = expected.m[i] as Float64Array;
        const v = expected.v[i] as Float64Array;
        for (let j = 0; j < w.length; j++) {
          const before = (state.m[i] as Float64Array)[j] as number;
          const g = ((next.m[i]?.[j] as number) - 0.9 * before) / 0.1;
          m[j] = 0.9 * (m[j] as number) + 0.1 * g;
          v[j] = 0.999 * (v[j] as number) + 0.001 * g * g;
          const mean = (m[j] as number) / (1 - 0.9 ** t);
          const spread = Math.sqrt((v[j] as number) / (1 - 0.999 ** t));
          // Biases (one dimension) are not decayed.
          const kept = (w[j] as number) * (i % 2 === 0 ? 1 - rate * decay : 1);
          w[j] = kept - (rate * mean) / (spread + 1e-8);
          expect(next.w[i]?.[j]).toBeCloseTo(w[j] as number, 9);
        }
      }
      state = next;
    }
  });
});
