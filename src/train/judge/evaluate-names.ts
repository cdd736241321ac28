import { join } from 'node:path';
import type { Config } from '../../config.ts';
import { calibrated } from '../../database/calibration.ts';
import type { Database } from '../../database/connection/open.ts';
import { embeddingsOf, memorySpeaks } from '../../database/memory.ts';
import { type Champion, champion, modelFiles } from '../../database/registry.ts';
import { thresholdsInForce } from '../../database/reports.ts';
import { loadPaths } from '../../database/taxonomy.ts';
import { misuse, TaxonError } from '../../errors.ts';
import { log } from '../../log.ts';
import { loadClassifier } from '../../model/bundle.ts';
import type { Encoder } from '../../model/encoder.ts';
import { encoderFor, holdEncoders } from '../../model/encoders.ts';
import type { ModelReport } from '../../model/report.ts';
import type { Classifier, Neighbour, Path, Prediction } from '../../model/types.ts';
import { normalise, pathKey } from '../../normalise.ts';
import { progress } from '../../progress.ts';
import { readDataset } from '../data/dataset.ts';
import { type Labelled, nearest } from '../join/neighbours.ts';
import { buildModelReport } from './build-report.ts';
import { classNamesOf } from './class-names.ts';
import { type EvaluationReport, evaluatePredictions, type Truth } from './evaluate.ts';

const page = 2048;
const unknown = -1;
/** Names whose category is unknown that a warning shows. */
const shown = 5;

/** A name with its true path of category names, and where it stands in its file. */
export interface LabelledName {
  line: number;
  name: string;
  path: readonly string[];
}

/**
 * The ids of a path of names; -1 for each level that the database does not have, null where the truth stops.
 *
 * @param known pathKey() of names → its l1, l2, l3
 */
function truthOf(path: readonly string[], known: ReadonlyMap<string, Truth>): Truth {
  for (let depth = path.length; depth > 0; depth--) {
    const found = known.get(pathKey(path.slice(0, depth)));
    if (found === undefined) continue;
    if (depth === path.length) return found;
    // the deepest known ancestor; what lies below it is no answer that the model could give
    return [found[0], found[1] ?? unknown, path.length > 2 ? unknown : null];
  }
  return [unknown, path.length > 1 ? unknown : null, path.length > 2 ? unknown : null];
}

/**
 * The ids of each name's true path, and how many of them are not known in full; warns of those by line.
 *
 * @param known pathKey() of names → its l1, l2, l3
 */
export function truthsBy(
  known: ReadonlyMap<string, Truth>,
  labelled: readonly LabelledName[],
): { truth: Truth[]; strangers: number } {
  const truth = labelled.map(({ path }) => truthOf(path, known));
  const strangers = labelled.filter((_, i) => truth[i]?.includes(unknown));
  if (strangers.length > 0) {
    const lines = strangers.slice(0, shown).map(({ line, path }) => `line ${line}: ${path.join(' > ')}`);
    log.warn('no answer can be right where the true category is not known', {
      names: strangers.length,
      first: lines.join('; '),
    });
  }
  return { truth, strangers: strangers.length };
}

/** Every path of names of the database with its ids. */
async function databasePaths(db: Database): Promise<Map<string, Truth>> {
  const paths = await loadPaths(db);
  return new Map(paths.map((row): [string, Truth] => [pathKey(row.names), [row.l1, row.l2, row.l3]]));
}

interface Memory extends Labelled {
  rows: Int32Array;
  rowOf: ReadonlyMap<string, number>;
}

/**
 * Memory as `neighbours()` searches it, read once and compared in this process: 7,637 names among 57,029 take 2 s instead
 * of 4 minutes.
 */
async function readMemory(
  db: Database,
  config: Config,
  encoderId: number,
  encoder: Encoder,
  signal: AbortSignal,
): Promise<Memory> {
  const cache = { folder: join(config.dataDir, 'matrices'), encoder: encoder.identity };
  const { keys, categories, embeddings, dimension } = await readDataset(
    db,
    encoderId,
    encoder.dimension,
    signal,
    cache,
  );
  const pathOf = new Map(
    (await loadPaths(db)).map((row): [number, Path] => [row.category_id, [row.l1, row.l2, row.l3]]),
  );
  const speaks = await memorySpeaks(db);
  return {
    embeddings,
    dimension,
    paths: categories.map((id) => pathOf.get(id) as Path),
    rows: speaks ? Int32Array.from(keys.keys()) : new Int32Array(),
    rowOf: new Map(keys.map((key, row) => [key, row])),
  };
}

