import type { Database } from '../../database/connection/open.ts';
import {
  giveBack,
  type LocalResult,
  noteShadow,
  settleFromMemory,
  settleLocal,
} from '../../database/queue.ts';
import { messageOf } from '../../errors.ts';
import { log } from '../../log.ts';
import { marginOf } from '../../model/decode.ts';
import { deepest } from '../../model/tree.ts';
import type { Answer } from '../../model/types.ts';
import { isInfrastructure, isTakenBack } from '../errors.ts';
import { unwatched, type Watch } from '../watch.ts';
import type { ChampionHolder, LoadedModel } from './champion.ts';
import { embeddingsBy, predict, type Said } from './predict.ts';

/** A candidate less likely than this never pays for its line, of about 10 tokens, in a batch of 20. */
const leastProbability = 0.0005;

/** So often a batch is decided again because its model was taken back meanwhile. */
const mostTakenBack = 3;

/** What the local stage works with. */
export interface LocalStage {
  db: Database;
  worker: string;
  champion: ChampionHolder;
  /** Called when a challenger has seen more names. */
  onWatched(): Promise<void>;
  watch?: Watch;
}

/** The categories that the LLM should choose from, best first, and how likely each is. */
export function shortlistOf(prediction: Answer): { shortlist: number[]; probabilities: number[] } {
  const likely = prediction.candidates.filter(
    ({ probability }, i) => i === 0 || probability >= leastProbability,
  );
  return {
    shortlist: likely.map(({ path }) => deepest(path)),
    probabilities: likely.map(({ probability }) => probability),
  };
}

/** Half of the votes of near labels: then the answer is likely one that the model does not know. */
const mostBeyond = 0.5;

/** What a model says of a name, as it is decided in SQL. */
export function resultOf(nameKey: string, prediction: Said): LocalResult {
  const { nearest, unknown, voices, beyond = [] } = prediction;
  const share = beyond.reduce((sum, each) => sum + each.share, 0);
  const { shortlist, probabilities } = shortlistOf(prediction);
  const listed = [
    ...beyond.map(({ categoryId, share }) => [categoryId, share] as const),
    ...shortlist.map((id, i) => [id, (probabilities[i] ?? 0) * (1 - share)] as const),
  ].sort((a, b) => b[1] - a[1]);
  return {
    nameKey,
    categoryId: share < mostBeyond ? deepest(prediction.path) : null,
    confidence: prediction.confidence,
    shortlist: listed.map(([id]) => id),
    probabilities: listed.map(([, likely]) => likely),
    evidence: { margin: marginOf(prediction), nearest, unknown, voices },
  };
}

/** What a model says of names, ready to be settled; `find` gives those embeddings of its encoder that are known. */
async function ask(
  db: Database,
  model: LoadedModel,
  keys: readonly string[],
  find?: () => Promise<ReadonlyMap<string, Float32Array>>,
): Promise<LocalResult[]> {
  const answers = await predict(db, model, keys, embeddingsBy(db, model, { save: true, find }));
  return keys.map((key, i) => resultOf(key, answers[i] as Said));
}

/** Lets a challenger say what it would; nothing that goes wrong here is the names' business. */
async function watch(db: Database, model: LoadedModel, keys: readonly string[]): Promise<void> {
  try {
    await noteShadow(db, model.modelId, await ask(db, model, keys));
  } catch (error) {
    log.warn('the challenger could not be asked', { model: model.modelId, error: messageOf(error) });
  }
}

/** @param byModel false: nobody here may answer, so what layers 1 and 2 leave goes on to the LLM */
async function attempt(stage: LocalStage, names: readonly string[], byModel: boolean): Promise<number> {
  const { db, worker, watch: told = unwatched } = stage;
  const settle = async (modelId: number | null, results: LocalResult[]) => {
    const { answered, passed_on } = await settleLocal(db, worker, modelId, results);
    told.decided('local', answered);
    told.decided('passed_on', passed_on);
    return passed_on;
  };
  const { champion, challenger } = byModel
    ? await stage.champion.serving()
    : { champion: null, challenger: null };
  const misses = await settleFromMemory(
    db,
    worker,
    names,
    champion?.encoderId ?? null,
    challenger?.share ?? 0,
  );
  // at the end: of a batch that fails and is halved, what memory had answered is no miss of its halves
  const done = (passedOn: number) => {
    told.decided('memory', names.length - misses.length);
    return passedOn;
  };
  if (misses.length === 0) return done(0);
  if (champion === null) {
    const none = misses.map((miss) => ({
      nameKey: miss.nameKey,
      categoryId: null,
      confidence: null,
      shortlist: null,
      probabilities: null,
      evidence: null,
    }));
    return done(await settle(null, none));
  }
  const known = new Map(
    misses.flatMap(({ nameKey, embedding }) => (embedding ? [[nameKey, embedding]] : [])),
  );
  const toCanary = misses.filter(({ canary }) => canary).map(({ nameKey }) => nameKey);
  const own = misses.filter(({ canary }) => !canary).map(({ nameKey }) => nameKey);
  const settled = async (model: LoadedModel, some: readonly string[], find?: Parameters<typeof ask>[3]) =>
    some.length === 0 ? 0 : settle(model.modelId, await ask(db, model, some, find));
  let passedOn = await settled(champion, own, async () => known);
  if (challenger !== null) {
    const { model, role } = challenger;
    passedOn += await settled(model, toCanary);
    if (role === 'shadow') await watch(db, model, own);
    await stage.onWatched();
  }
  return done(passedOn);
}

/**
 * Takes claimed names through layers 1 to 3. A batch that fails is halved until the name that breaks it stands alone;
 * that one is given back with its error (and becomes a dead letter in the end), the others are done.
 *
 * @returns how many names went on to the LLM stage
 * @throws what `isInfrastructure` says is not the names' fault; the leases then stand until they are given back
 */
export async function decideLocally(
  stage: LocalStage,
  names: readonly string[],
  takenBack = 0,
): Promise<number> {
  try {
    return await attempt(stage, names, takenBack < mostTakenBack);
  } catch (error) {
    if (isTakenBack(error)) {
      await stage.champion.refresh();
      // the names are still leased: whoever answers now decides them, in the end nobody, where that one cannot be loaded here
      return decideLocally(stage, names, takenBack + 1);
    }
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
