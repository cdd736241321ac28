import type { Config } from '../../config.ts';
import { misuse } from '../../errors.ts';
import { loadClassifier } from '../../model/bundle.ts';
import { encoderFor, holdEncoders } from '../../model/encoders.ts';
import type { Prediction } from '../../model/types.ts';
import { normalise, pathKey } from '../../normalise.ts';
import { progress } from '../../progress.ts';
import { readModelFolder } from '../model-folder.ts';
import { type EvaluationReport, evaluatePredictions, type Truth } from './evaluate.ts';
import { type LabelledName, truthsBy } from './evaluate-names.ts';

const page = 2048;
/** What a database says of a model that nobody has set thresholds for. */
const thresholds = { l1: 0.75, l2: 0.55, l3: 0.4 };

/** The ids of each category's path, by the pathKey() of its names. */
function knownPaths(categories: ReadonlyMap<number, string[]>): Map<string, Truth> {
  const ids = new Map([...categories].map(([id, names]) => [pathKey(names), id]));
  const at = (names: string[], depth: number) => ids.get(pathKey(names.slice(0, depth))) ?? -1;
  return new Map(
    [...categories.values()].map((names): [string, Truth] => [
      pathKey(names),
      [
        at(names, 1),
        names.length > 1 ? at(names, 2) : null,
        names.length > 2 ? at(names, names.length) : null,
      ],
    ]),
  );
}

/**
 * How good a model in a folder is on names whose category is known for certain, without a database.
 *
 * @throws TaxonError when it is no model, or reads another encoder than the configured one
 */
export async function evaluateFolder(
  config: Config,
  folder: string,
  labelled: readonly LabelledName[],
  signal: AbortSignal,
): Promise<EvaluationReport & { model: string; unknown: number }> {
  if (labelled.length === 0) throw misuse('there is no name to evaluate on');
  const { files, categories } = readModelFolder(folder);
  const { truth, strangers } = truthsBy(knownPaths(categories), labelled);
  const classifier = await loadClassifier(files);
  const encoders = holdEncoders(config);
  const bar = progress('evaluating', labelled.length, 'names');
  try {
    const encoder = await encoderFor(encoders, `the model in ${folder}`, classifier);
    const predictions: Prediction[] = [];
    for (let from = 0; from < labelled.length; from += page) {
      const keys = labelled.slice(from, from + page).map(({ name }) => normalise(name));
      const vectors = await encoder.encode(keys, { signal, onProgress: (n) => bar.at(from + n) });
      const views = keys.map((nameKey, i) => ({
        nameKey,
        embedding: vectors[i] as Float32Array,
        // a folder holds no labels: memory is silent
        neighbours: [],
      }));
      predictions.push(...(await classifier.predict(views)));
    }
    return { model: folder, unknown: strangers, ...evaluatePredictions(predictions, truth, thresholds) };
  } finally {
    bar.end();
    await encoders.close();
    await classifier.close();
  }
}
