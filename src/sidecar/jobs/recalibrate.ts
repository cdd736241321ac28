import {
  type Calibration,
  type CalibrationError,
  calibrationError,
  calibrationState,
  fitCalibration,
  saveCheckScores,
  unscoredChecks,
} from '../../database/calibration.ts';
import type { Database } from '../../database/connection/open.ts';
import { deepest } from '../../model/tree.ts';
import type { LoadedModel } from '../local/champion.ts';
import { embeddingsBy, predict } from '../local/predict.ts';

/** Names asked at once, as many as the sidecar claims at most. */
const page = 256;

/** What a recalibration did. */
export interface Recalibration {
  model_id: number;
  /** Checked names that the model was asked about. */
  scored: number;
  /** Null where there was too little to fit on. */
  calibration: Calibration | null;
  checks: number;
  checks_short: number;
  state: string;
  before: CalibrationError[];
  after: CalibrationError[];
}

/** Asks the model about the drawn names that it has not seen yet; returns how many. */
async function scoreChecks(db: Database, model: LoadedModel, signal: AbortSignal): Promise<number> {
  const embeddings = embeddingsBy(db, model, { save: true });
  for (let scored = 0; ; ) {
    signal.throwIfAborted();
    const checks = await unscoredChecks(db, model.modelId, page);
    if (checks.length === 0) return scored;
    const keys = [...new Set(checks.map((check) => check.name_key))];
    const answers = await predict(db, model, keys, embeddings);
    const said = new Map(keys.map((key, i) => [key, answers[i]]));
    const scores = checks.flatMap(({ check_id, name_key }) => {
      const answer = said.get(name_key);
      if (answer === undefined) return [];
      return [{ check_id, category_id: deepest(answer.path), confidence: answer.confidence }];
    });
    await saveCheckScores(db, model.modelId, scores);
    scored += scores.length;
  }
}

/**
 * Asks a model about the names that people checked, where it was not asked yet, and fits its calibration anew. Thresholds
 * are rewritten with it, so that the same names pass.
 *
 * @throws the signal's reason when aborted; what was asked by then is kept
 */
export async function recalibrate(
  db: Database,
  model: LoadedModel,
  signal: AbortSignal,
): Promise<Recalibration> {
  const { modelId } = model;
  const scored = await scoreChecks(db, model, signal);
  const before = await calibrationError(db, modelId);
  const calibration = await fitCalibration(db, modelId);
  const after = await calibrationError(db, modelId);
  return {
    model_id: modelId,
    scored,
    calibration,
    ...(await calibrationState(db, modelId)),
    before,
    after,
  };
}
