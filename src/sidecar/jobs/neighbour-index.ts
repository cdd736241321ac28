import type { Config } from '../../config.ts';
import type { Database } from '../../database/connection/open.ts';
import { alone } from '../../database/jobs.ts';
import { embeddingsOf, type HowFound, neighboursOf } from '../../database/memory.ts';
import {
  comparedNames,
  type IndexWork,
  indexProgress,
  indexWork,
  makeIndex,
  ownsEmbeddings,
  saveIndexComparison,
} from '../../database/neighbour-index.ts';
import { messageOf } from '../../errors.ts';
import { log } from '../../log.ts';
import { deepest } from '../../model/tree.ts';
import { duration } from '../../progress.ts';
import type { ChampionHolder, LoadedModel } from '../local/champion.ts';
import type { Job } from './jobs.ts';

/** Cosines of one pair, computed by a scan and by an index, differ in their last bits. */
const alike = 1e-6;

/** Between two builds by one sidecar: where one fails, or goes on elsewhere, so may the next. */
const pause = 600_000;

/** Asks a model about the same names with exact neighbours and with the index's, and keeps what differs. */
async function compare(db: Database, model: LoadedModel, work: IndexWork): Promise<void> {
  const { classifier } = model;
  const encoderId = work.encoder_id;
  const all = await comparedNames(db, encoderId);
  const letters = await classifier.readManyLetters(all);
  const names = all.filter((_, i) => letters[i] === null);
  const vectors = await embeddingsOf(db, encoderId, classifier.dimension, names);
  const k = classifier.neighbours;
  const ask = async (how: HowFound) => {
    const near = await neighboursOf(db, encoderId, names, k, null, how);
    const views = names.map((nameKey) => ({
      nameKey,
      embedding: vectors.get(nameKey) as Float32Array,
      neighbours: near.get(nameKey) ?? [],
    }));
    return { views, answers: await classifier.predict(views) };
  };
  const [exact, index] = [await ask('exact'), await ask('hnsw')];
  let [found, wanted] = [0, 0];
  for (const [i, { neighbours }] of exact.views.entries()) {
    const farthest = (neighbours.at(-1)?.cosine ?? 1) - alike;
    wanted += neighbours.length;
    found += index.views[i]?.neighbours.filter(({ cosine }) => cosine >= farthest).length ?? 0;
  }
  const said = ({ answers }: typeof exact, i: number) => {
    const { path, confidence } = answers[i] as (typeof answers)[number];
    return { category_id: deepest(path), confidence };
  };
  const { passed, ...facts } = await saveIndexComparison(
    db,
    work,
    wanted === 0 ? 1 : found / wanted,
    names.map((_, i) => ({ exact: said(exact, i), index: said(index, i) })),
  );
  if (passed) log.info('neighbours are found by the index from now on', { ...facts });
  else log.warn('neighbours stay exact: by the index other names would be answered', { ...facts });
}

/** The loaded model that an index is compared with. */
async function loaded(champion: ChampionHolder, { model_id }: IndexWork): Promise<LoadedModel | null> {
  const serving = await champion.serving();
  const models = [serving.champion, serving.challenger?.model ?? null];
  return models.find((model) => model?.modelId === model_id) ?? null;
}

/**
 * Each minute: makes the index of neighbours that is due, if this sidecar's login may, and says how far it is; compares one
 * that is made. Both go on beside the other jobs. A build that is under way outlives its sidecar: the server ends it.
 */
export function neighbourIndexJob(
  config: Config,
  url: string,
  champion: ChampionHolder,
  stopping: AbortSignal,
): Job {
  let busy: number | null = null;
  let next = 0;

  async function build(work: IndexWork): Promise<void> {
    const started = performance.now();
    const made = await makeIndex(config.directDatabaseUrl ?? url, config.schema, work.encoder_id, stopping);
    const seconds = Math.round((performance.now() - started) / 1000);
    if (made) log.info('the index of neighbours is made', { encoder: work.encoder_id, seconds });
  }
  return {
    name: 'neighbour index',
    when: '* * * * *',
    async run(db) {
      if (busy !== null) {
        const at = await indexProgress(db, busy);
        if (at === null) return;
        const percent = at.share === null ? {} : { percent: Math.round(100 * at.share) };
        const left = at.secondsLeft === null ? {} : { left: duration(at.secondsLeft) };
        log.info('the index of neighbours is being made', { phase: at.phase, ...percent, ...left });
        return;
      }
      const [work] = await indexWork(db);
      if (work === undefined || (work.task === 'build' && Date.now() < next)) return;
      const model = work.task === 'compare' ? await loaded(champion, work) : null;
      if (work.task === 'build' && !(await ownsEmbeddings(db))) return;
      if (work.task === 'compare' && model === null) return;
      busy = work.encoder_id;
      next = Date.now() + pause;
      const doing =
        model === null ? build(work) : alone(db, 'compare neighbours', () => compare(db, model, work));
      doing
        .catch((error) => {
          if (!stopping.aborted)
            log.warn('the index of neighbours failed', { task: work.task, error: messageOf(error) });
        })
        .finally(() => {
          busy = null;
        });
    },
  };
}