/** The model's answer to each name, from the stored embedding where there is one; stores nothing. */
async function predictAll(
  db: Database,
  encoderId: number,
  memory: Memory,
  classifier: Classifier,
  encoder: Encoder,
  names: readonly string[],
  signal: AbortSignal,
): Promise<Prediction[]> {
  const predictions: Prediction[] = [];
  const bar = progress('evaluating', names.length, 'names');
  try {
    for (let from = 0; from < names.length; from += page) {
      signal.throwIfAborted();
      const keys = names.slice(from, from + page).map(normalise);
      const vectors = await embeddingsOf(db, encoderId, encoder.dimension, keys);
      const fresh = [...new Set(keys)].filter((key) => !vectors.has(key));
      const encoded = await encoder.encode(fresh, {
        signal,
        onProgress: (n) => bar.at(from + keys.length - fresh.length + n),
      });
      fresh.forEach((key, i) => {
        vectors.set(key, encoded[i] as Float32Array);
      });
      const embeddings = keys.map((key) => vectors.get(key) as Float32Array);
      const self = Int32Array.from(keys, (key) => memory.rowOf.get(key) ?? -1);
      const near = await nearest(
        memory,
        { vectors: embeddings, self },
        memory.rows,
        classifier.neighbours,
        signal,
      );
      const views = keys.map((nameKey, i) => ({
        nameKey,
        embedding: embeddings[i] as Float32Array,
        neighbours: near[i] as Neighbour[],
      }));
      predictions.push(...(await classifier.predict(views)));
      bar.at(predictions.length);
    }
    return predictions;
  } finally {
    bar.end();
  }
}

/** As `predictAll`, with the model's encoder and memory; letters alone need neither. */
async function askModel(
  db: Database,
  config: Config,
  { modelId, encoderId }: Champion,
  classifier: Classifier,
  names: readonly string[],
  signal: AbortSignal,
): Promise<Prediction[]> {
  const embedding = new Float32Array();
  if (encoderId === null)
    return classifier.predict(names.map((name) => ({ nameKey: normalise(name), embedding, neighbours: [] })));
  const encoders = holdEncoders(config);
  try {
    const encoder = await encoderFor(encoders, `model ${modelId}`, classifier);
    const memory = await readMemory(db, config, encoderId, encoder, signal);
    return await predictAll(db, encoderId, memory, classifier, encoder, names, signal);
  } finally {
    await encoders.close();
  }
}

/**
 * How good the champion is on names whose category is known for certain: every name goes to the local model, whatever
 * the other layers would say. Writes nothing.
 *
 * @param options diagnostics: also say everything that can be said of the answers
 * @returns the scores; `unknown` counts the names whose true category the database does not know
 * @throws TaxonError when there is no champion, or when it reads another encoder than the configured one
 */
export async function evaluateNames(
  db: Database,
  config: Config,
  labelled: readonly LabelledName[],
  signal: AbortSignal,
  options: { diagnostics?: boolean } = {},
): Promise<EvaluationReport & { model_id: number; unknown: number; diagnostics?: ModelReport }> {
  if (labelled.length === 0) throw misuse('there is no name to evaluate on');
  const model = await champion(db);
  const thresholds = await thresholdsInForce(db);
  if (model === null || thresholds === null) {
    throw new TaxonError('there is no champion to evaluate', { hint: 'Train one: taxon train' });
  }
  const { truth, strangers } = truthsBy(await databasePaths(db), labelled);
  const classifier = await loadClassifier(await modelFiles(db, model.modelId));
  try {
    const names = labelled.map(({ name }) => name);
    const said = await askModel(db, config, model, classifier, names, signal);
    const predictions = await calibrated(db, model.modelId, said);
    const { l1, l2, l3 } = thresholds;
    const scores = {
      model_id: model.modelId,
      unknown: strangers,
      ...evaluatePredictions(predictions, truth, { l1, l2, l3 }),
    };
    if (options.diagnostics !== true) return scores;
    const method = `model ${model.modelId}`;
    const diagnostics = buildModelReport({
      names,
      truth,
      against: 'truth',
      methods: { [method]: predictions },
      method,
      classNames: classNamesOf(await loadPaths(db)),
      thresholds: { l1, l2, l3 },
    });
    return { ...scores, diagnostics };
  } finally {
    await classifier.close();
  }
}
