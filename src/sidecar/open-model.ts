import type { Config } from '../config.ts';
import type { Database } from '../database/open.ts';
import { champion, modelEncoder, modelFiles, registeredEncoder } from '../database/registry.ts';
import { TaxonError } from '../errors.ts';
import { loadClassifier } from '../model/bundle.ts';
import { type Encoder, openEncoder } from '../model/encoder.ts';
import type { RecalibratedModel } from './recalibrate.ts';

/**
 * Loads a model of the registry (null: the champion); its encoder is opened with the first name that needs it.
 *
 * @returns null when there is no such model
 * @throws TaxonError when it cannot be loaded; `encode` when the configured encoder is another than the model's
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
  let encoder: Encoder | undefined;
  return {
    modelId,
    encoderId,
    classifier,
    async encode(names) {
      if (encoder === undefined) {
        encoder = await openEncoder(config);
        if ((await registeredEncoder(db, encoder.identity)) !== encoderId)
          throw new TaxonError(
            `model ${modelId} reads embeddings of "${classifier.encoder}", not of "${encoder.identity}"`,
            { hint: 'Set TAXON_ENCODER to the encoder that it was trained with.' },
          );
      }
      return encoder.encode(names);
    },
    async close() {
      await encoder?.close();
      await classifier.close();
    },
  };
}
