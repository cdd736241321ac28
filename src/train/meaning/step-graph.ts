import { OnnxGraph } from '../onnx-graph.ts';

/** `double` is for checking gradients by finite differences. */
type Real = 'float' | 'double';

/** Sizes of one head: embedding, hidden layer, classes. */
export interface HeadShape {
  dimension: number;
  /** 0: none, which makes the head a logistic regression, the baseline. */
  hidden: number;
  classes: number;
}

/**
 * How embeddings are standardised before the first layer: (embedding - mean) × scale. Without it nothing is learnt at a
 * sensible rate: e5 vectors share most of their length (.02 standard deviation a dimension), and the l3 head was
 * right for 7% of real titles after 20 epochs instead of 58%.
 */
export interface Standard {
  mean: Float32Array;
  scale: number;
}

/** Names of a head's parameters, in the order in which every list of tensors keeps them; without a hidden layer two. */
export function parameterNames({ hidden }: HeadShape): readonly string[] {
  return hidden === 0 ? ['w1', 'b1'] : ['w1', 'b1', 'w2', 'b2'];
}

/** Shapes of the parameters; weights are inputs × outputs. */
export function parameterShapes({ dimension, hidden, classes }: HeadShape): number[][] {
  if (hidden === 0) return [[dimension, classes], [classes]];
  return [[dimension, hidden], [hidden], [hidden, classes], [classes]];
}

/** AdamW's constants, Loshchilov and Hutter, https://arxiv.org/abs/1711.05101; the rate is fed at each step. */
export const adamW = { beta1: 0.9, beta2: 0.999, epsilon: 1e-8 } as const;

/** Random bytes below this drop a hidden unit: 51 of 256 is the seed's dropout of .2. */
const dropBelow = 51;

/**
 * Share of the target that is spread over all classes (label smoothing): labels come from a noisy teacher. On 57,029
 * real titles .1 lifted the l3 head from 57.5 to 58.5% right against the truth.
 */
export const smoothing = 0.1;

/** Adds the standardised embeddings: (x - mean) × scale. */
export function addStandard(graph: OnnxGraph, x: string, type: Real, standard: Standard): string {
  const mean = graph.weight('mean', type, [standard.mean.length], standard.mean);
  return graph.op('Mul', [graph.op('Sub', [x, mean]), graph.scalar(type, standard.scale)]);
}

/**
 * Adds `embedding → Linear → ReLU → Linear → log-softmax` to a graph, without dropout; `embedding → Linear → log-softmax`
 * where there are two parameters only.
 *
 * @param x the value that holds the standardised embeddings (rows × dimension)
 * @param p names of the values w1, b1, w2, b2
 * @returns the name of the log-probabilities (rows × classes)
 */
export function addHead(graph: OnnxGraph, x: string, p: readonly string[], name?: string): string {
  const [w1, b1, w2, b2] = p as [string, string, ...string[]];
  const first = graph.op('Gemm', [x, w1, b1]);
  const logits =
    w2 === undefined || b2 === undefined ? first : graph.op('Gemm', [graph.op('Relu', [first]), w2, b2]);
  return graph.op('LogSoftmax', [logits], { axis: 1 }, name);
}

/** What `validationGraph` and `stepGraph` read: the whole matrix of embeddings and the rows of it to use. */
function addBatch(graph: OnnxGraph, type: Real, { dimension }: HeadShape, standard: Standard) {
  const all = graph.input('embeddings', type, ['all', dimension]);
  const rows = graph.input('rows', 'int32', ['batch']);
  const targets = graph.input('targets', 'int32', ['batch', 1]);
  return { x: addStandard(graph, graph.op('Gather', [all, rows], { axis: 0 }), type, standard), targets };
}

function addParameters(graph: OnnxGraph, type: Real, shape: HeadShape, suffix = ''): string[] {
  const shapes = parameterShapes(shape);
  return parameterNames(shape).map((name, i) => graph.input(name + suffix, type, shapes[i] as number[]));
}

/**
 * The model that scores a head on labelled rows: inputs embeddings, rows, targets, w1, b1, w2, b2; outputs `logp`
 * (batch × 1, log-probability of the target) and `best` (batch, the likeliest class).
 */
export function validationGraph(shape: HeadShape, standard: Standard): Uint8Array {
  const graph = new OnnxGraph();
  const { x, targets } = addBatch(graph, 'float', shape, standard);
  const logs = addHead(graph, x, addParameters(graph, 'float', shape));
  graph.output(graph.op('GatherElements', [logs, targets], { axis: 1 }, 'logp'), 'float', ['batch', 1]);
  const best = graph.op('ArgMax', [logs], { axis: 1, keepdims: 0 });
  graph.output(graph.op('Cast', [best], { to: 'int32' }, 'best'), 'int32', ['batch']);
  return graph.build();
}

