import type { Config } from '../config.ts';
import type { Database } from '../database/open.ts';
import { modelFiles, registerEncoder, type ServingModel, serving } from '../database/registry.ts';
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

/** A model that watches live traffic beside the champion, or answers a share of the names. */
interface Challenger {
  model: LoadedModel;
  role: 'shadow' | 'canary';
  /** Share of the names that it answers; 0 in shadow. */
  share: number;
}

/** Who answers at one moment. */
interface Serving {
  champion: LoadedModel | null;
  challenger: Challenger | null;
}

export interface ChampionHolder {
  /** The loaded champion; null while there is none. Waits for the first to be loaded, but for no other. */
  current(): Promise<LoadedModel | null>;
  /** The champion and the challenger beside it, as they are at one moment. */
  serving(): Promise<Serving>;
  /** The champion's id, for the heartbeat. */
  id(): number | null;
  /** Why the local layer is silent although there is a champion. */
  notice(): string | null;
  /** Asks the registry; loads what is new while the old goes on answering, and drops what is not needed any more. */
  refresh(): Promise<void>;
  close(): Promise<void>;
}

/**
 * Keeps the models of the registry loaded that are in use. The encoder is opened when the first model needs it, since it costs
 * memory and a second, and stays open.
 */
export function holdChampion(db: Database, config: Config): ChampionHolder {
  let now: Serving = { champion: null, challenger: null };
  let encoder: Encoder | null = null;
  let notice: string | null = null;
  let refused: number | null = null;
  let work: Promise<void> = Promise.resolve();

  const held = (modelId: number): LoadedModel | null =>
    [now.champion, now.challenger?.model].find((model) => model?.modelId === modelId) ?? null;

  /** Null: it is of another encoder, which was said. */
  async function load({ modelId, encoderId: wanted }: ServingModel): Promise<LoadedModel | null> {
    const known = held(modelId);
    if (known !== null || modelId === refused) return known;
    try {
      const classifier = await loadClassifier(await modelFiles(db, modelId));
      encoder ??= await openEncoder(config);
      const encoderId = await registerEncoder(db, encoder.identity, encoder.dimension);
      if (encoderId !== wanted) {
        await classifier.close();
        refused = modelId;
        notice = `model ${modelId} reads embeddings of "${classifier.encoder}", this sidecar encodes with "${encoder.identity}": set TAXON_ENCODER or train again`;
        log.warn(notice);
        return null;
      }
      notice = null;
      log.info('model loaded', { model: modelId, paths: classifier.paths.length });
      return { modelId, encoderId, classifier, encoder };
    } catch (error) {
      notice = `model ${modelId} cannot be loaded: ${messageOf(error)}`;
      throw error;
    }
  }

  async function look(): Promise<void> {
    const wanted = await serving(db);
    const champion = wanted.find(({ role }) => role === 'champion');
    const beside = wanted.find(({ role }) => role !== 'champion');
    // a champion that cannot be loaded leaves the one before answering
    const loaded = (champion && (await load(champion))) ?? now.champion;
    now = { ...now, champion: loaded };
    const challenger = beside && (await load(beside));
    // what is dropped is not closed here: a batch may still be using it; the garbage collector frees it
    now = {
      champion: loaded,
      challenger: challenger
        ? { model: challenger, role: beside.role as Challenger['role'], share: beside.share }
        : null,
    };
  }
  async function first(): Promise<void> {
    if (now.champion === null) await work.catch(() => {});
  }
  return {
    async current() {
      await first();
      return now.champion;
    },
    async serving() {
      await first();
      return now;
    },
    id: () => now.champion?.modelId ?? null,
    notice: () => notice,
    refresh() {
      work = work.catch(() => {}).then(look);
      return work;
    },
    async close() {
      await work.catch(() => {});
      await now.champion?.classifier.close();
      await now.challenger?.model.classifier.close();
      await encoder?.close();
    },
  };
}
