import type { Config } from '../config.ts';
import type { Database } from '../database/open.ts';
import { champion, modelEncoder, modelFiles } from '../database/registry.ts';
import { loadClassifier } from '../model/bundle.ts';
import { encoderFor, holdEncoders } from '../model/encoders.ts';
import type { RecalibratedModel } from './recalibrate.ts';

/**
 * Loads a model of the registry (null: the champion); its encoder is opened with the first name that needs it.
 *
 * @returns null when there is no such model
 * @throws TaxonError when it cannot be loaded; `encode` when no configured encoder is the model's
 */
export async function openModel(
  db: Database,
  config: Config,
  wanted: number | null,
): Promise<(RecalibratedModel & { close(): Promise<void> }) | null> {
  const modelId = wanted ?? (await champion(db))?.modelId ?? null;
  const encoderId = modelId === null ? null : await modelEncoder(db, modelId);
  if (modelId === null || encoderId === null) return null;
  const classifier = await loadClassifier(await modelFiles(db, modelId));
  const encoders = holdEncoders(config);
  return {
    modelId,
    encoderId,
    classifier,
    async encode(names) {
      return (await encoderFor(encoders, `model ${modelId}`, classifier.encoder)).encode(names);
    },
    async close() {
      await encoders.close();
      await classifier.close();
    },
  };
}
