import { llmCalibration } from '../../database/teacher.ts';
import type { LlmStage } from './stage.ts';

/** How long a fit of a model's confidence is used: it takes .3 s at 200,000 labels, and moves with people's checks. */
const keptMs = 600_000;

/** The word of a model version about its own certainty, made a confidence; itself where too few answers were checked. */
async function calibrationOf(stage: LlmStage, model: string): Promise<(said: number) => number> {
  const kept = stage.calibrations.get(model);
  if (kept !== undefined && kept.until > Date.now()) return kept.confidence;
  const fit = await llmCalibration(stage.db, model);
  const confidence = (said: number): number => {
    if (fit === null) return said;
    const sure = Math.min(1 - 1e-6, Math.max(1e-6, said));
    return 1 / (1 + Math.exp(-(fit.offset + fit.slope * Math.log(sure / (1 - sure)))));
  };
  stage.calibrations.set(model, { until: Date.now() + keptMs, confidence });
  return confidence;
}

/**
 * Makes the function that says whether an answer of the first provider is too unsure to be taken; the next one of the list is
 * then asked. Nothing is, where there is no other.
 *
 * @param model the version that answered
 */
export async function escalates(
  stage: LlmStage,
  model: string,
): Promise<(confidence: number | null) => boolean> {
  if (stage.providers.length < 2) return () => false;
  const calibrated = await calibrationOf(stage, model);
  // a model that does not say how sure it is has not said that it is unsure
  return (confidence) => confidence !== null && calibrated(confidence) < stage.config.llmEscalateBelow;
}
