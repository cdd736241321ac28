import type { Config } from '../config.ts';
import type { Database } from '../database/connection/open.ts';
import { findModel, modelFiles } from '../database/registry.ts';
import { loadClassifier } from '../model/bundle.ts';
import { encoderFor, holdEncoders } from '../model/encoders.ts';
import type { LoadedModel } from '../sidecar/local/champion.ts';

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
): Promise<(LoadedModel & { close(): Promise<void> }) | null> {
  const found = await findModel(db, wanted);
  if (found === null) return null;
  const { modelId } = found;
  const classifier = await loadClassifier(await modelFiles(db, modelId));
  const encoders = holdEncoders(config);
  return {
    ...found,
    classifier,
    encode: async (names) => (await encoderFor(encoders, `model ${modelId}`, classifier)).encode(names),
    async close() {
      await encoders.close();
      await classifier.close();
    },
  };
}
