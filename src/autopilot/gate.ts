import { openModel } from '../classify/open-model.ts';
import type { Config } from '../config.ts';
import { type GateFacts, keepPromise, saveGateAnswers, unansweredGateNames } from '../database/autopilot.ts';
import type { Database } from '../database/connection/open.ts';
import { modelFiles } from '../database/registry.ts';
import { deepest } from '../model/tree.ts';
import { recalibrate } from '../sidecar/jobs/recalibrate.ts';
import type { LoadedModel } from '../sidecar/local/champion.ts';
import { embeddingsBy, predict } from '../sidecar/local/predict.ts';
import { testUpTo } from '../train/data/split.ts';

/** Names asked at once. */
const page = 256;

/**
 * Asks a model about the names of the gate that it has not been asked yet: the regression set, and labels of the part that
 * trains no model.
 *
 * @returns milliseconds a name, null where there was none; the first page of each model is not counted: it warms up
 * @throws the signal's reason when aborted; what was asked by then is kept
 */
async function answerGateNames(
  db: Database,
  model: LoadedModel,
  signal: AbortSignal,
): Promise<number | null> {
  const { modelId } = model;
  const embeddings = embeddingsBy(db, model, { save: true });
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
      answers.map(({ path, confidence }, i) => ({
        name_key: names[i] as string,
        category_id: deepest(path),
        said: confidence[2],
      })),
    );
  }
}

/** What one model said where both were asked. */
interface AskedModel {
  model_id: number;
  /** Checked names that it had not been asked about. */
  scored: number;
  checks: number;
  state: string;
  /** Milliseconds a name of the gate. */
  ms: number | null;
}

export type AskedBoth = Record<'champion' | 'challenger', AskedModel>;

/** Asks champion and challenger about the same names; their calibrations, and the challenger's promise, are fitted on them. */
export async function askBoth(
  db: Database,
  config: Config,
  models: Record<keyof AskedBoth, number>,
  signal: AbortSignal,
): Promise<AskedBoth & { promise: Awaited<ReturnType<typeof keepPromise>> }> {
  const ask = async (modelId: number): Promise<AskedModel> => {
    const model = await openModel(db, config, modelId);
    if (model === null) throw new Error(`model ${modelId} is gone`);
    try {
      const { scored, checks, state } = await recalibrate(db, model, signal);
      return { model_id: modelId, scored, checks, state, ms: await answerGateNames(db, model, signal) };
    } finally {
      await model.close();
    }
  };
  const champion = await ask(models.champion);
  const challenger = await ask(models.challenger);
  return { champion, challenger, promise: await keepPromise(db, models.challenger) };
}

/** What the gate is told that the database does not know: the size, and the time for a name where both were measured. */
export async function gateFacts(
  db: Database,
  challenger: number,
  asked: Partial<AskedBoth>,
): Promise<GateFacts> {
  const files = [...(await modelFiles(db, challenger)).values()];
  const bytes = files.reduce((sum, file) => sum + file.byteLength, 0);
  const [ms, before] = [asked.challenger?.ms ?? null, asked.champion?.ms ?? null];
  return ms === null || before === null ? { bytes } : { bytes, challenger_ms: ms, champion_ms: before };
}
