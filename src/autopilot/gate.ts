import { type GateFacts, saveGateAnswers, unansweredGateNames } from '../database/autopilot.ts';
import { embeddingsOf } from '../database/memory.ts';
import type { Database } from '../database/open.ts';
import { saveEmbeddings } from '../database/queue.ts';
import { deepest } from '../model/tree.ts';
import { embeddingsFrom, predict } from '../sidecar/predict.ts';
import type { RecalibratedModel } from '../sidecar/recalibrate.ts';
import { testUpTo } from '../train/data/split.ts';

/** Names asked at once, as many as the sidecar claims at most. */
const page = 256;

/**
 * Asks a model about the names of the gate that it has not been asked yet: the regression set, and labels of the part that
 * trains no model.
 *
 * @returns milliseconds a name, null where there was none; the first page of each model is not counted: it warms up
 * @throws the signal's reason when aborted; what was asked by then is kept
 */
export async function answerGateNames(
  db: Database,
  model: RecalibratedModel,
  signal: AbortSignal,
): Promise<number | null> {
  const { modelId, encoderId, classifier } = model;
  const embeddings = embeddingsFrom({
    find: (asked) => embeddingsOf(db, encoderId, classifier.dimension, asked),
    encode: (fresh) => model.encode(fresh),
    save: (fresh, vectors) => saveEmbeddings(db, encoderId, fresh, vectors),
  });
  let counted = 0;
  let ms = 0;
  for (let first = true; ; first = false) {
    signal.throwIfAborted();
    const names = await unansweredGateNames(db, modelId, testUpTo(), page);
    if (names.length === 0) return counted === 0 ? null : ms / counted;
    const started = performance.now();
    const answers = await predict(db, model, names, embeddings);
    if (!first) {
      ms += performance.now() - started;
      counted += names.length;
    }
    await saveGateAnswers(
      db,
      modelId,
      answers.map(({ path }, i) => ({ name_key: names[i] as string, category_id: deepest(path) })),
    );
  }
}

/** What the gate is told that the database does not know: the size, and the time for a name where both were measured. */
export function gateFacts(bytes: number, challenger: number | null, champion: number | null): GateFacts {
  return challenger === null || champion === null
    ? { bytes }
    : { bytes, challenger_ms: challenger, champion_ms: champion };
}
