import { neighboursOf } from '../database/memory.ts';
import type { Database } from '../database/open.ts';
import {
  type CacheMiss,
  giveBack,
  type LocalResult,
  saveEmbeddings,
  settleFromMemory,
  settleLocal,
} from '../database/queue.ts';
import { mayClear, thresholdsInForce } from '../database/reports.ts';
import { messageOf } from '../errors.ts';
import { log } from '../log.ts';
import { deepest } from '../model/tree.ts';
import type { Prediction } from '../model/types.ts';
import type { ChampionHolder, LoadedModel } from './champion.ts';
import { EncodeError, isInfrastructure } from './errors.ts';

/** Candidates that go into the LLM's shortlist at most: a batch of one branch shares most of them. */
const shortlistLength = 12;
/** Candidates are taken until they cover this much of the probability. */
const shortlistCover = 0.98;

/** What the local stage works with. */
export interface LocalStage {
  db: Database;
  worker: string;
  champion: ChampionHolder;
}

/** Encodes the misses that have no embedding yet and stores the vectors; returns one for each miss. */
async function embed(
  stage: LocalStage,
  model: LoadedModel,
  misses: readonly CacheMiss[],
): Promise<Float32Array[]> {
  const fresh = misses.filter((miss) => miss.embedding === null).map((miss) => miss.nameKey);
  if (fresh.length === 0) return misses.map((miss) => miss.embedding as Float32Array);
  const vectors = await model.encoder.encode(fresh).catch((error) => {
    throw new EncodeError(error);
  });
  await saveEmbeddings(stage.db, model.encoderId, fresh, vectors);
  const byName = new Map(fresh.map((name, i) => [name, vectors[i]]));
  return misses.map((miss) => miss.embedding ?? (byName.get(miss.nameKey) as Float32Array));
}

/** The category ids that the LLM should choose from, best first. */
export function shortlistOf(prediction: Prediction): number[] {
  const ids: number[] = [];
  let covered = 0;
  for (const { path, probability } of prediction.candidates) {
    ids.push(deepest(path));
    covered += probability;
    if (ids.length >= shortlistLength || covered >= shortlistCover) break;
  }
  return ids;
}

function resultOf(nameKey: string, prediction: Prediction): LocalResult {
  return {
    nameKey,
    categoryId: deepest(prediction.path),
    confidence: prediction.confidence,
    shortlist: shortlistOf(prediction),
  };
}

async function attempt(stage: LocalStage, names: readonly string[]): Promise<number> {
  const { db, worker } = stage;
  const model = await stage.champion.current();
  const misses = await settleFromMemory(db, worker, names, model?.encoderId ?? null);
  if (misses.length === 0) return 0;
  if (model === null) {
    const none = misses.map((miss) => ({
      nameKey: miss.nameKey,
      categoryId: null,
      confidence: null,
      shortlist: null,
    }));
    return (await settleLocal(db, worker, null, none)).passed_on;
  }
  const predictions = await predict(stage, model, misses);
  const results = misses.map((miss, i) => resultOf(miss.nameKey, predictions[i] as Prediction));
  return (await settleLocal(db, worker, model.modelId, results)).passed_on;
}

/** Letters first: only names that they do not settle are encoded and compared with memory. */
async function predict(
  stage: LocalStage,
  model: LoadedModel,
  misses: readonly CacheMiss[],
): Promise<Prediction[]> {
  const { classifier } = model;
  const thresholds = await thresholdsInForce(stage.db);
  const predictions = classifier
    .readLetters(misses.map(({ nameKey }) => nameKey))
    .map((said) => (said !== null && mayClear(said, thresholds) ? said : null));
  const open = misses.filter((_, i) => predictions[i] === null);
  const embeddings = await embed(stage, model, open);
  const near = await neighboursOf(
    stage.db,
    model.encoderId,
    open.map(({ nameKey }) => nameKey),
    classifier.neighbours,
  );
  const views = open.map(({ nameKey }, i) => ({
    nameKey,
    embedding: embeddings[i] as Float32Array,
    neighbours: near.get(nameKey) ?? [],
  }));
  const joined = await classifier.predict(views).catch((error) => {
    throw new EncodeError(error);
  });
  let next = 0;
  return predictions.map((said) => said ?? (joined[next++] as Prediction));
}

/**
 * Takes claimed names through layers 1 to 3. A batch that fails is halved until the name that breaks it stands alone;
 * that one is given back with its error (and becomes a dead letter in the end), the others are done.
 *
 * @returns how many names went on to the LLM stage
 * @throws what `isInfrastructure` says is not the names' fault; the leases then stand until they are given back
 */
export async function decideLocally(stage: LocalStage, names: readonly string[]): Promise<number> {
  try {
    return await attempt(stage, names);
  } catch (error) {
    if (isInfrastructure(error)) throw error;
    if (names.length === 1) {
      log.warn('a name failed', { name: names[0]?.slice(0, 80), error: messageOf(error) });
      await giveBack(stage.db, stage.worker, 'local', names, {
        error: messageOf(error),
        counts: true,
        waitMs: 1000,
      });
      return 0;
    }
    const half = Math.ceil(names.length / 2);
    const first = await decideLocally(stage, names.slice(0, half));
    return first + (await decideLocally(stage, names.slice(half)));
  }
}
