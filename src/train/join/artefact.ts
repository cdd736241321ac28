import { bundleFormat, type Manifest } from '../../model/bundle.ts';
import { type LettersWeights, writeLetters } from '../../model/letters/weights.ts';
import type { ModelFiles } from '../../model/types.ts';
import { headsGraph, type TrainedHead } from '../meaning/heads-graph.ts';
import type { Standard } from '../meaning/step-graph.ts';

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
