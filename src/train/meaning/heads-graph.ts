import { headOutputs } from '../../model/heads.ts';
import { OnnxGraph } from '../onnx-graph.ts';
import {
  addHead,
  addStandard,
  type HeadShape,
  parameterNames,
  parameterShapes,
  type Standard,
} from './step-graph.ts';

/** A trained head: its sizes and its parameters. */
export interface TrainedHead {
  shape: HeadShape;
  parameters: Float32Array[];
}

/** heads.onnx: input `embedding` (rows × dimension), outputs l1, l2, l3 (rows × classes, log-probabilities). */
export function headsGraph(standard: Standard, heads: readonly TrainedHead[]): Uint8Array {
  const graph = new OnnxGraph();
  const dimension = standard.mean.length;
  const x = addStandard(graph, graph.input('embedding', 'float', ['rows', dimension]), 'float', standard);
  heads.forEach(({ shape, parameters }, level) => {
    const shapes = parameterShapes(shape);
    const names = parameterNames(shape).map((name, i) =>
      graph.weight(`${name}_${level}`, 'float', shapes[i] as number[], parameters[i] as Float32Array),
    );
    const output = headOutputs[level] as string;
    graph.output(addHead(graph, x, names, output), 'float', ['rows', shape.classes]);
  });
  return graph.build();
}
