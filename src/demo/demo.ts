import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Config } from '../config.ts';
import { requestRetrain } from '../database/autopilot.ts';
import { migrate } from '../database/connection/migrate.ts';
import { type Database, openDatabase } from '../database/connection/open.ts';
import {
  catalogueMark,
  championAnswers,
  championIsMeasured,
  insertProduct,
  latestTraining,
  resetAll,
  resetArrivals,
  setCatalogueMark,
} from '../database/demo.ts';
import { champion } from '../database/registry.ts';
import { routing } from '../database/reports.ts';
import { TaxonError } from '../errors.ts';
import { importLabels } from '../import/labels.ts';
import type { Row } from '../import/read.ts';
import { simulatedModel } from '../llm/pricing.ts';
import { openProviders } from '../llm/providers/open.ts';
import { log } from '../log.ts';
import { normalise } from '../normalise.ts';
import type { TrainingCommands } from '../sidecar/jobs/autopilot.ts';
import { startSidecar } from '../sidecar/sidecar.ts';
import { startSimulator } from '../simulator/simulator.ts';
import { trainFirst } from '../train/run.ts';
import { type Catalogue, generateCatalogue } from './catalogue/generate.ts';
import { type DemoReport, type Round, reportOf } from './report.ts';

/** No progress for this long means that something hangs: say so instead of waiting for ever. */
const stallMs = 120_000;

async function* labelRows(catalogue: Catalogue): AsyncGenerator<Row> {
  let line = 1;
  for (const { name, path } of catalogue.labelled) yield { line: ++line, name, path, source: null };
}

/** Name key → true path, for the simulated LLM. */
function truthOf(catalogue: Catalogue): Map<string, string[]> {
  return new Map(
    [...catalogue.labelled, ...catalogue.arriving, ...catalogue.later].map(({ name, truth }) => [
      normalise(name),
      truth,
    ]),
  );
}

/** Memory and a first model: imported and trained once, kept from run to run while the catalogue stays the same. */
async function prepare(
  db: Database,
  config: Config,
  catalogue: Catalogue,
  signal: AbortSignal,
): Promise<void> {
  const digest = createHash('sha256').update(JSON.stringify(catalogue.labelled)).digest('hex');
  if ((await catalogueMark(db)) === digest) {
    log.info('resetting the arrivals of the last run; labels, embeddings and model stay');
    await resetArrivals(db);
  } else {
    log.info('importing the demo catalogue (invented names)', { labels: catalogue.labelled.length });
    await resetAll(db);
    await importLabels(db, labelRows(catalogue), { source: 'import', signal });
    await setCatalogueMark(db, digest);
  }
  if ((await champion(db)) === null) {
    await trainFirst(db, config, { signal }, ({ model_id, seconds }) =>
      log.info('the first model, of letters alone, answers', { model: model_id, seconds }),
    );
  }
}

/** Shows the routing as it changes, one line a second. */
function showRouting(db: Database): () => void {
  let last = '';
  const timer = setInterval(() => {
    routing(db)
      .then((rows) => {
        const line = rows
          .filter((row) => row.products > 0)
          .map((row) => `${row.layer} ${row.products}`)
          .join(' · ');
        if (line !== last) log.info(line);
        last = line;
      })
      .catch(() => {});
  }, 1000);
  return () => clearInterval(timer);
}

/** Inserts as an application would: single plain INSERTs on a connection of its own. */
async function arrive(url: string, config: Config, round: Round, signal: AbortSignal): Promise<void> {
  const shop = openDatabase(url, { schema: config.schema, poolSize: 1 }, 'demo shop');
  try {
    for (const [i, { name }] of round.names.entries()) {
      signal.throwIfAborted();
      await insertProduct(shop, `${round.prefix}${i}`, name);
    }
  } finally {
    await shop.close();
  }
}

async function untilSettled(db: Database, signal: AbortSignal): Promise<void> {
  let pending = Number.POSITIVE_INFINITY;
  let since = Date.now();
  while (pending > 0) {
    signal.throwIfAborted();
    await sleep(200);
    const now = (await routing(db)).find((row) => row.layer === 'pending')?.products ?? 0;
    if (now !== pending) since = Date.now();
    pending = now;
    if (Date.now() - since > stallMs) {
      throw new TaxonError(`${pending} names stay pending`, {
        hint: 'See: taxon db psql -c "select * from taxon.health()"',
      });
    }
  }
}

