import type { Config } from '../../config.ts';
import type { Database } from '../../database/connection/open.ts';
import {
  type Champion,
  modelFiles,
  registerEncoder,
  type ServingModel,
  serving,
} from '../../database/registry.ts';
import { messageOf, TaxonError } from '../../errors.ts';
import { log } from '../../log.ts';
import { loadClassifier } from '../../model/bundle.ts';
import type { Encoder } from '../../model/encoder.ts';
import { type Encoders, encoderFor, holdEncoders, otherEncoder } from '../../model/encoders.ts';
import { tryClassifier } from '../../model/trial.ts';
import type { Classifier } from '../../model/types.ts';

/** A model ready to answer. */
export interface LoadedModel extends Champion {
  classifier: Classifier;
  /** By the encoder that it reads; never asked where letters are its only voice. */
  encode(names: readonly string[]): Promise<Float32Array[]>;
}

/** A model that watches live traffic beside the champion, or answers a share of the names. */
interface Challenger {
  model: LoadedModel;
  role: 'shadow' | 'canary';
  /** Share of the names that it answers; 0 in shadow. */
  share: number;
}

/** A model that loads and does not answer would fail every name; the one before it, or the LLM, goes on answering instead. */
async function tryHere(classifier: Classifier, encoder: Encoder | null): Promise<void> {
  try {
    if (encoder !== null && classifier.dimension !== encoder.dimension)
      throw new TaxonError(
        `it reads ${classifier.dimension} dimensions, its encoder has ${encoder.dimension}`,
      );
    await tryClassifier(classifier);
  } catch (error) {
    await classifier.close();
    throw error;
  }
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
 * Keeps the models of the registry loaded that are in use, each with its encoder; close() closes the encoders, too.
 */
export function holdChampion(
  db: Database,
  config: Config,
  encoders: Encoders = holdEncoders(config),
): ChampionHolder {
  let now: Serving = { champion: null, challenger: null };
  /** The champion before, for roll_back_model(): it answers again at once. */
  let before: LoadedModel | null = null;
  const loaded = new Set<LoadedModel>();
  let notice: string | null = null;
  let refused: number | null = null;
  let work: Promise<void> = Promise.resolve();

  const held = (modelId: number): LoadedModel | null =>
    [...loaded].find((model) => model.modelId === modelId) ?? null;

  /** Null: it is of another encoder, which was said. */
  async function load({ modelId, encoderId }: ServingModel): Promise<LoadedModel | null> {
    const known = held(modelId);
    if (known !== null || modelId === refused) return known;
    try {
      const classifier = await loadClassifier(await modelFiles(db, modelId));
      const wanted = classifier.encoder;
      // letters alone open none: that costs seconds, and hundreds of megabytes
      const encoder = wanted === null ? null : await encoders.of(wanted);
      if (wanted !== null && encoder === null) {
        await classifier.close();
        refused = modelId;
        notice = messageOf(await otherEncoder(encoders, `model ${modelId}`, wanted));
        log.warn(notice);
        return null;
      }
      if (encoder !== null) await registerEncoder(db, encoder.identity, encoder.dimension);
      await tryHere(classifier, encoder);
      notice = null;
      log.info('model loaded', { model: modelId, paths: classifier.paths.length });
      const encode = async (names: readonly string[]) =>
        (encoder ?? (await encoderFor(encoders, `model ${modelId}`, classifier))).encode(names);
      const model = { modelId, encoderId, classifier, encode };
      loaded.add(model);
      return model;
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
    const answers = (champion && (await load(champion))) ?? now.champion;
    if (answers !== now.champion) before = now.champion;
    now = { ...now, champion: answers };
    const challenger = beside && (await load(beside));
    now = {
      champion: answers,
      challenger: challenger
        ? { model: challenger, role: beside.role as Challenger['role'], share: beside.share }
        : null,
    };
    drop();
  }

  /** Frees models that are not needed any more. */
  function drop(): void {
    for (const model of loaded) {
      if ([now.champion, before, now.challenger?.model].includes(model)) continue;
      loaded.delete(model);
      // a batch may still be using it; one that is not over by then is interrupted, and decided again
      setTimeout(() => void model.classifier.close(), 15_000).unref();
    }
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
      for (const { classifier } of loaded) await classifier.close();
      await encoders.close();
    },
  };
}