/** Adds the gradients of the parameters of the mean smoothed cross-entropy, and it as `loss`: forward and backward pass. */
function addGradients(
  graph: OnnxGraph,
  type: Real,
  shape: HeadShape,
  standard: Standard,
  batch: number,
  p: string[],
): string[] {
  const [w1, b1, w2, b2] = p as [string, string, ...string[]];
  const { x, targets } = addBatch(graph, type, shape, standard);
  if (w2 === undefined || b2 === undefined)
    return addLastLayer(graph, type, shape, batch, { x, targets, w: w1, b: b1 }).gradients;
  const noise = graph.input('noise', 'uint8', ['batch', shape.hidden]);
  const zero = graph.scalar(type, 0);

  const kept = graph.op('Not', [graph.op('Less', [noise, graph.scalar('uint8', dropBelow)])]);
  const scale = graph.scalar(type, 256 / (256 - dropBelow));
  const linear = graph.op('Relu', [graph.op('Gemm', [x, w1, b1])]);
  const hidden = graph.op('Mul', [graph.op('Where', [kept, linear, zero]), scale]);
  const last = addLastLayer(graph, type, shape, batch, { x: hidden, targets, w: w2, b: b2 });
  // A hidden value is above zero exactly where neither ReLU nor dropout closed it.
  const dHidden = graph.op('Gemm', [last.dLogits, w2], { transB: 1 });
  const open = graph.op('Greater', [hidden, zero]);
  const dLinear = graph.op('Mul', [graph.op('Where', [open, dHidden, zero]), scale]);
  const dW1 = graph.op('Gemm', [x, dLinear], { transA: 1 });
  const dB1 = graph.op('ReduceSum', [dLinear, last.rowsAxis], { keepdims: 0 });
  return [dW1, dB1, ...last.gradients];
}

/** Adds the layer that ends in the classes, the output `loss`, and the gradients of the layer's weights and biases. */
function addLastLayer(
  graph: OnnxGraph,
  type: Real,
  shape: HeadShape,
  batch: number,
  { x, targets, w, b }: { x: string; targets: string; w: string; b: string },
): { dLogits: string; rowsAxis: string; gradients: [string, string] } {
  const logs = graph.op('LogSoftmax', [graph.op('Gemm', [x, w, b])], { axis: 1 });
  const right = graph.op('GatherElements', [logs, targets], { axis: 1 });

  // Targets are 1 - smoothing on the label, and smoothing / classes on every class.
  const spread = smoothing / shape.classes;
  const mean = (value: string) => graph.op('ReduceMean', [value], { keepdims: 0 });
  const onLabel = graph.op('Mul', [mean(right), graph.scalar(type, smoothing - 1)]);
  const onAll = graph.op('Mul', [mean(logs), graph.scalar(type, smoothing)]);
  graph.output(graph.op('Sub', [onLabel, onAll], {}, 'loss'), type, []);

  // d loss / d logits = (softmax - targets) / batch
  const beside = graph.op('Sub', [graph.op('Exp', [logs]), graph.scalar(type, spread)]);
  const atLabel = graph.op('Sub', [graph.op('Exp', [right]), graph.scalar(type, spread + 1 - smoothing)]);
  const difference = graph.op('ScatterElements', [beside, targets, atLabel], { axis: 1 });
  const dLogits = graph.op('Mul', [difference, graph.scalar(type, 1 / batch)]);
  const rowsAxis = graph.weight('rows_axis', 'int64', [1], [0]);
  const dW = graph.op('Gemm', [x, dLogits], { transA: 1 });
  const dB = graph.op('ReduceSum', [dLogits, rowsAxis], { keepdims: 0 });
  return { dLogits, rowsAxis, gradients: [dW, dB] };
}

/**
 * One training step of a head as one model: forward, backward and AdamW.
 *
 * Inputs: embeddings (all × dimension), rows (batch), targets (batch × 1, class indices), noise (batch × hidden,
 * random bytes; only with a hidden layer), w1, b1, w2, b2, their first moments (…_m) and second moments (…_v), and the scalars `step` =
 * rate / (1 - beta1^t), `spread` = 1 / sqrt(1 - beta2^t), `keep` = 1 - rate × weight decay.
 * Outputs: loss, and each parameter and moment under its name with `_next`.
 * Biases are not decayed.
 *
 * @param type `double` for checking gradients
 */
export function stepGraph(
  shape: HeadShape,
  standard: Standard,
  batch: number,
  type: Real = 'float',
): Uint8Array {
  const graph = new OnnxGraph();
  const parameters = addParameters(graph, type, shape);
  const first = addParameters(graph, type, shape, '_m');
  const second = addParameters(graph, type, shape, '_v');
  const [step, spread, keep] = ['step', 'spread', 'keep'].map((name) => graph.input(name, type, [])) as [
    string,
    string,
    string,
  ];
  const gradients = addGradients(graph, type, shape, standard, batch, parameters);

  const constant = (value: number) => graph.scalar(type, value);
  const [beta1, beta2] = [constant(adamW.beta1), constant(adamW.beta2)];
  const [rest1, rest2] = [constant(1 - adamW.beta1), constant(1 - adamW.beta2)];
  const epsilon = constant(adamW.epsilon);
  parameterShapes(shape).forEach((dims, i) => {
    const [w, m, v, g] = [parameters[i], first[i], second[i], gradients[i]] as [
      string,
      string,
      string,
      string,
    ];
    const mNext = graph.op(
      'Add',
      [graph.op('Mul', [m, beta1]), graph.op('Mul', [g, rest1])],
      {},
      `${m}_next`,
    );
    const squared = graph.op('Mul', [graph.op('Mul', [g, g]), rest2]);
    const vNext = graph.op('Add', [graph.op('Mul', [v, beta2]), squared], {}, `${v}_next`);
    const root = graph.op('Add', [graph.op('Mul', [graph.op('Sqrt', [vNext]), spread]), epsilon]);
    const change = graph.op('Mul', [graph.op('Div', [mNext, root]), step]);
    const kept = dims.length === 2 ? graph.op('Mul', [w, keep]) : w;
    const wNext = graph.op('Sub', [kept, change], {}, `${w}_next`);
    for (const name of [wNext, mNext, vNext]) graph.output(name, type, dims);
  });
  return graph.build();
}
