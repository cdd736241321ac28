import type { Config } from '../config.ts';
import { embeddingsOf } from '../database/memory.ts';
import type { Database } from '../database/open.ts';
import { champion, modelFiles, registeredEncoder } from '../database/registry.ts';
import { thresholdsInForce } from '../database/reports.ts';
import { loadPaths } from '../database/taxonomy.ts';
import { misuse, TaxonError } from '../errors.ts';
import { loadClassifier } from '../model/bundle.ts';
import { openEncoder } from '../model/encoder.ts';
import type { Prediction } from '../model/types.ts';
import { normalise } from '../normalise.ts';
import { progress } from '../progress.ts';
import { type EvaluationReport, evaluatePredictions, type Truth } from './evaluate.ts';

const page = 2048;
const unknown = -1;

/**
 * The ids of a path of names; -1 for each level that the database does not have, null where the truth stops.
 *
 * @param known path of names, joined by a newline → its l1, l2, l3
 */
function truthOf(path: readonly string[], known: ReadonlyMap<string, Truth>): Truth {
  for (let depth = path.length; depth > 0; depth--) {
    const found = known.get(path.slice(0, depth).join('\n'));
    if (found === undefined) continue;
    if (depth === path.length) return found;
    // the deepest known ancestor; what lies below it is no answer that the model could give
    return [found[0], found[1] ?? unknown, path.length > 2 ? unknown : null];
  }
  return [unknown, path.length > 1 ? unknown : null, path.length > 2 ? unknown : null];
}

/**
 * How good the champion is on names whose category is known for certain: every name goes to the local model, whatever
 * the other layers would say. Writes nothing.
 *
 * @throws TaxonError when there is no champion, or when it reads another encoder than the configured one
 */
export async function evaluateNames(
  db: Database,
  config: Config,
  labelled: readonly { name: string; path: readonly string[] }[],
  signal: AbortSignal,
): Promise<EvaluationReport & { model_id: number }> {
  if (labelled.length === 0) throw misuse('there is no name to evaluate on');
  const model = await champion(db);
  const thresholds = await thresholdsInForce(db);
  if (model === null || thresholds === null) {
    throw new TaxonError('there is no champion to evaluate', { hint: 'Train one: taxon train' });
  }
  const classifier = await loadClassifier(await modelFiles(db, model.modelId));
  const encoder = await openEncoder(config);
  const bar = progress('evaluating', labelled.length, 'names');
  try {
    if ((await registeredEncoder(db, encoder.identity)) !== model.encoderId) {
      throw new TaxonError(
        `model ${model.modelId} reads embeddings of "${classifier.encoder}", not of "${encoder.identity}"`,
        {
          hint: 'Set TAXON_ENCODER to the encoder that it was trained with, or train again.',
        },
      );
    }
    const predictions: Prediction[] = [];
    for (let from = 0; from < labelled.length; from += page) {
      signal.throwIfAborted();
      const keys = labelled.slice(from, from + page).map(({ name }) => normalise(name));
      const vectors = await embeddingsOf(db, model.encoderId, encoder.dimension, keys);
      const fresh = [...new Set(keys)].filter((key) => !vectors.has(key));
      const encoded = await encoder.encode(fresh, {
        signal,
        onProgress: (n) => bar.at(from + keys.length - fresh.length + n),
      });
      fresh.forEach((key, i) => {
        vectors.set(key, encoded[i] as Float32Array);
      });
      predictions.push(...(await classifier.predict(keys.map((key) => vectors.get(key) as Float32Array))));
      bar.at(predictions.length);
    }
    const known = new Map(
      (await loadPaths(db)).map((row): [string, Truth] => [row.names.join('\n'), [row.l1, row.l2, row.l3]]),
    );
    const truth = labelled.map(({ path }) => truthOf(path, known));
    const { l1, l2, l3 } = thresholds;
    return { model_id: model.modelId, ...evaluatePredictions(predictions, truth, { l1, l2, l3 }) };
  } finally {
    bar.end();
    await encoder.close();
    await classifier.close();
  }
}
