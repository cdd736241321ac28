import type { Config } from '../config.ts';
import type { Database } from '../database/open.ts';
import { champion, modelFiles, registerEncoder } from '../database/registry.ts';
import { messageOf } from '../errors.ts';
import { log } from '../log.ts';
import { loadClassifier } from '../model/bundle.ts';
import { type Encoder, openEncoder } from '../model/encoder.ts';
import type { Classifier } from '../model/types.ts';

/** A model ready to answer, with the encoder that it reads. */
export interface LoadedModel {
  modelId: number;
  encoderId: number;
  classifier: Classifier;
  encoder: Encoder;
}

export interface ChampionHolder {
  /** The loaded champion; null while there is none. Waits for a load that is under way. */
  current(): Promise<LoadedModel | null>;
  /** Its id, for the heartbeat. */
  id(): number | null;
  /** Why the local layer is silent although there is a champion. */
  notice(): string | null;
  /** Asks the registry; loads a new champion and drops the old one once no batch uses it. */
  refresh(): Promise<void>;
  close(): Promise<void>;
}

/**
 * Keeps the champion of the registry loaded. The encoder is opened when the first model needs it, since it costs
 * memory and a second, and stays open: models change, the encoder of a process does not.
 */
export function holdChampion(db: Database, config: Config): ChampionHolder {
  let loaded: LoadedModel | null = null;
  let encoder: Encoder | null = null;
  let notice: string | null = null;
  let refused: number | null = null;
  let work: Promise<void> = Promise.resolve();

  async function load(): Promise<void> {
    const wanted = await champion(db);
    if (wanted === null || wanted.modelId === loaded?.modelId || wanted.modelId === refused) return;
    try {
      const classifier = await loadClassifier(await modelFiles(db, wanted.modelId));
      encoder ??= await openEncoder(config);
      const encoderId = await registerEncoder(db, encoder.identity, encoder.dimension);
      if (encoderId !== wanted.encoderId) {
        await classifier.close();
        refused = wanted.modelId;
        notice = `model ${wanted.modelId} reads embeddings of "${classifier.encoder}", this sidecar encodes with "${encoder.identity}": set TAXON_ENCODER or train again`;
        log.warn(notice);
        return;
      }
      // not closed here: a batch may still be using it; the garbage collector frees it
      loaded = { modelId: wanted.modelId, encoderId, classifier, encoder };
      notice = null;
      log.info('model loaded', { model: wanted.modelId, paths: classifier.paths.length });
    } catch (error) {
      notice = `model ${wanted.modelId} cannot be loaded: ${messageOf(error)}`;
      throw error;
    }
  }
  return {
    async current() {
      await work.catch(() => {});
      return loaded;
    },
    id: () => loaded?.modelId ?? null,
    notice: () => notice,
    refresh() {
      work = work.catch(() => {}).then(load);
      return work;
    },
    async close() {
      await work.catch(() => {});
      await loaded?.classifier.close();
      await encoder?.close();
    },
  };
}