/**
 * Waits until a sidecar has trained the full model and answers with it, saying which step it is in.
 *
 * @param past the newest run that is over: it is another's
 * @returns false: the model did not become the champion
 */
async function untilFull(db: Database, past: number, signal: AbortSignal): Promise<boolean> {
  let last = '';
  for (;;) {
    signal.throwIfAborted();
    if ((await isFull(db)) && (await championAnswers(db))) return true;
    const latest = await latestTraining(db);
    const run = latest !== null && latest.run_id > past ? latest : null;
    if (run !== null && run.state !== 'running' && !(await isFull(db))) {
      log.warn('the full model did not take over', { run: run.state, why: run.error });
      return false;
    }
    const step = run?.step ?? 'begins within a minute';
    if (step !== last) log.info(`the full model: ${step}`);
    last = step;
    await sleep(200);
  }
}

/** Waits until the full model has its report, for `taxon report`. */
async function untilMeasured(db: Database, signal: AbortSignal): Promise<void> {
  const until = Date.now() + stallMs;
  for (let said = false; !(await championIsMeasured(db)) && Date.now() < until; said = true) {
    signal.throwIfAborted();
    if (!said) log.info('the full model: is measured for its report');
    await sleep(200);
  }
}

/** Whether all voices answer, and not letters alone. */
async function isFull(db: Database): Promise<boolean> {
  return ((await champion(db))?.encoderId ?? null) !== null;
}

export interface RunningDemo {
  /** Of the last names that arrived. */
  report: DemoReport;
  stop(): Promise<void>;
}

export interface DemoOptions {
  /** `first`: the first model in hand answers, and that is all; `full`: the full model takes over. */
  wait: 'first' | 'full';
  /** What its sidecar runs to train the full model. */
  training: TrainingCommands;
  /** Whose labels are imported and whose names arrive. */
  catalogue?: Catalogue;
  /** Called with the report of the first model's names when the full one is still to come. */
  onFirst?: (report: DemoReport) => void;
}

/**
 * The demo: invented catalogue, real PostgreSQL, real models, a simulated LLM on a local port. A first model of letters alone
 * answers while the sidecar has the full one trained, which then answers as many names again.
 *
 * @param url    the demo's own database
 * @param signal ends it early; what was encoded so far stays
 * @returns the report, with sidecar and simulator still running until `stop`
 */
export async function runDemo(
  url: string,
  config: Config,
  signal: AbortSignal,
  { wait, training, catalogue = generateCatalogue(), onFirst = () => {} }: DemoOptions,
): Promise<RunningDemo> {
  const started = Date.now();
  await migrate({ url, schema: config.schema });
  const db = openDatabase(url, config, 'taxon demo');
  const closers: (() => Promise<void>)[] = [() => db.close()];
  const stop = async () => {
    for (const close of closers.splice(0).reverse()) await close();
  };
  try {
    await prepare(db, config, catalogue, signal);

    const simulator = await startSimulator({ truth: truthOf(catalogue) });
    closers.push(() => simulator.close());
    log.info(`SIMULATED LLM on ${simulator.url}: it knows the truth and errs on purpose`);
    const simulated = { llmBaseUrl: simulator.url, llmModel: simulatedModel, llmFallback: undefined };
    const providers = await openProviders({ ...config, llmProvider: 'openai', ...simulated }, {});
    const full = await isFull(db);
    const follows = wait === 'full' && !full;
    const latest = await latestTraining(db);
    const past = latest === null || latest.state === 'running' ? 0 : latest.run_id;
    // one that failed is not begun again by itself for hours
    if (follows && past > 0) await requestRetrain(db, 'the full model follows the first one');
    const sidecar = await startSidecar(url, { ...config, retrain: follows }, providers, training);
    closers.push(() => sidecar.stop());

    const play = async (model: Round['model'], names: Round['names'], prefix: string) => {
      const round: Round = { model, names, prefix, since: Date.now() };
      log.info('a shop inserts new names', { names: names.length });
      const hide = showRouting(db);
      try {
        await arrive(url, config, round, signal);
        await untilSettled(db, signal);
      } finally {
        hide();
      }
      return reportOf(db, round, (Date.now() - started) / 1000);
    };
    let report = await play(full ? 'full' : 'letters', catalogue.arriving, '');
    if (follows) {
      onFirst(report);
      if (await untilFull(db, past, signal)) {
        report = await play('full', catalogue.later, 'later ');
        await untilMeasured(db, signal);
      }
    }
    return { report, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}
