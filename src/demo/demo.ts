import { createHash } from 'node:crypto';
import type { Config } from '../config.ts';
import { catalogueMark, insertProduct, resetAll, resetArrivals, setCatalogueMark } from '../database/demo.ts';
import { migrate } from '../database/migrate.ts';
import { type Database, openDatabase } from '../database/open.ts';
import { champion } from '../database/registry.ts';
import { routing } from '../database/reports.ts';
import { TaxonError } from '../errors.ts';
import { importLabels } from '../import/labels.ts';
import type { Row } from '../import/read.ts';
import { simulatedModel } from '../llm/pricing.ts';
import { openProviders } from '../llm/providers/open.ts';
import { startSimulator } from '../llm/simulator.ts';
import { log } from '../log.ts';
import { normalise } from '../normalise.ts';
import { startSidecar } from '../sidecar/sidecar.ts';
import { train } from '../train/run.ts';
import { type Catalogue, generateCatalogue } from './catalogue/generate.ts';
import { type DemoReport, reportOf } from './report.ts';

/** No progress for this long means that something hangs: say so instead of waiting for ever. */
const stallMs = 120_000;

async function* labelRows(catalogue: Catalogue): AsyncGenerator<Row> {
  let line = 1;
  for (const { name, path } of catalogue.labelled) yield { line: ++line, name, path, source: null };
}

/** Name key → true path, for the simulated LLM. */
function truthOf(catalogue: Catalogue): Map<string, string[]> {
  return new Map(
    [...catalogue.labelled, ...catalogue.arriving].map(({ name, truth }) => [normalise(name), truth]),
  );
}

/** Memory and model: imported and trained once, kept from run to run while the catalogue stays the same. */
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
  if ((await champion(db)) === null) await train(db, config, { signal });
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
async function arrive(url: string, config: Config, catalogue: Catalogue, signal: AbortSignal): Promise<void> {
  const shop = openDatabase(url, { schema: config.schema, poolSize: 1 }, 'demo shop');
  try {
    for (const [i, { name }] of catalogue.arriving.entries()) {
      signal.throwIfAborted();
      await insertProduct(shop, String(i), name);
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
    await new Promise((resolve) => setTimeout(resolve, 200));
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

export interface RunningDemo {
  report: DemoReport;
  stop(): Promise<void>;
}

/**
 * The demo: invented catalogue, real PostgreSQL, real encoder and model, a simulated LLM on a local port.
 *
 * @param url       the demo's own database
 * @param signal    ends it early; what was encoded so far stays
 * @param catalogue whose labels are imported and whose names arrive
 * @returns the report, with sidecar and simulator still running until `stop`
 */
export async function runDemo(
  url: string,
  config: Config,
  signal: AbortSignal,
  catalogue: Catalogue = generateCatalogue(),
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
    const sidecar = await startSidecar(url, { ...config, retrain: false }, providers);
    closers.push(() => sidecar.stop());

    log.info('a shop inserts new names', { names: catalogue.arriving.length });
    const hide = showRouting(db);
    try {
      await arrive(url, config, catalogue, signal);
      await untilSettled(db, signal);
    } finally {
      hide();
    }
    return { report: await reportOf(db, catalogue, (Date.now() - started) / 1000), stop };
  } catch (error) {
    await stop();
    throw error;
  }
}
