import { bundleFormat, type Manifest } from '../../model/bundle.ts';
import { headOutputs } from '../../model/heads.ts';
import { type LettersWeights, writeLetters } from '../../model/letters/weights.ts';
import type { ModelFiles } from '../../model/types.ts';
import {
  addHead,
  addStandard,
  type HeadShape,
  parameterNames,
  parameterShapes,
  type Standard,
} from '../meaning/step-graph.ts';
import { OnnxGraph } from '../onnx-graph.ts';

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

/**
 * The model's files, as `loadClassifier` reads them.
 *
 * @param facts written into the manifest beside what it needs, for people
 */
export function writeArtefact(
  manifest: Omit<Manifest, 'format'>,
  letters: LettersWeights,
  standard: Standard,
  heads: readonly TrainedHead[],
  facts: object,
): ModelFiles {
  return writeLettersArtefact(manifest, letters, facts).set('heads.onnx', headsGraph(standard, heads));
}

/** As `writeArtefact`, of a model of letters alone. */
export function writeLettersArtefact(
  manifest: Omit<Manifest, 'format'>,
  letters: LettersWeights,
  facts: object,
): ModelFiles {
  const whole = { format: bundleFormat, ...manifest, training: facts };
  return new Map([
    ['manifest.json', new TextEncoder().encode(JSON.stringify(whole))],
    ['letters.bin', writeLetters(letters)],
  ]);
}
